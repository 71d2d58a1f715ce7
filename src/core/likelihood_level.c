/*
 * likelihood_level.c: the likelihoods of unordered levels: Bernoulli and categorical.
 *
 * Both have the gradient "predicted minus observed". Examples: Bernoulli, o = 0, x = 1:
 * -log p = log 2, d/do = 1/2 - 1 = -1/2. Categorical, o = (0, 0, log 2), x = (0, 1, 0):
 * p = (1/4, 1/4, 1/2), -log p = log 4, d/do = (1/4, -3/4, 1/2).
 *
 * A column's outputs lie scattered in the decoder's output matrix. They are gathered into a small
 * array on the stack, so that the kernels of elementwise.c do the exponentials in vectors.
 */
#include "elementwise.h"
#include "heads.h"
#include "rng.h"

/* Numbers gathered at a time; at least one row of a categorical column. */
#define CHUNK 512

_Static_assert(CHUNK >= HV_MAX_LEVELS, "a categorical row must fit the chunk");

static size_t
width_of(const HvColumn *column)
{
	return column->width;
}

static size_t
no_scales(const HvColumn *column)
{
	(void) column;
	return 0;
}

static inline size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- Bernoulli, feature by feature ---- */

static void
bernoulli_loss(const HvHead *head, HvReal *nll, const HvSlope *slope)
{
	HvPack pack;
	HvReal loss[HV_CELLS], d[HV_CELLS];

	hv_pack_start(&pack);
	while (hv_pack_next(&pack, head))
	{
		if (slope == NULL)
			hv_bernoulli_loss(loss, pack.x, pack.o, pack.weight, pack.n);
		else
		{
			hv_bernoulli_slope(loss, d, pack.x, pack.o, pack.weight, pack.n);
			hv_unpack(&pack, d, slope);
		}
		hv_add_row_sums(nll + pack.first, loss, pack.rows, pack.width);
	}
}

/* o of rows first … first+n-1, feature j. */
static void
gather_feature(const HvHead *head, size_t first, size_t n, size_t j, HvReal *o)
{
	for (size_t i = 0; i < n; i++)
		o[i] = head->o[(first + i) * head->ldo + j];
}

static void
bernoulli_mean(const HvHead *head, HvReal *mean, size_t ldm)
{
	HvReal p[CHUNK];

	for (size_t j = 0; j < head->column->width; j++)
		for (size_t first = 0; first < head->n; first += CHUNK)
		{
			size_t n = least(CHUNK, head->n - first);

			gather_feature(head, first, n, j, p);
			hv_sigmoid(p, p, n);
			for (size_t i = 0; i < n; i++)
				mean[(first + i) * ldm + j] = p[i];
		}
}

static void
bernoulli_sample(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds)
{
	size_t width = head->column->width;

	for (size_t r = 0; r < head->n; r++)
	{
		HvReal *row = sample + r * lds;

		hv_uniforms(key, stream, r * width, row, width);
		for (size_t j = 0; j < width; j++)
			row[j] = row[j] < hv_logistic(head->o[r * head->ldo + j]) ? 1 : 0;
	}
}

/* The mean of feature j: of the seed's scaled numbers, or a level's share. */
static double
feature_mean(const HvColumn *column, size_t j)
{
	double mean = 0, variance;

	switch (column->kind)
	{
		case HV_BINARY: return hv_clamp(hv_level_share(column, 1), HV_SHARE_MIN, 1 - HV_SHARE_MIN);
		case HV_CATEGORICAL:
			return hv_clamp(hv_level_share(column, j), HV_SHARE_MIN, 1 - HV_SHARE_MIN);
		case HV_ORDINAL:
			for (size_t level = 1; level < column->nlevels; level++)
				mean += (double) level * hv_level_share(column, level);
			mean = (mean - column->center) / column->scale;
			break;
		default: hv_encoded_moments(column, &mean, &variance);
	}
	return hv_clamp(mean, 0.01, 0.99);
}

static void
bernoulli_marginal(const HvColumn *column, HvReal *o, HvReal *scale)
{
	(void) scale;
	for (size_t j = 0; j < column->width; j++)
		o[j] = (HvReal) hv_logit(feature_mean(column, j));
}

