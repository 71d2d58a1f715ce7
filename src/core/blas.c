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

#define ROW_MAJOR 101
#define NO_TRANSPOSE 111
#define TRANSPOSE 112

/* c = beta * c: what a product over zero terms leaves. */
static void
scale_rows(HvReal *c, size_t ldc, size_t m, size_t n, HvReal beta)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			c[i * ldc + j] = beta == 0 ? 0 : c[i * ldc + j] * beta;
}

void
hv_gemm(const HvBlas *blas, bool transa, bool transb, size_t m, size_t n, size_t k, HvReal alpha,
        const HvReal *a, size_t lda, const HvReal *b, size_t ldb, HvReal beta, HvReal *c,
        size_t ldc)
{
	/* A CBLAS rejects a row distance of 0, which a matrix without columns has. */
	if (m == 0 || n == 0)
		return;
	if (k == 0)
	{
		scale_rows(c, ldc, m, n, beta);
		return;
	}
	blas->gemm(ROW_MAJOR, transa ? TRANSPOSE : NO_TRANSPOSE, transb ? TRANSPOSE : NO_TRANSPOSE,
	           (int) m, (int) n, (int) k, alpha, a, (int) lda, b, (int) ldb, beta, c, (int) ldc);
}
