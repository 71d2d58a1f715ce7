/*
 * layer.h: the fully connected layer, forward and backward.
 *
 * y = x W^T + b, W stored as PyTorch's nn.Linear does: out×in, row-major. Inputs and outputs are
 * row-major with a row distance (ld), so that a layer reads a slice of a wider record without a
 * copy. `add` lets several layers sum into one output: the decoder's first layer is
 * z Wz^T + u Wu^T + b, without ever concatenating z and u.
 */
#ifndef HV_LAYER_H
#define HV_LAYER_H

#include "blas.h"

/* y[n×out] (=, or += when add) x[n×in] W[out×in]^T */
void hv_linear_forward(const HvBlas *blas, HvReal *y, size_t ldy, const HvReal *x, size_t ldx,
                       const HvReal *w, size_t n, size_t in, size_t out, bool add);

/* The same with a slice of a wider W: its rows lie ldw apart. */
void hv_linear_slice(const HvBlas *blas, HvReal *y, size_t ldy, const HvReal *x, size_t ldx,
                     const HvReal *w, size_t ldw, size_t n, size_t in, size_t out, bool add);

/*
 * dW[out×in] (=, or += when add) dy[n×out]^T x[n×in]; and, when dx is not NULL, dx[n×in] =
 * dy[n×out] W[out×in].
 */
void hv_linear_backward(const HvBlas *blas, HvReal *dw, HvReal *dx, size_t lddx, const HvReal *dy,
                        size_t lddy, const HvReal *x, size_t ldx, const HvReal *w, size_t n,
                        size_t in, size_t out, bool add);

#endif
