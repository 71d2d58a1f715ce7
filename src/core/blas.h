/*
 * blas.h: the only door to BLAS.
 *
 * The core does not link against a BLAS: which library and which of its kernels run is the host's
 * decision (src/openblas.c loads OpenBLAS after choosing the right kernels for the processor; see
 * there why it must be so). The host hands over the address of cblas_sgemm (cblas_dgemm for an
 * HV_DOUBLE core) and the core calls it through hv_gemm.
 */
#ifndef HV_BLAS_H
#define HV_BLAS_H

#include <stdbool.h>

#include "real.h"
#include "status.h"

/* The C interface of BLAS's gemm, as every CBLAS has it (enums are ints, sizes are ints). */
#define HV_CBLAS_TRANSPOSE 112
typedef void (*HvGemmFn)(int order, int transa, int transb, int m, int n, int k, HvReal alpha,
                         const HvReal *a, int lda, const HvReal *b, int ldb, HvReal beta, HvReal *c,
                         int ldc);

typedef struct HvBlas
{
	HvGemmFn gemm;
	bool small; /* whether it multiplies small matrices without copying them first */
} HvBlas;

/* Whether kernels of OpenBLAS of this name (openblas_get_corename) do that; NULL is no name. */
bool hv_blas_has_small(const char *core);

/*
 * c[m×n] = alpha * op(a)[m×k] * op(b)[k×n] + beta * c, all row-major; lda, ldb, ldc are the
 * distances between rows in elements (so a slice of columns of a wider matrix is a valid operand).
 * Sizes are limited to HV_MAX_DIM by whoever makes the matrices; zero sizes are allowed.
 */
void hv_gemm(const HvBlas *blas, bool transa, bool transb, size_t m, size_t n, size_t k,
             HvReal alpha, const HvReal *a, size_t lda, const HvReal *b, size_t ldb, HvReal beta,
             HvReal *c, size_t ldc);

#endif
