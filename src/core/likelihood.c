/*
 * likelihood.c: which likelihood a column has; the Gaussian one; marginals and units of numbers.
 *
 * The other four are in likelihood_level.c (Bernoulli, categorical), likelihood_ordinal.c and
 * likelihood_count.c. Example of the Gaussian, o = 0.5, s = 0 (variance 1), x = 1.5:
 * -log p = (1.8379 + 0 + 1)/2 = 1.4189, d/do = -(x - o) e^-s = -1, d/ds = (1 - 1)/2 = 0: the error
 * is just what the variance promises. One s for all rows of a column, learned with the weights, is
 * the sigma-VAE of Rybkin, Daniilidis, Levine (ICML 2021), and SCIENCE 2.1 measured it best.
 */
#include "heads.h"
#include "rng.h"
#include "scores.h"

#define LOG_2PI 1.8378770664093453
#define LOG_VARIANCE_MIN (-7.0)
#define LOG_VARIANCE_MAX 2.0

static const HvLikelihood *const likelihoods[HV_LIKELIHOODS] = {
	[HV_GAUSSIAN] = &hv_gaussian,
	[HV_BERNOULLI] = &hv_bernoulli,
	[HV_CATEGORICAL_LOGITS] = &hv_categorical,
	[HV_CUMULATIVE_LOGIT] = &hv_cumulative_logit,
	[HV_NEGATIVE_BINOMIAL] = &hv_negative_binomial,
};

const HvLikelihood *
hv_likelihood_by_id(HvLikelihoodId id)
{
	return likelihoods[id];
}

const HvLikelihood *
hv_likelihood(const HvColumn *column, bool seed)
{
	if (seed)
		return &hv_bernoulli;
	switch (column->kind)
	{
		case HV_BINARY: return &hv_bernoulli;
		case HV_CATEGORICAL: return &hv_categorical;
		case HV_ORDINAL: return &hv_cumulative_logit;
		case HV_COUNT: return hv_counts(column) ? &hv_negative_binomial : &hv_gaussian;
		default: return &hv_gaussian;
	}
}

double
hv_log_jacobian(const HvColumn *column, double x)
{
	if (hv_has_levels(column) || hv_counts(column))
		return 0;
	if (column->transform == HV_SCORES)
		return -log(column->scale) -
		       log(hv_score_slope(column, x * column->scale + column->center));
	/* 1/s; and under a logarithm 1/(s (v + shift)), where v + shift = e^(x s + c) */
	if (column->transform == HV_LOG)
		return -log(column->scale) - (x * column->scale + column->center);
	return -log(column->scale);
}

double
hv_level_share(const HvColumn *column, size_t level)
{
	double share = 1.0 / (column->nlevels > 0 ? column->nlevels : 1);

	if (column->level_shares != NULL && level < column->nlevels)
		share = column->level_shares[level];
	return share > HV_SHARE_MIN ? share : HV_SHARE_MIN;
}

/*
 * Center and scale may be median and quartiles, so the encoded values need not have mean 0 and
 * variance 1. Under a logarithm the moments come from the quantile table, read as straight lines
 * between its points: over one line from a to b the mean of x is (a + b)/2 and that of x^2 is
 * (a^2 + ab + b^2)/3.
 */
void
hv_encoded_moments(const HvColumn *column, double *mean, double *variance)
{
	double first = 0, second = 0, a = 0;

	if (column->transform == HV_SCORES)
	{
		*mean = 0;
		*variance = 1;
		return;
	}
	if (column->transform != HV_LOG)
	{
		*mean = (column->mean - column->center) / column->scale;
		*variance = (column->sd / column->scale) * (column->sd / column->scale);
		return;
	}
	for (int i = 0; i < HV_QUANTILES; i++)
	{
		double b = (log(column->quantiles[i] + column->shift) - column->center) / column->scale;

		if (i > 0)
		{
			first += (a + b) / 2;
			second += (a * a + a * b + b * b) / 3;
		}
		a = b;
	}
	first /= HV_QUANTILES - 1;
	second /= HV_QUANTILES - 1;
	*mean = first;
	*variance = second - first * first;
}

