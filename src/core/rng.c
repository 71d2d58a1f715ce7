/*
 * rng.c: Philox 4x32-10 and what is made of it: uniforms, normals, permutations; and a hash.
 *
 * Philox (philox.h) is a block cipher over a counter: block(key, stream, b) gives four 32-bit words.
 * A fill takes the number at position p from block p / 4, lane p % 4, never from where the fill happens to start:
 *
 *     hv_normals(key, stream, 0, all, 8)   positions 0…7   blocks 0 and 1
 *     hv_normals(key, stream, 6, two, 2)   positions 6, 7  block 1, lanes 2 and 3 = all[6], all[7]
 *
 * Uniforms and normals of one (key, stream) come from the same words, so a stream is used for one
 * thing only (HvPurpose in rng.h).
 */
#include <string.h>

#include "elementwise.h"
#include "philox.h"
#include "rng.h"

#define LANES PHILOX_LANES

void
hv_philox(uint64_t key, uint64_t stream, uint64_t at, uint32_t out[4])
{
	hv_philox_block(key, stream, at, &out[0], &out[1], &out[2], &out[3]);
}

double
hv_uniform(uint64_t key, uint64_t stream, uint64_t at)
{
	uint32_t word[LANES];

	hv_philox(key, stream, at / LANES, word);
	return word[at % LANES] * 0x1p-32;
}

/*
 * Positions at … at+n-1 from groups of HV_RANDOM_GROUP, whose arithmetic is always the same number
 * of vectors: so a number does not depend on where a fill starts or ends, to the last bit.
 */
static inline void
fill(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n,
     void (*group)(uint64_t key, uint64_t stream, uint64_t block, HvReal *out))
{
	HvReal number[HV_RANDOM_GROUP];

	while (n > 0)
	{
		size_t skip = (size_t) (at % LANES), some = HV_RANDOM_GROUP - skip;

		some = some < n ? some : n;
		if (some == HV_RANDOM_GROUP)
			group(key, stream, at / LANES, out);
		else
		{
			group(key, stream, at / LANES, number);
			memcpy(out, number + skip, some * sizeof(HvReal));
		}
		at += some;
		out += some;
		n -= some;
	}
}

void
hv_uniforms(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n)
{
	fill(key, stream, at, out, n, hv_uniform_group);
}

void
hv_normals(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n)
{
	fill(key, stream, at, out, n, hv_normal_group);
}

/* floor(word / 2^64 * bound): unbiased to 2^-32 even at the largest bound. */
static uint32_t
below(const uint32_t word[2], uint32_t bound)
{
	uint64_t low = ((uint64_t) word[0] * bound) >> 32;

	return (uint32_t) (((uint64_t) word[1] * bound + low) >> 32);
}

void
hv_shuffle(uint64_t key, uint64_t stream, uint32_t *order, size_t n)
{
	uint32_t word[LANES];

	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t) i;
	for (size_t i = n; i-- > 1;)
	{
		size_t other;

		hv_philox(key, stream, i, word);
		other = below(word, (uint32_t) (i + 1));

		uint32_t kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every bit depends on all. */
static inline uint64_t
mix(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
	h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
	return h ^ (h >> 31);
}

/* Up to 8 bytes as a little-endian number, the same on every machine. */
static inline uint64_t
load(const uint8_t *bytes, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t) bytes[i] << (8 * i);
	return word;
}

uint64_t
hv_hash(const void *bytes, size_t length, uint64_t seed)
{
	const uint8_t *at = bytes;
	uint64_t h = mix(seed + 0x9E3779B97F4A7C15u) ^ (uint64_t) length;

	for (; length >= 8; at += 8, length -= 8)
		h = mix((h ^ load(at, 8)) + 0x9E3779B97F4A7C15u);
	if (length > 0)
		h = mix((h ^ load(at, length)) + 0x9E3779B97F4A7C15u);
	return mix(h);
}
