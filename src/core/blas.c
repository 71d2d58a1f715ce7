/*
 * blas.c: matrix products, all of them through one function pointer.
 *
 * Owns the numbers that CBLAS gives to "row-major" and "transposed" (they are part of its ABI, so
 * no header of a BLAS is needed), and the sizes that a BLAS should not see. Example: the layer
 * y[32×16] = x[32×10] W[16×10]^T is
 *
 *     hv_gemm(blas, false, true, 32, 16, 10, 1, x, 10, w, 10, 0, y, 16)
 */
#include "blas.h"
#include "transpose.h"

#include <string.h>

#define ROW_MAJOR 101
#define NO_TRANSPOSE 111

/* c = beta * c: what a product over zero terms leaves. */
static void
scale_rows(HvReal *c, size_t ldc, size_t m, size_t n, HvReal beta)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			c[i * ldc + j] = beta == 0 ? 0 : c[i * ldc + j] * beta;
}

static inline size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * OpenBLAS multiplies m·n·k <= 10^6 straight from the operands where it has kernels for that; beyond
 * it copies both of them first, which at the sizes of our layers costs a fifth of the time. Tiles of
 * this size stay below. Measured with SkylakeX's kernels, 128×128×256: 255 GFLOP/s in tiles, 218 in
 * one. Not with rows a page apart, which without a copy miss the caches (a hidden layer of 1024: 0.8).
 */
#define SMALL_PRODUCT 1e6
#define TILE_M ((size_t) 96)
#define TILE_N ((size_t) 32)
#define TILE_K ((size_t) 256)
#define PAGE_ROW ((size_t) 1024)

static bool
better_in_tiles(const HvBlas *blas, size_t m, size_t n, size_t k, size_t lda, size_t ldb)
{
	return blas->small && lda < PAGE_ROW && ldb < PAGE_ROW &&
	       (double) m * (double) n * (double) k > SMALL_PRODUCT;
}

/*
 * The same kernels are slow where b is transposed, at any size: 100-185 GFLOP/s, or 200 with copies.
 * Turning its tiles around first makes that 185-250, from some rows of a on.
 */
static bool
better_turned(const HvBlas *blas, size_t m, size_t k, size_t lda, size_t ldb)
{
	return blas->small && m >= 32 && k > 16 && lda < PAGE_ROW && ldb < PAGE_ROW / 2;
}

bool
hv_blas_has_small(const char *core)
{
	static const char *const cores[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};

	for (size_t i = 0; core != NULL && i < sizeof(cores) / sizeof(cores[0]); i++)
		if (strcmp(core, cores[i]) == 0)
			return true;
	return false;
}

void
hv_gemm(const HvBlas *blas, bool transa, bool transb, size_t m, size_t n, size_t k, HvReal alpha,
        const HvReal *a, size_t lda, const HvReal *b, size_t ldb, HvReal beta, HvReal *c,
        size_t ldc)
{
	bool turn = transb && better_turned(blas, m, k, lda, ldb);
	bool tiles = turn || (!transb && better_in_tiles(blas, m, n, k, lda, ldb));
	size_t tm = tiles ? TILE_M : m, tn = tiles ? TILE_N : n, tk = tiles ? TILE_K : k;
	HvReal turned[TILE_K * TILE_N];

	/* A CBLAS rejects a row distance of 0, which a matrix without columns has. */
	if (m == 0 || n == 0)
		return;
	if (k == 0)
	{
		scale_rows(c, ldc, m, n, beta);
		return;
	}
	for (size_t p = 0; p < k; p += tk)
		for (size_t j = 0; j < n; j += tn)
		{
			size_t few = least(tk, k - p), columns = least(tn, n - j), ld = turn ? TILE_N : ldb;
			const HvReal *tile = transb ? b + j * ldb + p : b + p * ldb + j;

			if (turn)
			{
				hv_transpose(turned, TILE_N, tile, ldb, columns, few);
				tile = turned;
			}
			for (size_t i = 0; i < m; i += tm)
				blas->gemm(ROW_MAJOR, transa ? HV_CBLAS_TRANSPOSE : NO_TRANSPOSE,
				           transb && !turn ? HV_CBLAS_TRANSPOSE : NO_TRANSPOSE,
				           (int) least(tm, m - i), (int) columns, (int) few, alpha,
				           transa ? a + p * lda + i : a + i * lda + p, (int) lda, tile, (int) ld,
				           p > 0 ? 1 : beta, c + i * ldc + j, (int) ldc);
		}
}
