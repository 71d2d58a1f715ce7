/*
 * likelihood.h: p(cell | decoder output), one table of them.
 *
 * A head reads `outputs` decoder outputs of a column and `scales` free parameters shared by all
 * rows (a log-variance, thresholds, a log-size). The row functions work on n rows of one column:
 *
 *   gaussian     o = mean; scale s = log-variance, clamped to [-7, 2]
 *                -log p = 1/2 (log 2 pi + s + (x - o)^2 exp(-s)), x the transformed, scaled value
 *   bernoulli    o = logit; x in [0, 1] (the seed uses it for min-max scaled numbers, too):
 *                -log p = softplus(o) - x o; a column of several features sums over them
 *   categorical  o = logits, x one-hot: -log p = logsumexp(o) - o_x
 *   ordinal      P(level <= k) = sigmoid(th_k - o), th_0 = s_0, th_k = th_{k-1} + softplus(s_k)
 *                (SCIENCE 3.2: d log P_k/d o = -(1 - sigmoid(th_k - o) - sigmoid(th_{k-1} - o)))
 *   negative_binomial  o = log mean, s = log size r (HI-VAE's Poisson cannot be over-dispersed)
 *   hurdle       o = (logit of there being any, mean of the amount), scale as of the gaussian: the
 *                column's least value has a probability, the others a density (likelihood_hurdle.c)
 *
 * Densities are those of the encoded value; hv_log_jacobian turns them into the original unit's.
 */
#ifndef HV_LIKELIHOOD_H
#define HV_LIKELIHOOD_H

#include "schema.h"

typedef enum HvLikelihoodId
{
	HV_GAUSSIAN = 0,
	HV_BERNOULLI,
	HV_CATEGORICAL_LOGITS,
	HV_CUMULATIVE_LOGIT,
	HV_NEGATIVE_BINOMIAL,
	HV_HURDLE,
	HV_LIKELIHOODS
} HvLikelihoodId;

/* The most columns that one head may cover. */
#define HV_MOST_ADJACENT 512

/* n rows of one head; every matrix row-major with its row distance. */
typedef struct HvHead
{
	const HvColumn *column;
	size_t more; /* columns to its right that the head covers, too (see `wide`) */
	size_t n;
	const HvReal *x; /* n×width encoded targets */
	size_t ldx;
	const HvReal *weight; /* n, at distance ldw: mask bit × weight of the row; 0 = not counted */
	size_t ldw;
	const HvReal *o; /* n×outputs decoder outputs */
	size_t ldo;
	const HvReal *scale; /* scales */
} HvHead;

/* Where the gradient of `factor` * the loss of a head goes. */
typedef struct HvSlope
{
	HvReal factor;
	HvReal *o; /* n×outputs, set */
	size_t ldo;
	HvReal *scale; /* scales, added to */
} HvSlope;

typedef struct HvLikelihood
{
	const char *name;

	/*
	 * `loss` takes adjacent columns of width 1 as one head. Their features, weights, outputs and
	 * scales lie side by side, so a row of `more` + 1 columns is one loop.
	 * At most HV_MOST_ADJACENT.
	 */
	bool wide;

	size_t (*outputs)(const HvColumn *column);
	size_t (*scales)(const HvColumn *column);

	/*
	 * nll[r] += weight[r] * -log p(x[r] | o[r]). Unless slope is NULL also its gradient, in the same
	 * pass over the cells: slope->o[r] = factor * weight[r] * d(-log p)/d o[r], and slope->scale +=
	 * the sum over the rows of the same for the scales.
	 */
	void (*loss)(const HvHead *head, HvReal *nll, const HvSlope *slope);

	/* mean[r][width] = E[x | o[r]] on the encoded scale; probabilities for categories and binaries */
	void (*mean)(const HvHead *head, HvReal *mean, size_t ldm);

	/* sample[r][width] ~ p(x | o[r]), encoded; uniforms from (key, stream, r * outputs …) */
	void (*sample)(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds);

	/* The outputs and scales under which the head is the column's marginal distribution. */
	void (*marginal)(const HvColumn *column, HvReal *o, HvReal *scale);
} HvLikelihood;

/* The likelihood of a column; `seed` is the seed architecture, where all are Bernoulli. */
const HvLikelihood *hv_likelihood(const HvColumn *column, bool seed);
const HvLikelihood *hv_likelihood_by_id(HvLikelihoodId id);

/* Of a column of amounts: whether x is none; the variance of x that row `row` of a head predicts. */
bool hv_hurdle_none(const HvColumn *column, double x);
double hv_hurdle_variance(const HvHead *head, size_t row);

/*
 * log |dx/dv| at encoded x: log p(v) = log p(x) + this. 0 for level columns, counts and no amount, which
 * have a probability.
 */
double hv_log_jacobian(const HvColumn *column, double x);

#endif
