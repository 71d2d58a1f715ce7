/*
 * likelihood.c: which likelihood a column has; the Gaussian one; marginals and units of numbers.
 *
 * The others are in likelihood_level.c (Bernoulli, categorical), likelihood_ordinal.c,
 * likelihood_count.c and likelihood_hurdle.c. Example of the Gaussian, o = 0.5, s = 0 (variance 1), x = 1.5:
 * -log p = (1.8379 + 0 + 1)/2 = 1.4189, d/do = -(x - o) e^-s = -1, d/ds = (1 - 1)/2 = 0: the error
 * is just what the variance promises. One s for all rows of a column, learned with the weights, is
 * the sigma-VAE of Rybkin, Daniilidis, Levine (ICML 2021), and SCIENCE 2.1 measured it best.
 */
#include "elementwise.h"
#include "heads.h"
#include "rng.h"
#include "scores.h"

#include <string.h>

#define LOG_2PI 1.8378770664093453
#define LOG_VARIANCE_MIN (-7.0)
#define LOG_VARIANCE_MAX 2.0

static const HvLikelihood *const likelihoods[HV_LIKELIHOODS] = {
	[HV_GAUSSIAN] = &hv_gaussian,
	[HV_BERNOULLI] = &hv_bernoulli,
	[HV_CATEGORICAL_LOGITS] = &hv_categorical,
	[HV_CUMULATIVE_LOGIT] = &hv_cumulative_logit,
	[HV_NEGATIVE_BINOMIAL] = &hv_negative_binomial,
	[HV_HURDLE] = &hv_hurdle,
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
		case HV_AMOUNT: return &hv_hurdle;
		default: return &hv_gaussian;
	}
}

double
hv_log_jacobian(const HvColumn *column, double x)
{
	if (hv_has_levels(column) || hv_counts(column) ||
	    (column->kind == HV_AMOUNT && hv_hurdle_none(column, x)))
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

/* ---- packing, for likelihoods that compute many cells at a time ---- */

static void
gather(HvReal *to, const HvReal *from, size_t ld, size_t rows, size_t width)
{
	if (width == 1)
		for (size_t r = 0; r < rows; r++)
			to[r] = from[r * ld];
	else
		for (size_t r = 0; r < rows; r++)
			memcpy(to + r * width, from + r * ld, width * sizeof(HvReal));
}

bool
hv_pack_next(HvPack *pack, const HvHead *head)
{
	size_t total = head->more > 0 ? head->more + 1 : head->column->width, cells;

	pack->at += pack->width;
	if (pack->at >= total)
		pack->at = 0;
	if (pack->at == 0)
		pack->first += pack->rows;
	if (pack->first >= head->n || total == 0)
		return false;
	pack->width = total - pack->at < HV_CELLS ? total - pack->at : HV_CELLS;
	pack->rows = pack->width < total ? 1 : HV_CELLS / total;
	if (pack->rows > head->n - pack->first)
		pack->rows = head->n - pack->first;
	cells = pack->rows * pack->width;
	pack->n = (cells + 15) / 16 * 16;
	gather(pack->x, head->x + pack->first * head->ldx + pack->at, head->ldx, pack->rows,
	       pack->width);
	gather(pack->o, head->o + pack->first * head->ldo + pack->at, head->ldo, pack->rows,
	       pack->width);
	if (head->more > 0)
		gather(pack->weight, head->weight + pack->first * head->ldw, head->ldw, pack->rows,
		       pack->width);
	else
		for (size_t r = 0; r < pack->rows; r++)
			for (size_t j = 0; j < pack->width; j++)
				pack->weight[r * pack->width + j] = hv_weight(head, pack->first + r);
	for (size_t i = cells; i < pack->n; i++)
		pack->weight[i] = 0;
	/* Weight 0 must win over whatever stands in the cell, NaN too. */
	hv_clear_unweighted(pack->x, pack->weight, pack->n);
	hv_clear_unweighted(pack->o, pack->weight, pack->n);
	return true;
}

void
hv_unpack(const HvPack *pack, const HvReal *d, const HvSlope *slope)
{
	HvReal *to = slope->o + pack->first * slope->ldo + pack->at, factor = slope->factor;

	for (size_t r = 0; r < pack->rows; r++)
		for (size_t j = 0; j < pack->width; j++)
			to[r * slope->ldo + j] = factor * d[r * pack->width + j];
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
log_variance(const HvHead *head, size_t column)
{
	return hv_clamp(head->scale[column], LOG_VARIANCE_MIN, LOG_VARIANCE_MAX);
}

/* For each cell of a pack the log-variance of its column and the precision exp(-s). */
static void
spread(const HvHead *head, HvReal *s, HvReal *precision)
{
	size_t columns = head->more + 1, all = head->n * columns * head->column->width;

	for (size_t j = 0; j < columns; j++)
	{
		s[j] = (HvReal) log_variance(head, j);
		precision[j] = (HvReal) exp(-s[j]);
	}
	/* over again and again, each time twice as much, up to the end of the last pack */
	for (size_t done = columns; done < HV_CELLS && done < all + 15; done *= 2)
	{
		size_t some = done < HV_CELLS - done ? done : HV_CELLS - done;

		memcpy(s + done, s, some * sizeof(HvReal));
		memcpy(precision + done, precision, some * sizeof(HvReal));
	}
}

static void
gaussian_loss(const HvHead *head, HvReal *nll, const HvSlope *slope)
{
	HvPack pack;
	HvReal s[HV_CELLS], precision[HV_CELLS], loss[HV_CELLS], d[HV_CELLS], d_s[HV_CELLS];
	double sum[HV_CELLS] = {0};

	spread(head, s, precision);
	hv_pack_start(&pack);
	while (hv_pack_next(&pack, head))
	{
		if (slope == NULL)
			hv_gaussian_loss(loss, pack.x, pack.o, pack.weight, s, precision, pack.n);
		else
			hv_gaussian_slope(loss, d, d_s, pack.x, pack.o, pack.weight, s, precision, pack.n);
		hv_add_row_sums(nll + pack.first, loss, pack.rows, pack.width);
		if (slope == NULL)
			continue;
		hv_unpack(&pack, d, slope);
		for (size_t r = 0; r < pack.rows; r++)
			for (size_t j = 0; j < pack.width; j++)
				sum[head->more > 0 ? j : 0] += d_s[r * pack.width + j];
	}
	for (size_t j = 0; slope != NULL && j <= head->more; j++)
		if (head->scale[j] > LOG_VARIANCE_MIN && head->scale[j] < LOG_VARIANCE_MAX)
			slope->scale[j] += slope->factor * (HvReal) sum[j];
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
	HvReal sd = (HvReal) exp(0.5 * log_variance(head, 0));

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
	.wide = true,
	.outputs = gaussian_outputs,
	.scales = gaussian_scales,
	.loss = gaussian_loss,
	.mean = gaussian_mean,
	.sample = gaussian_sample,
	.marginal = gaussian_marginal,
};
