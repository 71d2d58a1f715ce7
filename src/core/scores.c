/*
 * scores.c: knots of a distribution, and the way between values and normal scores.
 *
 * Knots are the values at the shares 1/128, 2/128, … and a few in the tails, fewer in a small table:
 * each needs some ten cells beside it, or the density would be a picture of single people. Every value
 * with a share of 1/128 or more is hit by one of them, so points of mass are all there.
 *
 * Worked example: 0 0 0 2 5, five cells. Knots:
 *
 *     value  below  up to   ends as scores     middle
 *     0      0      .6      -8    0.25         -0.52  (share .3)
 *     2      .6     .8      0.25  0.84          0.52
 *     5      .8     1       0.84  8             1.28
 *
 * hv_score(0) = -0.52, hv_score(1) = 0; hv_quantile_value(-0.1) = 0, and 0.3 gives 2.
 */
#include "scores.h"

#include <math.h>

#define GRID 128         /* shares 1/GRID … */
#define CELLS_PER_KNOT 8 /* at least, in a small table */
#define TAIL_REACH 0.5   /* scores: the slope beyond the last knot is that of so much before it */
#define NEAR 12 /* segments to either side in which the next of many scores is looked for */
#define SHARE_LEAST 1e-12

double
hv_normal_cdf(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

/* Acklam's rational approximation, refined by one step of Halley's rule. */
double
hv_normal_quantile(double p)
{
	static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
	                           -2.759285104469687e+02, 1.383577518672690e+02,
	                           -3.066479806614716e+01, 2.506628277459239e+00};
	static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
	                           -1.556989798598866e+02, 6.680131188771972e+01,
	                           -1.328068155288572e+01};
	static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
	                           -2.400758277161838e+00, -2.549732539343734e+00,
	                           4.374664141464968e+00,  2.938163982698783e+00};
	static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
	                           3.754408661907416e+00};
	double tail = p < 0.5 ? p : 1 - p, x, e, u;

	if (tail < 0.02425)
	{
		double q = sqrt(-2 * log(tail));

		x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
		    ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
		x = p < 0.5 ? x : -x;
	}
	else
	{
		double q = p - 0.5, r = q * q;

		x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
		    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
	}
	e = hv_normal_cdf(x) - p;
	u = e * 2.5066282746310002 * exp(x * x / 2);
	return x - u / (1 + x * u / 2);
}

/* ---- knots ---- */

/* The quantile of a share, within what a record can hold. */
static double
end_score(double share)
{
	if (share <= SHARE_LEAST)
		return -HV_SCORE_MOST;
	if (share >= 1 - SHARE_LEAST)
		return HV_SCORE_MOST;
	return fmax(-HV_SCORE_MOST, fmin(HV_SCORE_MOST, hv_normal_quantile(share)));
}

static HvKnot
make_knot(double value, double below, double upto)
{
	return (HvKnot){.value = value,
	                .low = (float) end_score(below),
	                .middle = (float) hv_normal_quantile((below + upto) / 2),
	                .high = (float) end_score(upto)};
}

/* The i-th of the shares at which knots are set, increasing in i; over 1 behind the last. */
static double
grid_share(uint32_t i, uint32_t grid)
{
	static const double tail[] = {0.001, 0.0025, 0.005};
	const uint32_t tails = grid < GRID ? 0 : 3;

	if (i < tails)
		return tail[i];
	i -= tails;
	if (i < grid - 1)
		return (i + 1) / (double) grid;
	i -= grid - 1;
	return i < tails ? 1 - tail[tails - 1 - i] : 2;
}

HvStatus
hv_scores_make(HvColumn *column, const HvTally *tally, size_t n, HvArena *arena)
{
	double total = 0, before = 0, sum = 0, square = 0;
	uint32_t grid, next = 0;

	for (size_t i = 0; i < n; i++)
		total += tally[i].count;
	grid = (uint32_t) fmax(4, fmin(GRID, floor(total / CELLS_PER_KNOT)));
	column->transform = HV_SCORES;
	column->nknots = 0;
	column->knots = hv_new(arena, HvKnot, HV_MAX_KNOTS, 1);
	if (column->knots == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < n; before += tally[i++].count)
	{
		double upto = (before + tally[i].count) / total;
		HvKnot knot;

		if (i > 0 && i + 1 < n && upto < grid_share(next, grid))
			continue;
		while (grid_share(next, grid) <= upto)
			next++;
		knot = make_knot(tally[i].value, before / total, upto);
		/* shares that a float cannot tell apart are one knot */
		if (column->nknots == 0 || knot.middle > column->knots[column->nknots - 1].middle)
			column->knots[column->nknots++] = knot;
	}
	column->center = 0;
	column->scale = 1;
	before = 0;
	for (size_t i = 0; i < n; before += tally[i++].count)
	{
		double score = hv_score(column, tally[i].value);

		sum += score * tally[i].count;
		square += score * score * tally[i].count;
	}
	column->center = sum / total;
	column->scale = sqrt(fmax(square / total - column->center * column->center, 0));
	return HV_OK;
}

