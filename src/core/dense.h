/*
 * dense.h: small symmetric matrices in double precision, row-major: Cholesky and what follows.
 *
 * For matrices of a few hundred rows, whose factor decides about an answer and not about the speed of
 * a training; the large products go through blas.h.
 */
#ifndef HV_DENSE_H
#define HV_DENSE_H

#include <stdbool.h>
#include <stddef.h>

/* a = L L^T, in the lower triangle of n×n; false when a is not positive definite. */
bool hv_factorise(double *a, size_t n);

/* x = (L L^T)^-1 x */
void hv_solve(const double *l, size_t n, double *x);

/* L becomes L^-1. */
void hv_invert_factor(double *l, size_t n);

/* Place of element (i, j) of a symmetric matrix whose lower triangle is stored by rows. */
static inline size_t
hv_triangle(size_t i, size_t j)
{
	return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
}

#endif
