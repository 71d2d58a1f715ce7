/*
 * latent.c: where the latent codes of many rows lie.
 *
 * Columns can each look as they did while they no longer go together as they did: that moves the
 * codes. Example: dimension 3 had mean 0.1 and variance 1.0, now 0.8 and 1.0: its index is 0.49.
 */
#include "latent.h"

#include <math.h>

#include "drift.h"
#include "elementwise.h"
#include "predict.h"

/* Clamped as in the reparametrisation. */
static double
variance_of(double logvar)
{
	return exp(fmax(HV_LOGVAR_MIN, fmin(HV_LOGVAR_MAX, logvar)));
}

/* Sums over n rows of one stage, into the dimensions from `at` on. */
static void
add_codes(HvLatent *latent, size_t at, const HvReal *code, size_t n, size_t size, double *spread)
{
	for (size_t r = 0; r < n; r++, code += 2 * size)
		for (size_t d = 0; d < size; d++)
		{
			latent->mean[at + d] += code[d];
			latent->variance[at + d] += (double) code[d] * code[d];
			spread[at + d] += variance_of(code[size + d]);
		}
}

HvStatus
hv_latent_measure(HvLatent *latent, const HvVae *vae, const HvBlas *blas, const HvReal *records,
                  size_t n, HvWork *work, const HvHost *host, HvArena *arena)
{
	size_t size = hv_embedding_size(vae), width = vae->schema->width;
	double *spread = hv_new(arena, double, size, 1);

	latent->n = (uint32_t) size;
	latent->mean = hv_new(arena, double, size, 1);
	latent->variance = hv_new(arena, double, size, 1);
	if (!spread || !latent->mean || !latent->variance)
		return HV_NO_MEMORY;
	for (size_t first = 0, rows; first < n; first += rows)
	{
		size_t at = 0;

		hv_check(host);
		rows = n - first < work->rows ? n - first : work->rows;
		for (uint32_t s = 0; s < vae->schema->nstages; s++)
		{
			const HvBlock *block = hv_vae_block(vae, s, 0);

			hv_encoder_forward(vae, block, blas, records + first * width, width, rows, work);
			add_codes(latent, at, work->code, rows, block->latent, spread);
			at += block->latent;
		}
	}
	for (size_t d = 0; d < size && n > 0; d++)
	{
		latent->mean[d] /= (double) n;
		latent->variance[d] =
			fmax(0, latent->variance[d] / (double) n - latent->mean[d] * latent->mean[d]) +
			spread[d] / (double) n;
	}
	return HV_OK;
}

uint32_t
hv_latent_drift(const HvLatent *then, const HvLatent *now, double *psi)
{
	uint32_t worst = 0;

	*psi = 0;
	for (uint32_t d = 0; d < then->n && d < now->n; d++)
	{
		double moved =
			hv_drift_normal(then->mean[d], then->variance[d], now->mean[d], now->variance[d]);

		if (moved > *psi)
		{
			*psi = moved;
			worst = d;
		}
	}
	return worst;
}
