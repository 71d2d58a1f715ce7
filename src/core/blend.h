/*
 * blend.h: how the two answers to a missing cell (impute.h) become one, column by column.
 *
 *   a number   mean and variance are weighed: copula a + network (1 - a). Its quantiles are those of
 *              the normal distribution of that mean and variance, at shares that are calibrated: the
 *              standard deviation is stretched to the errors made, and of the hidden cells of held-out rows a share hv_shares[i] lay below the quantile of share[i]
 *              that was predicted (Kuleshov, Fenner, Ermon: Accurate uncertainties …, ICML 2018).
 *   levels     probabilities are multiplied: copula^a network^b, made to sum to 1. The two see
 *              different things, so that where both are fairly sure, one may be surer: a + b > 1.
 */
#ifndef HV_BLEND_H
#define HV_BLEND_H

#include <stdbool.h>

#define HV_SHARES 13
#define HV_MOST_WEIGHT 4
#define HV_MOST_STRETCH 16

typedef struct HvBlend
{
	float copula, network; /* weights, 0 … HV_MOST_WEIGHT */
	float stretch; /* of the predicted standard deviation of a number, up to HV_MOST_STRETCH */
	float share[HV_SHARES];
} HvBlend;

extern const double hv_shares[HV_SHARES];

/* Half and half (or the network alone), predictions taken as they are. */
void hv_blend_default(HvBlend *blend, bool copula);

/* The share to predict a quantile at, so that a share p of the cells is below; p in (0, 1). */
double hv_blend_share(const HvBlend *blend, double p);

#endif
