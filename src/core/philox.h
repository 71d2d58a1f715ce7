/*
 * philox.h: the block cipher behind rng.h (Philox 4x32-10, Salmon, Moraes, Dror, Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011), for rng.c and elementwise.c.
 *
 * Inline and without a branch, so that a loop over consecutive blocks becomes vector code.
 */
#ifndef HV_PHILOX_H
#define HV_PHILOX_H

#include "status.h"

/* The paper's multipliers, and its Weyl constants (golden ratio, sqrt(3) - 1) for the key. */
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define PHILOX_ROUNDS 10
#define PHILOX_LANES 4 /* words of a block */

/* The words of one block, each to its own address. */
static inline void
hv_philox_block(uint64_t key, uint64_t stream, uint64_t at, uint32_t *w0, uint32_t *w1,
                uint32_t *w2, uint32_t *w3)
{
	uint32_t k0 = (uint32_t) key, k1 = (uint32_t) (key >> 32);
	uint32_t c0 = (uint32_t) at, c1 = (uint32_t) (at >> 32);
	uint32_t c2 = (uint32_t) stream, c3 = (uint32_t) (stream >> 32);

	for (int round = 0; round < PHILOX_ROUNDS; round++)
	{
		uint64_t product0 = (uint64_t) PHILOX_M0 * c0;
		uint64_t product1 = (uint64_t) PHILOX_M1 * c2;

		c0 = (uint32_t) (product1 >> 32) ^ c1 ^ k0;
		c1 = (uint32_t) product1;
		c2 = (uint32_t) (product0 >> 32) ^ c3 ^ k1;
		c3 = (uint32_t) product0;
		k0 += PHILOX_W0;
		k1 += PHILOX_W1;
	}
	*w0 = c0;
	*w1 = c1;
	*w2 = c2;
	*w3 = c3;
}

#endif