/* ---- there and back ---- */

/* The last knot of 0 … n-2 whose value (or middle) is not above. */
static uint32_t
segment_of_value(const HvColumn *column, double value)
{
	uint32_t low = 0, high = column->nknots - 1;

	while (high - low > 1)
	{
		uint32_t middle = (low + high) / 2;

		if (column->knots[middle].value <= value)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static uint32_t
segment_of_score(const HvColumn *column, double score)
{
	uint32_t low = 0, high = column->nknots - 1;

	while (high - low > 1)
	{
		uint32_t middle = (low + high) / 2;

		if (column->knots[middle].middle <= score)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The slope beyond an end: from the last knot to one at least TAIL_REACH before it. */
static double
end_slope(const HvColumn *column, bool upper)
{
	const HvKnot *k = column->knots;
	uint32_t last = column->nknots - 1, i;

	if (upper)
	{
		for (i = last - 1; i > 0 && k[last].middle - k[i].middle < TAIL_REACH;)
			i--;
		return (k[last].value - k[i].value) / ((double) k[last].middle - k[i].middle);
	}
	for (i = 1; i < last && k[i].middle - k[0].middle < TAIL_REACH;)
		i++;
	return (k[i].value - k[0].value) / ((double) k[i].middle - k[0].middle);
}

double
hv_score(const HvColumn *column, double value)
{
	const HvKnot *k = column->knots;
	uint32_t last = column->nknots - 1, i;

	if (value <= k[0].value)
		return k[0].middle + (value - k[0].value) / end_slope(column, false);
	if (value >= k[last].value)
		return k[last].middle + (value - k[last].value) / end_slope(column, true);
	i = segment_of_value(column, value);
	return k[i].middle + (value - k[i].value) * ((double) k[i + 1].middle - k[i].middle) /
	                         (k[i + 1].value - k[i].value);
}

double
hv_score_slope(const HvColumn *column, double score)
{
	const HvKnot *k = column->knots;
	uint32_t last = column->nknots - 1, i;

	if (score < k[0].middle || score > k[last].middle)
		return end_slope(column, score > k[last].middle);
	i = segment_of_score(column, score);
	return (k[i + 1].value - k[i].value) / ((double) k[i + 1].middle - k[i].middle);
}

double
hv_unscore_near(const HvColumn *column, double score, uint32_t *near)
{
	const HvKnot *k = column->knots;
	uint32_t last = column->nknots - 1, i = *near;

	if (score <= k[0].middle)
		return k[0].value + (score - k[0].middle) * end_slope(column, false);
	if (score >= k[last].middle)
		return k[last].value + (score - k[last].middle) * end_slope(column, true);
	for (uint32_t n = 0; n < NEAR && score >= k[i + 1].middle; n++)
		i++;
	for (uint32_t n = 0; n < NEAR && score < k[i].middle; n++)
		i--;
	if (score < k[i].middle || score >= k[i + 1].middle)
		i = segment_of_score(column, score);
	*near = i;
	return k[i].value + (score - k[i].middle) * (k[i + 1].value - k[i].value) /
	                        ((double) k[i + 1].middle - k[i].middle);
}

double
hv_unscore(const HvColumn *column, double score)
{
	uint32_t near = segment_of_score(column, score);

	return hv_unscore_near(column, score, &near);
}

double
hv_quantile_value(const HvColumn *column, double score)
{
	const HvKnot *k = column->knots;
	uint32_t last = column->nknots - 1, i;

	if (score <= k[0].high)
		return k[0].value;
	if (score >= k[last].low)
		return k[last].value;
	i = segment_of_score(column, score);
	/* the score is near the middle of knot i or i + 1: inside a point of mass, or between the two */
	if (score <= k[i].high)
		return k[i].value;
	if (score >= k[i + 1].low)
		return k[i + 1].value;
	return k[i].value + (score - k[i].high) * (k[i + 1].value - k[i].value) /
	                        ((double) k[i + 1].low - k[i].high);
}
