/*
 * evidence.c: arithmetic on normal beliefs.
 *
 * Owns: how much a trial is worth here. A trial's change was supervised and measured, a record's is
 * recalled: one day of food, exercise as remembered. So a trial's mean counts with its own standard
 * deviation and with TRANSPORT of itself.
 */
#include "evidence.h"

#include <math.h>

#define TRANSPORT 1.0

HvBelief
hv_belief_join(HvBelief a, HvBelief b)
{
	double precision = 1 / a.variance + 1 / b.variance;

	if (!(a.variance > 0))
		return a;
	if (!(b.variance > 0))
		return b;
	return (HvBelief){(a.mean / a.variance + b.mean / b.variance) / precision, 1 / precision};
}

HvBelief
hv_belief_average(HvBelief a, HvBelief b)
{
	double share = sqrt(b.variance) / (sqrt(a.variance) + sqrt(b.variance)); /* of a */
	double apart = a.mean - b.mean;

	if (!(a.variance + b.variance > 0))
		return a;
	return (HvBelief){share * a.mean + (1 - share) * b.mean,
	                  share * a.variance + (1 - share) * b.variance +
	                      share * (1 - share) * apart * apart};
}

HvBelief
hv_belief_shrink(HvBelief finding, double expected, double spread)
{
	double own = fmax(0, finding.mean * finding.mean - finding.variance);

	return hv_belief_join(finding, (HvBelief){expected, spread * spread + own});
}

HvBelief
hv_belief_slope(double slope, double sd, double change, bool foreign)
{
	double mean = slope * change, carried = foreign ? TRANSPORT * mean : 0;

	return (HvBelief){mean, sd * sd * change * change + carried * carried};
}
