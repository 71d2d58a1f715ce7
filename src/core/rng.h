/*
 * rng.h: counter-based random numbers (Philox 4x32-10, Salmon et al., SC 2011).
 *
 * There is no generator state: a number is a function of (key, stream, position). So the noise of
 * row 17 in epoch 3 is the same whichever worker computes it, in whatever order, and a training
 * repeats bit by bit from its seed.
 *
 * `key` is the user's seed; `stream` separates purposes and epochs (HV_STREAM below, in the high
 * byte); `at` is the position, usually row * width + column.
 */
#ifndef HV_RNG_H
#define HV_RNG_H

#include "real.h"
#include "status.h"

typedef enum HvPurpose
{
	HV_RNG_INIT = 1,  /* initial weights */
	HV_RNG_SHUFFLE,   /* order of the rows in an epoch */
	HV_RNG_NOISE,     /* z = mu + sigma * noise while training */
	HV_RNG_MASK,      /* cells hidden while training */
	HV_RNG_BOOTSTRAP, /* weights of the rows for a member of the ensemble */
	HV_RNG_USE,       /* draws when the model is used */
	HV_RNG_SAMPLE,    /* reservoir of the statistics */
	HV_RNG_FOREST,    /* rows and cuts of an isolation forest */
	HV_RNG_DRAW       /* new records */
} HvPurpose;

#define HV_STREAM(purpose, n) (((uint64_t) (purpose) << 56) | (uint64_t) (n))

/* The block cipher itself: 4 random words of a 64-bit key and a 128-bit counter. */
void hv_philox(uint64_t key, uint64_t stream, uint64_t at, uint32_t out[4]);

/* One uniform number in [0, 1). */
double hv_uniform(uint64_t key, uint64_t stream, uint64_t at);

/* out[i] = uniform or standard normal number at position at + i (Box-Muller for the normals). */
void hv_uniforms(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n);
void hv_normals(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n);

/* order[0..n) becomes a random permutation of 0..n-1 (Fisher-Yates). */
void hv_shuffle(uint64_t key, uint64_t stream, uint32_t *order, size_t n);

/* 64-bit hash of bytes: to tell rows apart (held-out rows, distinct values), not for security. */
uint64_t hv_hash(const void *bytes, size_t length, uint64_t seed);

#endif
