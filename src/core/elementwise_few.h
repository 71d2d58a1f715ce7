/*
 * elementwise_few.h: y = x W^T for a few rows, as they come when a model is used row by row.
 */
#ifndef HV_ELEMENTWISE_FEW_H
#define HV_ELEMENTWISE_FEW_H

#include "real.h"
#include "status.h"

/* Up to so many rows this is faster than a BLAS, measured from 32 to 512 columns. */
#define HV_FEW_ROWS 8

/* y[n×out] (=, or += when add) x[n×in] W[out×in]^T, as hv_linear_slice */
void hv_few_forward(HvReal *y, size_t ldy, const HvReal *x, size_t ldx, const HvReal *w, size_t ldw,
                    size_t n, size_t in, size_t out, int add);

#endif
