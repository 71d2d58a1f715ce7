/*
 * hv_test.h: the harness of the core's unit tests, one program each.
 *
 *     int
 *     main(void)
 *     {
 *         ok(near(sqrt(4), 2, 1e-12), "root of %d", 4);
 *         return done_testing();
 *     }
 *
 * prints "ok 1 - root of 4" and the plan "1..1" (TAP), and returns 1 when something failed.
 * test_arena() and test_blas() are the host's side of the core: memory from malloc, given back by
 * done_testing(), and the gemm of OpenBLAS.
 */
#ifndef HV_TEST_H
#define HV_TEST_H

#include <dlfcn.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "blas.h"
#include "real.h"

#define TEST_UNUSED __attribute__((unused))

static int test_count, test_failures;

/* One line of the report; returns the condition. */
__attribute__((format(printf, 2, 3))) static bool
ok(bool condition, const char *format, ...)
{
	va_list args;

	test_count++;
	if (!condition)
		test_failures++;
	printf("%sok %d - ", condition ? "" : "not ", test_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return condition;
}

/* A remark. */
__attribute__((format(printf, 1, 2))) static TEST_UNUSED void
note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* |a - b| at most tol, relative to the larger of them where that is over 1. NaN is near nothing. */
static TEST_UNUSED bool
near(double a, double b, double tol)
{
	double size = fmax(1, fmax(fabs(a), fabs(b)));
	bool good = a == b || fabs(a - b) <= tol * size;

	if (!good)
		note("%.9g is not near %.9g (off by %.3g)", a, b, fabs(a - b));
	return good;
}

/* ||a - b|| / ||b|| */
static TEST_UNUSED double
relative_error(const HvReal *a, const double *b, size_t n)
{
	double difference = 0, size = 0;

	for (size_t i = 0; i < n; i++)
	{
		difference += (a[i] - b[i]) * (a[i] - b[i]);
		size += b[i] * b[i];
	}
	return size > 0 ? sqrt(difference / size) : sqrt(difference);
}

/* ---- memory ---- */

/* What the host handed out: a list, so that a leak checker finds every chunk still known. */
typedef struct TestChunk
{
	struct TestChunk *next;
	_Alignas(16) char bytes[];
} TestChunk;

static TestChunk *test_chunks;

static TEST_UNUSED void *
test_more(void *ctx, size_t bytes)
{
	TestChunk *chunk = malloc(sizeof(TestChunk) + bytes);

	(void) ctx;
	if (chunk == NULL)
		return NULL;
	/* the core must not count on zeroes */
	memset(chunk->bytes, 0xA5, bytes);
	chunk->next = test_chunks;
	test_chunks = chunk;
	return chunk->bytes;
}

static TEST_UNUSED HvArena
test_arena(void)
{
	HvArena arena;

	hv_arena_init(&arena, test_more, NULL, (size_t) 256 << 20);
	return arena;
}

/* ---- BLAS ---- */

static TEST_UNUSED HvBlas
test_blas(void)
{
	static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libblas.so.3"};
	HvBlas blas = {0};
	void *library = NULL, *symbol = NULL;
	char *(*core_name)(void);

	/* Read when the library is loaded: the products are small, and a test needs no threads. */
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	for (size_t i = 0; library == NULL && i < sizeof(names) / sizeof(names[0]); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (library != NULL)
		symbol = dlsym(library, sizeof(HvReal) == sizeof(double) ? "cblas_dgemm" : "cblas_sgemm");
	if (symbol == NULL)
	{
		printf("Bail out! no OpenBLAS (package libopenblas0): %s\n", dlerror());
		exit(1);
	}
	/* ISO C has no cast from an object's address to a function's. */
	memcpy(&blas.gemm, &symbol, sizeof(symbol));
	symbol = dlsym(library, "openblas_get_corename");
	if (symbol != NULL)
	{
		memcpy(&core_name, &symbol, sizeof(symbol));
		blas.small = hv_blas_has_small(core_name());
	}
	return blas;
}

/* ---- the rest ---- */

static TEST_UNUSED double
test_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int
done_testing(void)
{
	while (test_chunks != NULL)
	{
		TestChunk *next = test_chunks->next;

		free(test_chunks);
		test_chunks = next;
	}
	printf("1..%d\n", test_count);
	return test_failures > 0;
}

#endif
