/*
 * noise.c: cells and normal numbers, there and back.
 *
 * Worked example: a head gives "no" .8 and "yes" .2. e = 1 has u = Phi(1) = .84, which is "yes"; from
 * "yes" back, e is between Phi^-1(.8) = .84 and HV_NOISE_MOST.
 */
#include "noise.h"

#include <math.h>

#include "scores.h"

#define LEAST_SHARE 1e-12

static double
sd_of(const HvHead *head)
{
	return exp(0.5 * fmin(fmax((double) head->scale[0], -7), 2));
}

static double
bounded(double e)
{
	return fmin(fmax(e, -HV_NOISE_MOST), HV_NOISE_MOST);
}

static float
score_of(double u)
{
	if (u <= LEAST_SHARE)
		return -HV_NOISE_MOST;
	if (u >= 1 - LEAST_SHARE)
		return HV_NOISE_MOST;
	return (float) bounded(hv_normal_quantile(u));
}

void
hv_noise_cell(const HvHead *head, double e, HvReal *x)
{
	if (hv_is_gaussian(head->column))
		x[0] = head->o[0] + (HvReal) (sd_of(head) * e);
	else
		hv_likelihood(head->column, false)->quantile(head, hv_normal_cdf(e), x);
}

void
hv_noise_range(const HvHead *head, const HvReal *x, float *low, float *high)
{
	double below, upto;

	if (hv_is_gaussian(head->column))
	{
		*low = *high = (float) ((double) (x[0] - head->o[0]) / sd_of(head));
		return;
	}
	hv_likelihood(head->column, false)->range(head, x, &below, &upto);
	*low = score_of(below);
	*high = score_of(upto);
}

double
hv_noise_within(double mean, double sd, double low, double high, double u)
{
	double below, upto, e;

	if (low >= high)
		return low;
	/* far above the mean both shares would be 1 */
	if (low > mean)
		return -hv_noise_within(-mean, sd, -high, -low, 1 - u);
	below = hv_normal_cdf((low - mean) / sd);
	upto = hv_normal_cdf((high - mean) / sd);
	e = below + u * (upto - below);
	e = e > 1e-300 && e < 1 ? mean + sd * hv_normal_quantile(e) : high;
	return fmin(fmax(e, low), high);
}
