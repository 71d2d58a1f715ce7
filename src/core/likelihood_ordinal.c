/*
 * likelihood_ordinal.c: ordered levels by cumulative logits (McCullagh 1980).
 *
 * K levels are the pieces of a line cut at K-1 thresholds th_0 < th_1 < …; the output o shifts the
 * person along it: P(level <= k) = sigmoid(th_k - o). With a = th_k - o and b = th_{k-1} - o
 *
 *     P(level = k) = sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^(b - a))
 *
 * and as a - b = softplus(s_k), the last factor is just sigmoid(s_k). So
 *
 *     -log P = softplus(-a) + softplus(b) + softplus(-s_k)
 *
 * which has neither a difference nor a division, at whatever o; the first level has no b and s_k
 * part, the last no a. Gradients: d/do = sigmoid(-a) - sigmoid(b) (SCIENCE 3.2), d/d th_k =
 * -sigmoid(-a), d/d th_{k-1} = sigmoid(b), and d/d s_k of the last term = -sigmoid(-s_k).
 *
 * Example, K = 3, s = (0, log(e - 1)): thresholds 0 and 0 + 1. At o = 0: P = 1/2, 0.731 - 0.5,
 * 1 - 0.731.
 */
#include "elementwise.h"
#include "heads.h"
#include "rng.h"

static size_t
ordinal_outputs(const HvColumn *column)
{
	(void) column;
	return 1;
}

static size_t
ordinal_scales(const HvColumn *column)
{
	return column->nlevels > 0 ? column->nlevels - 1 : 0;
}

/* th[0 … K-2] from the scales; returns K - 1. */
static size_t
thresholds(const HvHead *head, double th[HV_MAX_LEVELS])
{
	size_t n = ordinal_scales(head->column);

	for (size_t k = 0; k < n; k++)
		th[k] = k == 0 ? head->scale[0] : th[k - 1] + hv_log1pexp(head->scale[k]);
	return n;
}

/* The levels of a pack's cells and the thresholds on both sides of them. */
static void
find_levels(const HvHead *head, const HvPack *pack, const double *th, size_t last, uint16_t *level,
            HvReal *low, HvReal *high)
{
	for (size_t i = 0; i < pack->n; i++)
	{
		double index = hv_from_record(head->column, pack->x[i]);
		size_t k = (size_t) (hv_clamp(index, 0, (double) last) + 0.5);

		level[i] = (uint16_t) k;
		low[i] = k > 0 ? (HvReal) th[k - 1] : -HV_FAR;
		high[i] = k < last ? (HvReal) th[k] : HV_FAR;
	}
}

/*
 * From the gradients of the thresholds to those of the scales: th_j holds s_0 and, for all
 * 0 < k <= j, softplus(s_k). So s_k gets what the thresholds from k on got together.
 */
static void
scales_from_thresholds(const HvHead *head, const double *d_th, const double *d_s, size_t n,
                       const HvSlope *slope)
{
	double above = 0;

	for (size_t k = n; k-- > 0;)
	{
		above += d_th[k];
		slope->scale[k] += slope->factor *
		                   (HvReal) (k == 0 ? above : above * hv_logistic(head->scale[k]) + d_s[k]);
	}
}

/* What the gradient is summed up in: by thresholds, and by what s_k adds of its own. */
typedef struct Sums
{
	double th[HV_MAX_LEVELS], s[HV_MAX_LEVELS];
} Sums;

/* up - down into place; the last level has no upper threshold: th[last] gets what belongs to none. */
static void
add_slope(const HvPack *pack, const uint16_t *level, HvReal *up, const HvReal *down,
          const HvSlope *slope, Sums *sums)
{
	for (size_t i = 0; i < pack->rows; i++)
	{
		size_t k = level[i];

		sums->th[k] -= up[i];
		if (k > 0)
			sums->th[k - 1] += down[i];
		sums->s[k] -= pack->weight[i];
		up[i] -= down[i];
	}
	hv_unpack(pack, up, slope);
}

static void
ordinal_loss(const HvHead *head, HvReal *nll, const HvSlope *slope)
{
	double th[HV_MAX_LEVELS], inner[HV_MAX_LEVELS] = {0}; /* inner: softplus(-s_k) */
	size_t last = thresholds(head, th);
	Sums sums = {{0}, {0}};
	HvPack pack;
	uint16_t level[HV_CELLS];
	HvReal low[HV_CELLS], high[HV_CELLS], loss[HV_CELLS], up[HV_CELLS], down[HV_CELLS];

	for (size_t k = 1; k < last; k++)
		inner[k] = hv_log1pexp(-head->scale[k]);
	hv_pack_start(&pack);
	while (hv_pack_next(&pack, head))
	{
		find_levels(head, &pack, th, last, level, low, high);
		if (slope == NULL)
			hv_ordinal_loss(loss, pack.o, low, high, pack.weight, pack.n);
		else
		{
			hv_ordinal_slope(loss, up, down, pack.o, low, high, pack.weight, pack.n);
			add_slope(&pack, level, up, down, slope, &sums);
		}
		for (size_t i = 0; i < pack.rows; i++)
			nll[pack.first + i] += loss[i] + pack.weight[i] * (HvReal) inner[level[i]];
	}
	if (slope == NULL)
		return;
	for (size_t k = 1; k < last; k++)
		sums.s[k] *= hv_logistic(-head->scale[k]);
	scales_from_thresholds(head, sums.th, sums.s, last, slope);
}

static void
ordinal_mean(const HvHead *head, HvReal *mean, size_t ldm)
{
	double th[HV_MAX_LEVELS];
	size_t last = thresholds(head, th);

	for (size_t r = 0; r < head->n; r++)
	{
		double index = 0;

		/* E[level] = sum over k of P(level > k) */
		for (size_t k = 0; k < last; k++)
			index += hv_logistic(head->o[r * head->ldo] - th[k]);
		mean[r * ldm] = hv_to_record(head->column, index);
	}
}

static void
ordinal_sample(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds)
{
	double th[HV_MAX_LEVELS];
	size_t last = thresholds(head, th);

	for (size_t r = 0; r < head->n; r++)
	{
		double u = hv_uniform(key, stream, r), o = head->o[r * head->ldo];
		size_t k = 0;

		while (k < last && u >= hv_logistic(th[k] - o))
			k++;
		sample[r * lds] = hv_to_record(head->column, (double) k);
	}
}

/* o = 0 and thresholds at the logits of the cumulative shares. */
static void
ordinal_marginal(const HvColumn *column, HvReal *o, HvReal *scale)
{
	size_t n = ordinal_scales(column);
	double total = 0, below = 0, before = 0;

	o[0] = 0;
	for (size_t k = 0; k <= n; k++)
		total += hv_level_share(column, k);
	for (size_t k = 0; k < n; k++)
	{
		double th;

		below += hv_level_share(column, k) / total;
		th = hv_logit(hv_clamp(below, 1e-9, 1 - 1e-9));
		/* softplus(s) = th_k - th_{k-1}: s = log(e^difference - 1) */
		scale[k] = (HvReal) (k == 0 ? th : log(expm1(th - before)));
		before = th;
	}
}

const HvLikelihood hv_cumulative_logit = {
	.name = "cumulative_logit",
	.outputs = ordinal_outputs,
	.scales = ordinal_scales,
	.loss = ordinal_loss,
	.mean = ordinal_mean,
	.sample = ordinal_sample,
	.marginal = ordinal_marginal,
};