/* ---- Gaussian ---- */

static size_t
gaussian_outputs(const HvColumn *column)
{
	return column->width;
}

static size_t
gaussian_scales(const HvColumn *column)
{
	(void) column;
	return 1;
}

static double
log_variance(const HvHead *head)
{
	return hv_clamp(head->scale[0], LOG_VARIANCE_MIN, LOG_VARIANCE_MAX);
}

static double
squared_error(const HvHead *head, size_t row)
{
	const HvReal *x = head->x + row * head->ldx, *o = head->o + row * head->ldo;
	double sum = 0;

	for (size_t j = 0; j < head->column->width; j++)
	{
		double error = x[j] - o[j];

		sum += error * error;
	}
	return sum;
}

static void
gaussian_forward(const HvHead *head, HvReal *nll)
{
	double s = log_variance(head), precision = exp(-s);
	double constant = head->column->width * (LOG_2PI + s);

	for (size_t r = 0; r < head->n; r++)
	{
		HvReal weight = hv_weight(head, r);

		if (weight != 0)
			nll[r] += weight * (HvReal) (0.5 * (constant + squared_error(head, r) * precision));
	}
}

static void
gaussian_backward(const HvHead *head, HvReal *d_o, size_t ldd, HvReal *d_scale)
{
	size_t width = head->column->width;
	double s = log_variance(head), precision = exp(-s), d_s = 0;

	for (size_t r = 0; r < head->n; r++)
	{
		const HvReal *x = head->x + r * head->ldx, *o = head->o + r * head->ldo;
		HvReal weight = hv_weight(head, r), factor = weight * (HvReal) precision;
		HvReal *d = d_o + r * ldd;

		for (size_t j = 0; j < width; j++)
			d[j] = weight != 0 ? (o[j] - x[j]) * factor : 0;
		if (weight != 0)
			d_s += weight * 0.5 * (width - squared_error(head, r) * precision);
	}
	if (head->scale[0] > LOG_VARIANCE_MIN && head->scale[0] < LOG_VARIANCE_MAX)
		d_scale[0] += (HvReal) d_s;
}

static void
gaussian_mean(const HvHead *head, HvReal *mean, size_t ldm)
{
	for (size_t r = 0; r < head->n; r++)
		for (size_t j = 0; j < head->column->width; j++)
			mean[r * ldm + j] = head->o[r * head->ldo + j];
}

static void
gaussian_sample(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds)
{
	size_t width = head->column->width;
	HvReal sd = (HvReal) exp(0.5 * log_variance(head));

	for (size_t r = 0; r < head->n; r++)
	{
		HvReal *row = sample + r * lds;

		hv_normals(key, stream, r * width, row, width);
		for (size_t j = 0; j < width; j++)
			row[j] = head->o[r * head->ldo + j] + sd * row[j];
	}
}

static void
gaussian_marginal(const HvColumn *column, HvReal *o, HvReal *scale)
{
	double mean, variance;

	hv_encoded_moments(column, &mean, &variance);
	for (size_t j = 0; j < column->width; j++)
		o[j] = (HvReal) mean;
	/* A variance of 0 gives log 0 = -infinity, which the clamp turns into its lower bound. */
	scale[0] =
		(HvReal) hv_clamp(log(variance > 0 ? variance : 0), LOG_VARIANCE_MIN, LOG_VARIANCE_MAX);
}

const HvLikelihood hv_gaussian = {
	.name = "gaussian",
	.outputs = gaussian_outputs,
	.scales = gaussian_scales,
	.forward = gaussian_forward,
	.backward = gaussian_backward,
	.mean = gaussian_mean,
	.sample = gaussian_sample,
	.marginal = gaussian_marginal,
};
