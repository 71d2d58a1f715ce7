/*
 * regress.h: least squares with standard errors.
 */
#ifndef HV_REGRESS_H
#define HV_REGRESS_H

#include <stddef.h>

#include "status.h"

#define HV_MAX_REGRESSORS 256

/*
 * Fits y[n] = X b + e, X being n×p (a row an observation), e independent with one variance:
 *
 *     b = (X'X)^-1 X'y,   sd_j = sqrt(s2 (X'X)^-1_jj),   s2 = |y - X b|^2 / (n - p)
 *
 * work is room for p × (p + 2) numbers. HV_NO_DATA when n <= p or the columns of X do not determine
 * b; HV_TOO_LARGE when p > HV_MAX_REGRESSORS; HV_DIVERGED when something is not finite.
 */
HvStatus hv_least_squares(size_t n, size_t p, const double *x, const double *y, double *work,
                          double *b, double *sd);

#endif
