/*
 * adam.c: the optimiser's state and its step count.
 *
 * The arithmetic over the vector is hv_adam_update (elementwise.c); here are the two bias
 * corrections 1 - beta^t, in double, because 1 - 0.999^1 has only four good digits in float.
 * Example, first step, lr 0.001: m = 0.1 g, v = 0.001 g^2, corrected m = g and v = g^2, so every
 * parameter moves by 0.001 against the sign of its gradient, whatever the size of it.
 */
#include <math.h>

#include "adam.h"
#include "elementwise.h"

HvStatus
hv_adam_init(HvAdam *adam, HvArena *arena, size_t n)
{
	adam->m = hv_new(arena, HvReal, n, 1);
	adam->v = hv_new(arena, HvReal, n, 1);
	if (adam->m == NULL || adam->v == NULL)
		return HV_NO_MEMORY;
	adam->n = n;
	adam->t = 0;
	adam->beta1 = (HvReal) 0.9;
	adam->beta2 = (HvReal) 0.999;
	adam->epsilon = (HvReal) 1e-8;
	adam->decay = 0;
	return HV_OK;
}

void
hv_adam_step(HvAdam *adam, HvReal *p, const HvReal *g, HvReal lr)
{
	double t;

	adam->t++;
	t = (double) adam->t;
	/* -expm1(t log beta) = 1 - beta^t without cancellation */
	hv_adam_update(p, g, adam->m, adam->v, adam->n, lr, adam->beta1, adam->beta2, adam->epsilon,
	               (HvReal) -expm1(t * log((double) adam->beta1)),
	               (HvReal) -expm1(t * log((double) adam->beta2)), adam->decay);
}

double
hv_clip_norm(HvReal *g, size_t n, double most)
{
	double norm = sqrt(hv_sum_squares(g, n));

	if (norm > most)
	{
		HvReal factor = (HvReal) (most / norm);

		for (size_t i = 0; i < n; i++)
			g[i] *= factor;
	}
	return norm;
}
