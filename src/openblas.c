/*
 * openblas.c: loads OpenBLAS, lazily, with the right kernels and without threads.
 *
 * Why not simply link against it:
 *
 * - Kernels. OpenBLAS chooses them when it is loaded, by a list of processors it knows. On a newer
 *   one it silently falls back to SSE kernels, a fifth of the speed (measured with 0.3.21 on an
 *   Emerald Rapids Xeon). OPENBLAS_CORETYPE overrides the choice, but is read at load time only. So
 *   we look at what the processor can do, set the variable around the load, and put the environment
 *   back. Whoever has set the variable in the server's environment is obeyed.
 * - Threads. The threaded build starts a thread for each processor in its constructor. A backend
 *   must have none: PostgreSQL's signal handlers would run on them. OPENBLAS_NUM_THREADS=1 around
 *   the load prevents it; signals are blocked meanwhile, so that a thread that should start all
 *   the same inherits a mask which keeps them off it.
 * - A session that only reads the registry's views should not pay for 36 MB of library.
 */
#include "hadvice.h"

#include "openblas.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>

#define OPENBLAS_FILE "libopenblas.so.0"

typedef char *(*TextFn)(void);
typedef void (*SetThreadsFn)(int);

static void first_gemm(int order, int transa, int transb, int m, int n, int k, HvReal alpha,
                       const HvReal *a, int lda, const HvReal *b, int ldb, HvReal beta, HvReal *c,
                       int ldc);

static HvBlas blas = {.gemm = first_gemm}; /* until loaded */
static TextFn config_fn;
static TextFn core_fn;

/* The kernels to ask for, or NULL to leave the choice to OpenBLAS. */
static const char *
wanted_core(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
	/*
	 * Measured with 0.3.21 on a Zen 5, training's products, all right to rounding, GFLOP/s a core:
	 * SkylakeX 140-183, Cooperlake 136-163, Haswell 73-97, Zen 72-95, Sandybridge 65-81,
	 * Prescott 21-34. Left alone it takes Cooperlake there.
	 *
	 * These include the operating system's support for the registers (XCR0).
	 */
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return "SkylakeX";
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !__builtin_cpu_is("amd"))
		return "Haswell";
#endif
	return NULL;
}

/* Sets a variable unless value is NULL; returns what it was (palloc'ed) for restore_env. */
static char *
swap_env(const char *name, const char *value)
{
	const char *old = getenv(name);
	char *saved = old != NULL ? pstrdup(old) : NULL;

	if (value != NULL)
		setenv(name, value, 1);
	return saved;
}

static void
restore_env(const char *name, const char *saved)
{
	if (saved != NULL)
		setenv(name, saved, 1);
	else
		unsetenv(name);
}

static void *
open_library(void)
{
	char *core = swap_env("OPENBLAS_CORETYPE", NULL);
	char *threads = swap_env("OPENBLAS_NUM_THREADS", "1");
	sigset_t all, before;
	void *library;

	if (core == NULL)
		(void) swap_env("OPENBLAS_CORETYPE", wanted_core());
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	library = dlopen(OPENBLAS_FILE, RTLD_NOW | RTLD_LOCAL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	restore_env("OPENBLAS_CORETYPE", core);
	restore_env("OPENBLAS_NUM_THREADS", threads);
	return library;
}

static void
load(void)
{
	void *library = open_library();
	SetThreadsFn set_threads;
	HvGemmFn gemm;

	if (library == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FILE),
		        errmsg("could not load OpenBLAS: %s", dlerror()),
		        errhint("Install it on the server, on Debian and Ubuntu: "
		                "apt-get install libopenblas0-serial"));

	gemm = (HvGemmFn) dlsym(library, "cblas_sgemm");
	if (gemm == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
		        errmsg("%s has no cblas_sgemm", OPENBLAS_FILE),
		        errhint("Install a build of OpenBLAS with its C interface."));
	config_fn = (TextFn) dlsym(library, "openblas_get_config");
	core_fn = (TextFn) dlsym(library, "openblas_get_corename");

	/* The library may have been in the process before us, with threads. */
	set_threads = (SetThreadsFn) dlsym(library, "openblas_set_num_threads");
	if (set_threads != NULL)
		set_threads(1);
	blas.gemm = gemm;
	blas.small = hv_blas_has_small(core_fn != NULL ? core_fn() : NULL);
}

/* Stands in for the library's gemm until somebody needs one; order is row-major, as in hv_gemm. */
static void
first_gemm(int order, int transa, int transb, int m, int n, int k, HvReal alpha, const HvReal *a,
           int lda, const HvReal *b, int ldb, HvReal beta, HvReal *c, int ldc)
{
	load();
	/* as every later product of the same sizes will be done: blas.small is known only now */
	hv_gemm(&blas, transa == HV_CBLAS_TRANSPOSE, transb == HV_CBLAS_TRANSPOSE, m, n, k, alpha, a,
	        lda, b, ldb, beta, c, ldc);
}

const HvBlas *
hv_openblas(void)
{
	if (blas.gemm == first_gemm)
		load();
	return &blas;
}

const HvBlas *
hv_openblas_later(void)
{
	return &blas;
}

const char *
hv_openblas_config(void)
{
	(void) hv_openblas();
	return config_fn != NULL ? config_fn() : "unknown";
}

const char *
hv_openblas_core(void)
{
	(void) hv_openblas();
	return core_fn != NULL ? core_fn() : "unknown";
}
