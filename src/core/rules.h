/*
 * rules.h: what may move, how far, and the check that nothing ever moves further.
 *
 * For one person and one action with current value c the catalogue gives floors, caps, closed
 * directions and prohibitions. The interval in which a target may lie is
 *
 *     [ min(c, largest floor) , max(c, smallest cap) ]
 *
 * cut to c on a closed side. It always holds c: where the person already is beyond a bound, the
 * only way is back. Example, sodium, floor 1500, cap 1500: c = 3400 gives [1500, 3400],
 * c = 1000 gives [1000, 1500].
 *
 * The search walks a grid of practical units inside the interval and toward the recommended range,
 * and hv_bounds_allow is asked again for every target that is given out.
 */
#ifndef HV_RULES_H
#define HV_RULES_H

#include <stdbool.h>

#include "status.h"

typedef struct HvBounds
{
	double current;
	double floor, cap; /* -inf, inf when there is none */
	bool forbidden;    /* no advice on this action */
	bool no_increase, no_decrease;
} HvBounds;

void hv_bounds_init(HvBounds *bounds, double current);
void hv_bounds_floor(HvBounds *bounds, double floor); /* NaN closes the direction down */
void hv_bounds_cap(HvBounds *bounds, double cap);     /* NaN closes the direction up */

/* The interval; [c, c] when forbidden or when c is not finite. */
void hv_bounds_interval(const HvBounds *bounds, double *low, double *high);

/* Whether a target is allowed: within the interval, up to rounding of 1e-9 relative. */
bool hv_bounds_allow(const HvBounds *bounds, double target);

/*
 * The targets worth trying: multiples of `step` strictly between the current value and the far end
 * of the way toward [recommended_low, recommended_high], plus that end itself, within the
 * interval; nearest first. None when the current value is inside the recommended range.
 * Writes at most `most` targets, returns how many.
 */
size_t hv_bounds_grid(const HvBounds *bounds, double recommended_low, double recommended_high,
                      double step, double *targets, size_t most);

#endif