const HvLikelihood hv_bernoulli = {
	.name = "bernoulli",
	.wide = true,
	.outputs = width_of,
	.scales = no_scales,
	.loss = bernoulli_loss,
	.mean = bernoulli_mean,
	.sample = bernoulli_sample,
	.marginal = bernoulli_marginal,
};

/* ---- categorical, some rows at a time ---- */

/*
 * e[i] = exp(o - largest o) of rows first … first+n-1, packed; largest and sum of e for each row.
 * So p = e / sum, and logsumexp(o) = largest + log(sum).
 */
static void
exponentials(const HvHead *head, size_t first, size_t n, HvReal *e, HvReal *largest, HvReal *sum)
{
	size_t width = head->column->width;

	for (size_t i = 0; i < n; i++)
	{
		const HvReal *o = head->o + (first + i) * head->ldo;

		largest[i] = o[0];
		for (size_t j = 1; j < width; j++)
			largest[i] = o[j] > largest[i] ? o[j] : largest[i];
		for (size_t j = 0; j < width; j++)
			e[i * width + j] = o[j] - largest[i];
	}
	hv_exp(e, e, n * width);
	for (size_t i = 0; i < n; i++)
	{
		sum[i] = 0;
		for (size_t j = 0; j < width; j++)
			sum[i] += e[i * width + j];
	}
}

static void
categorical_loss(const HvHead *head, HvReal *nll, const HvSlope *slope)
{
	HvReal e[CHUNK], largest[CHUNK], sum[CHUNK];
	size_t width = head->column->width, most = CHUNK / width;

	for (size_t first = 0; first < head->n; first += most)
	{
		size_t n = least(most, head->n - first);

		exponentials(head, first, n, e, largest, sum);
		for (size_t i = 0; i < n; i++)
		{
			const HvReal *x = head->x + (first + i) * head->ldx;
			const HvReal *o = head->o + (first + i) * head->ldo;
			HvReal weight = hv_weight(head, first + i);
			double chosen = 0;

			if (slope != NULL)
			{
				HvReal *d = slope->o + (first + i) * slope->ldo, w = slope->factor * weight;

				for (size_t j = 0; j < width; j++)
					d[j] = weight != 0 ? w * (e[i * width + j] / sum[i] - x[j]) : 0;
			}
			if (weight == 0)
				continue;
			for (size_t j = 0; j < width; j++)
				chosen += x[j] * (o[j] - largest[i]);
			nll[first + i] += weight * (HvReal) (log(sum[i]) - chosen);
		}
	}
}

static void
categorical_mean(const HvHead *head, HvReal *mean, size_t ldm)
{
	HvReal e[CHUNK], largest[CHUNK], sum[CHUNK];
	size_t width = head->column->width, most = CHUNK / width;

	for (size_t first = 0; first < head->n; first += most)
	{
		size_t n = least(most, head->n - first);

		exponentials(head, first, n, e, largest, sum);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < width; j++)
				mean[(first + i) * ldm + j] = e[i * width + j] / sum[i];
	}
}

static void
categorical_sample(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds)
{
	size_t width = head->column->width;

	categorical_mean(head, sample, lds);
	for (size_t r = 0; r < head->n; r++)
	{
		HvReal *row = sample + r * lds;
		double left = hv_uniform(key, stream, r * width);
		size_t chosen = 0;

		/* The first level whose cumulative probability exceeds the uniform number. */
		while (chosen + 1 < width && left >= row[chosen])
			left -= row[chosen++];
		for (size_t j = 0; j < width; j++)
			row[j] = j == chosen ? 1 : 0;
	}
}

static void
categorical_marginal(const HvColumn *column, HvReal *o, HvReal *scale)
{
	(void) scale;
	for (size_t j = 0; j < column->width; j++)
		o[j] = (HvReal) log(hv_level_share(column, j));
}

const HvLikelihood hv_categorical = {
	.name = "categorical",
	.outputs = width_of,
	.scales = no_scales,
	.loss = categorical_loss,
	.mean = categorical_mean,
	.sample = categorical_sample,
	.marginal = categorical_marginal,
};
