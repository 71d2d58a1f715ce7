/*
 * latent.h: where the latent codes of many rows lie: mean and variance of the aggregate posterior.
 */
#ifndef HV_LATENT_H
#define HV_LATENT_H

#include "vae.h"

/*
 * Per dimension (of all stages, member 0 of each), over rows: the mean of the posterior means; the
 * variance of the posterior means plus the mean of the posterior variances. A dimension that the
 * network does not use has mean 0 and variance 1, the prior's.
 */
typedef struct HvLatent
{
	uint32_t n; /* dimensions; 0: not known */
	double *mean, *variance;
} HvLatent;

/* Over n records. `work` has room for some rows, and at least one. */
HvStatus hv_latent_measure(HvLatent *latent, const HvVae *vae, const HvBlas *blas,
                           const HvReal *records, size_t n, HvWork *work, const HvHost *host,
                           HvArena *arena);

/* The dimension that has moved furthest, and its index (drift.h). Both know the same dimensions. */
uint32_t hv_latent_drift(const HvLatent *then, const HvLatent *now, double *psi);

#endif
