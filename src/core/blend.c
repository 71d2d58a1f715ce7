/*
 * blend.c: the calibration of a column, read.
 *
 * Example: share[] says that 5 % of the hidden cells lay below the predicted 8 % quantile. Then the
 * lower end of a 90 % interval is the predicted 8 % quantile: hv_blend_share(0.05) = 0.08.
 */
#include "blend.h"

const double hv_shares[HV_SHARES] = {0.01, 0.05, 0.1, 0.2, 0.3,  0.4, 0.5,
                                     0.6,  0.7,  0.8, 0.9, 0.95, 0.99};

void
hv_blend_default(HvBlend *blend, bool copula)
{
	blend->copula = copula ? 0.5f : 0;
	blend->network = copula ? 0.5f : 1;
	blend->stretch = 1;
	for (int i = 0; i < HV_SHARES; i++)
		blend->share[i] = (float) hv_shares[i];
}

double
hv_blend_share(const HvBlend *blend, double p)
{
	double from = 0, low = 0;

	for (int i = 0; i < HV_SHARES; i++)
	{
		if (p <= hv_shares[i])
			return low + (blend->share[i] - low) * (p - from) / (hv_shares[i] - from);
		from = hv_shares[i];
		low = blend->share[i];
	}
	return low + (1 - low) * (p - from) / (1 - from);
}
