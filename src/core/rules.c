/*
 * rules.c: the interval in which a target may lie, and the grid of targets inside it.
 *
 * Owns: nothing but the arithmetic of rules.h; which bounds hold for a person is decided by the
 * catalogue's rules (SQL), and handed over one by one. A bound that is not known (NaN) closes its
 * direction: the careful side holds.
 *
 * Worked example, energy for c = 2,900 kcal: floor max(1200, c - 1000) = 1,900, cap 1,200 (an
 * increase is allowed up to that only): interval [min(c, 1900), max(c, 1200)] = [1900, 2900].
 * Recommended 1,600 … 2,200, step 250: the way leads down to 2,200; the grid is 2750, 2500, 2250,
 * 2200.
 */
#include "rules.h"

#include <math.h>

void
hv_bounds_init(HvBounds *bounds, double current)
{
	bounds->current = current;
	bounds->floor = -INFINITY;
	bounds->cap = INFINITY;
	bounds->forbidden = bounds->no_increase = bounds->no_decrease = false;
}

void
hv_bounds_floor(HvBounds *bounds, double floor)
{
	if (isnan(floor))
		bounds->no_decrease = true;
	else
		bounds->floor = fmax(bounds->floor, floor);
}

void
hv_bounds_cap(HvBounds *bounds, double cap)
{
	if (isnan(cap))
		bounds->no_increase = true;
	else
		bounds->cap = fmin(bounds->cap, cap);
}

void
hv_bounds_interval(const HvBounds *bounds, double *low, double *high)
{
	double c = bounds->current;

	*low = *high = c;
	if (bounds->forbidden || !isfinite(c))
		return;
	if (!bounds->no_decrease)
		*low = fmin(c, bounds->floor);
	if (!bounds->no_increase)
		*high = fmax(c, bounds->cap);
}

bool
hv_bounds_allow(const HvBounds *bounds, double target)
{
	double low, high;

	hv_bounds_interval(bounds, &low, &high);
	return isfinite(target) && target >= low - 1e-9 * fabs(low) &&
	       target <= high + 1e-9 * fabs(high);
}

/* Where the way toward the recommended range ends; the current value when there is no way. */
static double
way_end(const HvBounds *bounds, double recommended_low, double recommended_high)
{
	double low, high;

	hv_bounds_interval(bounds, &low, &high);
	if (bounds->current > recommended_high)
		return fmax(recommended_high, low);
	if (bounds->current < recommended_low)
		return fmin(recommended_low, high);
	return bounds->current;
}

/*
 * Multiples are i * step, not sums of steps, so that they are the practical units exactly. Where
 * there are more than fit, every k-th is taken, so that the end is always among the targets.
 */
size_t
hv_bounds_grid(const HvBounds *bounds, double recommended_low, double recommended_high, double step,
               double *targets, size_t most)
{
	double c = bounds->current, end = way_end(bounds, recommended_low, recommended_high);
	double sign = end > c ? 1 : -1;
	size_t n = 0;

	if (most == 0 || !isfinite(c) || !isfinite(end) || end == c)
		return 0;
	if (isfinite(step) && step > 0 && most > 1)
	{
		double count = fabs(end - c) / step;
		double stride = sign * fmax(1, ceil(count / (double) (most - 1)));
		double margin = 1e-9 * step; /* a multiple that is an end but for rounding is no other */
		double i = sign > 0 ? floor((c + margin) / step) + 1 : ceil((c - margin) / step) - 1;

		for (; n + 1 < most && sign * (end - i * step) > margin; i += stride)
			targets[n++] = i * step;
	}
	targets[n++] = end;
	return n;
}
