/*
 * heads.h: what the files likelihood*.c share; nobody else includes it.
 */
#ifndef HV_HEADS_H
#define HV_HEADS_H

#include <math.h>

#include "likelihood.h"

extern const HvLikelihood hv_gaussian;  /* likelihood.c */
extern const HvLikelihood hv_bernoulli; /* likelihood_level.c */
extern const HvLikelihood hv_categorical;
extern const HvLikelihood hv_cumulative_logit;  /* likelihood_ordinal.c */
extern const HvLikelihood hv_negative_binomial; /* likelihood_count.c */
extern const HvLikelihood hv_hurdle;            /* likelihood_hurdle.c */

/* A share of nothing would put a logit at -infinity. */
#define HV_SHARE_MIN 1e-4

/* Share of a level among the observed, at least HV_SHARE_MIN. */
double hv_level_share(const HvColumn *column, size_t level);

/* Mean and variance of a number column's encoded values. */
void hv_encoded_moments(const HvColumn *column, double *mean, double *variance);

/* A quantity of the transformed scale (index, log(count + 1), …) as an encoded value, and back. */
static inline HvReal
hv_to_record(const HvColumn *column, double t)
{
	return (HvReal) ((t - column->center) / column->scale);
}

static inline double
hv_from_record(const HvColumn *column, HvReal x)
{
	return (double) x * column->scale + column->center;
}

static inline HvReal
hv_weight(const HvHead *head, size_t row)
{
	return head->weight[row * head->ldw];
}

/*
 * Some cells of a head, packed: `rows` rows from `first` on, of each the `width` features from `at`
 * on. The arrays are filled with zeroes up to `n`, a multiple of 16: kernels of elementwise.c run
 * over n, so that every cell goes through the same vector code wherever the rows were cut.
 */
#define HV_CELLS HV_MOST_ADJACENT
typedef struct HvPack
{
	size_t first, rows, at, width, n;
	HvReal x[HV_CELLS], o[HV_CELLS], weight[HV_CELLS];
} HvPack;

static inline void
hv_pack_start(HvPack *pack)
{
	pack->first = pack->rows = pack->at = pack->width = 0;
}

/* Fills the pack with the next cells of the head; false when there are no more. */
bool hv_pack_next(HvPack *pack, const HvHead *head);

/* The packed d, times the slope's factor, into its place in slope->o. */
void hv_unpack(const HvPack *pack, const HvReal *d, const HvSlope *slope);

static inline double
hv_clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static inline double
hv_logistic(double x)
{
	return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* log(1 + e^x) without overflow; -log(logistic(x)) = hv_log1pexp(-x) */
static inline double
hv_log1pexp(double x)
{
	return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static inline double
hv_logit(double p)
{
	return log(p) - log1p(-p);
}

#endif
