/*
 * tail.c: tails of statistics.
 *
 * Where fewer than LEAST values of the sample would reach a point, it is put where the mean excess
 * over the last quantile says: for an exponential tail the excess over any threshold has the same
 * mean. Worked example: values 1 … 100. The threshold of the last five is 96, their mean excess
 * 2, so of the points at e^-3 (95.9), e^-3.25, … the second stands 0.25 * 2 = 0.5 further on.
 */
#include "tail.h"

#include <math.h>

#include "summary.h"

#define LEAST 5           /* values beyond a point, or it is extrapolated */
#define EXCESS_SHARE 0.02 /* of the sample, that the mean excess is taken of */
#define LEAST_SLOPE 1e-6  /* a tail of equal values must not be a wall */

/* Mean excess of the largest values over the smallest of them; of logarithms when `heavy`. */
static double
mean_excess(const double *values, size_t n, bool heavy)
{
	size_t k = (size_t) (EXCESS_SHARE * (double) n), first;
	double sum = 0;

	k = k < LEAST ? LEAST : k;
	first = n > k ? n - k : 0;
	for (size_t i = first; i < n; i++)
		sum += heavy ? log(values[i] / values[first]) : values[i] - values[first];
	return fmax(sum / (double) (n - first),
	            LEAST_SLOPE * (heavy ? 1 : fmax(1, fabs(values[n - 1]))));
}

void
hv_tail_fit(HvTail *tail, double *values, size_t n, bool heavy)
{
	double slope;

	hv_sort_numbers(values, n);
	slope = mean_excess(values, n, heavy);
	for (int i = 0; i < HV_TAIL_POINTS; i++)
	{
		double share = exp(-i * HV_TAIL_STEP), last = i > 0 ? (double) tail->at[i - 1] : 0;

		if (i == 0 || share * (double) n >= LEAST)
			tail->at[i] = (float) hv_sorted_quantile(values, n, 1 - share);
		else if (heavy)
			tail->at[i] = (float) (last * exp(HV_TAIL_STEP * slope));
		else
			tail->at[i] = (float) (last + HV_TAIL_STEP * slope);
	}
}

/* The tail's slope at its end, from the last 8 points: value (or its logarithm) a nat. */
static double
end_slope(const HvTail *tail, bool heavy)
{
	const int span = 8;
	double low = (double) tail->at[HV_TAIL_POINTS - 1 - span],
		   high = (double) tail->at[HV_TAIL_POINTS - 1];
	double rise = heavy ? log(high / low) : high - low;

	return fmax(rise / (span * HV_TAIL_STEP), LEAST_SLOPE * (heavy ? 1 : fmax(1, fabs(high))));
}

double
hv_tail_surprise(const HvTail *tail, double value, bool heavy)
{
	const int last = HV_TAIL_POINTS - 1;
	int low = 0, high = last;
	double end = (double) tail->at[last], nats;

	if (!(value > (double) tail->at[0]))
		return 0;
	if (value > end)
	{
		nats =
			last * HV_TAIL_STEP + (heavy ? log(value / end) : value - end) / end_slope(tail, heavy);
		return fmin(nats, HV_TAIL_MOST);
	}
	/* the first point that is not below the value: equal values all have the largest share */
	while (high - low > 1)
	{
		int middle = (low + high) / 2;

		if ((double) tail->at[middle] < value)
			low = middle;
		else
			high = middle;
	}
	return HV_TAIL_STEP * (low + (value - (double) tail->at[low]) /
	                                 ((double) tail->at[high] - (double) tail->at[low]));
}
