/*
 * sample_bend.c: quantiles of what is drawn, bent onto those of the column.
 *
 * Worked example: of a number's scores as drawn, 2.3 % lie below -1.8, where it should be -2: the point
 * of the bends at score -2 is -1.8, and -1.8 as drawn becomes -2.
 */
#include "sample.h"

double
hv_bent(const float *bend, double score)
{
	uint32_t low = 0, high = HV_BENDS - 1;
	double first = -(HV_BENDS - 1) / 2 * HV_BEND_STEP;

	if (score <= (double) bend[0])
		return first + (score - (double) bend[0]);
	if (score >= (double) bend[high])
		return -first + (score - (double) bend[high]);
	while (high - low > 1)
	{
		uint32_t middle = (low + high) / 2;

		if ((double) bend[middle] <= score)
			low = middle;
		else
			high = middle;
	}
	return first + HV_BEND_STEP * (low + (score - (double) bend[low]) /
	                                         ((double) bend[high] - (double) bend[low]));
}

double
hv_unbent(const float *bend, double score)
{
	double at = score / HV_BEND_STEP + (HV_BENDS - 1) / 2;
	uint32_t low;

	if (at <= 0)
		return (double) bend[0] + at * HV_BEND_STEP;
	if (at >= HV_BENDS - 1)
		return (double) bend[HV_BENDS - 1] + (at - (HV_BENDS - 1)) * HV_BEND_STEP;
	low = (uint32_t) at;
	return (double) bend[low] + (at - low) * ((double) bend[low + 1] - (double) bend[low]);
}
