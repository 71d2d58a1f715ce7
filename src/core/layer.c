/*
 * layer.c: the fully connected layer y = x W^T (+ what y held), as three matrix products.
 *
 * With G = d loss / d y (n×out): d loss / d W = G^T x (out×in) and d loss / d x = G W (n×in).
 * Example, n = 1, in = 2, out = 1: x = (3, 5), W = (10, 100) gives y = 530; with G = (2) the
 * gradients are dW = (6, 10) and dx = (20, 200). Biases are in elementwise.c (hv_add_bias,
 * hv_sum_rows).
 */
#include "layer.h"

#include "elementwise_few.h"

void
hv_linear_slice(const HvBlas *blas, HvReal *y, size_t ldy, const HvReal *x, size_t ldx,
                const HvReal *w, size_t ldw, size_t n, size_t in, size_t out, bool add)
{
	if (n <= HV_FEW_ROWS)
		hv_few_forward(y, ldy, x, ldx, w, ldw, n, in, out, add);
	else
		hv_gemm(blas, false, true, n, out, in, 1, x, ldx, w, ldw, add ? 1 : 0, y, ldy);
}

void
hv_linear_forward(const HvBlas *blas, HvReal *y, size_t ldy, const HvReal *x, size_t ldx,
                  const HvReal *w, size_t n, size_t in, size_t out, bool add)
{
	hv_linear_slice(blas, y, ldy, x, ldx, w, in, n, in, out, add);
}

void
hv_linear_backward(const HvBlas *blas, HvReal *dw, HvReal *dx, size_t lddx, const HvReal *dy,
                   size_t lddy, const HvReal *x, size_t ldx, const HvReal *w, size_t n, size_t in,
                   size_t out, bool add)
{
	hv_gemm(blas, true, false, out, in, n, 1, dy, lddy, x, ldx, add ? 1 : 0, dw, in);
	if (dx != NULL)
		hv_gemm(blas, false, false, n, in, out, 1, dy, lddy, w, in, 0, dx, lddx);
}
