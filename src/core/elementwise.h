/*
 * elementwise.h: loops over plain arrays, written so that the compiler vectorises them.
 *
 * This is the one file compiled with -ffast-math (DESIGN, "Facts found beforehand": gcc calls
 * libmvec only then). Nothing here may test for NaN or infinity; callers do.
 */
#ifndef HV_ELEMENTWISE_H
#define HV_ELEMENTWISE_H

#include "real.h"
#include "status.h"

/* y[i] = max(y[i], 0) */
void hv_relu(HvReal *y, size_t n);

/*
 * The backward pass of y = max(x + b, 0), packed n×width, given y:
 * d[r][j] = y[r][j] > 0 ? d[r][j] : 0, and db[j] += the sum of that over the rows.
 */
void hv_relu_backward(HvReal *d, const HvReal *y, HvReal *db, size_t n, size_t width);

/* y[i] = 1 / (1 + exp(-x[i])); y[i] = exp(x[i]); y[i] = log(1 + exp(x[i])) without overflow */
void hv_sigmoid(HvReal *y, const HvReal *x, size_t n);
void hv_exp(HvReal *y, const HvReal *x, size_t n);
void hv_softplus(HvReal *y, const HvReal *x, size_t n);

/* y[r][j] += bias[j], and with relu: y = max(y, 0), for n rows of `width` at distance ldy */
void hv_add_bias(HvReal *y, size_t ldy, const HvReal *bias, size_t n, size_t width, int relu);

/* db[j] += sum over rows of d[r][j] */
void hv_sum_rows(HvReal *db, const HvReal *d, size_t ldd, size_t n, size_t width);

/* sum[r] += sum over the row of x[r][j], packed rows */
void hv_add_row_sums(HvReal *sum, const HvReal *x, size_t n, size_t width);

/* Sum of squares. */
double hv_sum_squares(const HvReal *x, size_t n);

/* x[i] = 0 where w[i] is 0 */
void hv_clear_unweighted(HvReal *x, const HvReal *w, size_t n);

/*
 * Packed cells of a likelihood (likelihood.h): x targets, o decoder outputs, w weights. A loss is
 * w * -log p; a slope is the same loss and its derivatives: d to o, d_s to the column's log-variance s.
 */
void hv_bernoulli_loss(HvReal *loss, const HvReal *x, const HvReal *o, const HvReal *w, size_t n);
void hv_bernoulli_slope(HvReal *loss, HvReal *d, const HvReal *x, const HvReal *o, const HvReal *w,
                        size_t n);
void hv_gaussian_loss(HvReal *loss, const HvReal *x, const HvReal *o, const HvReal *w,
                      const HvReal *s, const HvReal *precision, size_t n);
void hv_gaussian_slope(HvReal *loss, HvReal *d, HvReal *d_s, const HvReal *x, const HvReal *o,
                       const HvReal *w, const HvReal *s, const HvReal *precision, size_t n);

/*
 * Ordered levels between two thresholds, th[k-1] = low and th[k] = high (HV_FAR where there is
 * none): loss = w * (softplus(o - high) + softplus(low - o)), without the part of the scales;
 * up = w * sigmoid(o - high), down = w * sigmoid(low - o), and the slope is up - down.
 */
#define HV_FAR ((HvReal) 1e6)
void hv_ordinal_loss(HvReal *loss, const HvReal *o, const HvReal *low, const HvReal *high,
                     const HvReal *w, size_t n);
void hv_ordinal_slope(HvReal *loss, HvReal *up, HvReal *down, const HvReal *o, const HvReal *low,
                      const HvReal *high, const HvReal *w, size_t n);

/* count[i] = the whole number next to exp(x * scale + center) - 1, from 0 to e^40 */
void hv_decode_counts(double *count, const HvReal *x, double scale, double center, size_t n);

/*
 * Negative binomial counts with log size s: loss = w * (constant + r softplus(o - s) +
 * count softplus(s - o)); d = r sigmoid(o - s) - count sigmoid(s - o); and
 * d_s = r * (softplus(o - s) - rise) - d. `constant` and `rise` depend on the count alone.
 */
void hv_count_loss(HvReal *loss, const double *count, const double *constant, const HvReal *o,
                   const HvReal *w, double s, double r, size_t n);
void hv_count_slope(HvReal *loss, HvReal *d, HvReal *d_s, const double *count,
                    const double *constant, const double *rise, const HvReal *o, const HvReal *w,
                    double s, double r, size_t n);

/*
 * The reparametrisation of a diagonal Gaussian posterior: code = [mu | logvar] (n rows of 2*latent),
 * logvar clamped to [HV_LOGVAR_MIN, HV_LOGVAR_MAX] in place; z = mu + exp(logvar/2) * noise;
 * kl[r] = 1/2 sum(mu^2 + exp(logvar) - 1 - logvar), added to.
 */
#define HV_LOGVAR_MIN (-8)
#define HV_LOGVAR_MAX 6
void hv_reparametrise(HvReal *code, const HvReal *noise, HvReal *z, HvReal *kl, size_t n,
                      size_t latent);

/*
 * Its backward pass: d_code[r] = the gradient of (loss + weight[r] * beta * kl[r]) with respect to
 * code, given dz = d loss / d z. A logvar at a clamp gets no gradient. weight NULL means 1.
 */
void hv_reparametrise_backward(HvReal *d_code, const HvReal *code, const HvReal *noise,
                               const HvReal *dz, const HvReal *weight, HvReal beta, size_t n,
                               size_t latent);

/*
 * HV_RANDOM_GROUP uniform or normal numbers (rng.h), of the Philox blocks from `block` on: number i
 * is of block i / 4, lane i % 4.
 */
#define HV_RANDOM_GROUP 128
void hv_uniform_group(uint64_t key, uint64_t stream, uint64_t block, HvReal *out);
void hv_normal_group(uint64_t key, uint64_t stream, uint64_t block, HvReal *out);

/* One AdamW step over a flat vector; see adam.h for the meaning. */
void hv_adam_update(HvReal *p, const HvReal *g, HvReal *m, HvReal *v, size_t n, HvReal lr,
                    HvReal beta1, HvReal beta2, HvReal epsilon, HvReal correction1,
                    HvReal correction2, HvReal decay);

#endif
