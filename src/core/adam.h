/*
 * adam.h: AdamW (Kingma & Ba 2015; Loshchilov & Hutter 2019) on one flat vector.
 *
 * With decay 0 it is exactly torch.optim.Adam: m = b1 m + (1-b1) g, v = b2 v + (1-b2) g^2,
 * p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
 */
#ifndef HV_ADAM_H
#define HV_ADAM_H

#include "arena.h"
#include "real.h"

typedef struct HvAdam
{
	HvReal *m; /* first and second moments, n each */
	HvReal *v;
	size_t n;
	uint64_t t; /* steps made */
	HvReal beta1, beta2, epsilon, decay;
} HvAdam;

/* Moments zero, t = 0, beta 0.9 / 0.999, epsilon 1e-8, no decay. */
HvStatus hv_adam_init(HvAdam *adam, HvArena *arena, size_t n);

/* One step: p and g have adam->n elements. */
void hv_adam_step(HvAdam *adam, HvReal *p, const HvReal *g, HvReal lr);

/* Scales g so that its Euclidean norm is at most `most`; returns the norm it had (double sums). */
double hv_clip_norm(HvReal *g, size_t n, double most);

#endif
