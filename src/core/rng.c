/*
 * rng.c: Philox 4x32-10 and what is made of it: uniforms, normals, permutations; and a hash.
 *
 * Philox (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) is a
 * block cipher over a counter: block(key, stream, b) gives four 32-bit words. A fill takes the
 * number at position p from block p / 4, lane p % 4, never from where the fill happens to start:
 *
 *     hv_normals(key, stream, 0, all, 8)   positions 0…7   blocks 0 and 1
 *     hv_normals(key, stream, 6, two, 2)   positions 6, 7  block 1, lanes 2 and 3 = all[6], all[7]
 *
 * Uniforms and normals of one (key, stream) come from the same words, so a stream is used for one
 * thing only (HvPurpose in rng.h).
 */
#include <math.h>

#include "rng.h"

#ifdef HV_DOUBLE
#define REAL(name) name
#else
#define REAL(name) name##f
#endif

/* The paper's multipliers, and its Weyl constants (golden ratio, sqrt(3) - 1) for the key. */
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define ROUNDS 10

#define LANES 4

void
hv_philox(uint64_t key, uint64_t stream, uint64_t at, uint32_t out[4])
{
	uint32_t k0 = (uint32_t) key, k1 = (uint32_t) (key >> 32);
	uint32_t c0 = (uint32_t) at, c1 = (uint32_t) (at >> 32);
	uint32_t c2 = (uint32_t) stream, c3 = (uint32_t) (stream >> 32);

	for (int round = 0; round < ROUNDS; round++)
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
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

double
hv_uniform(uint64_t key, uint64_t stream, uint64_t at)
{
	uint32_t word[LANES];

	hv_philox(key, stream, at / LANES, word);
	return word[at % LANES] * 0x1p-32;
}

/* 24 bits, as many as a float holds: so rounding never makes a 1, and double gets the same. */
static void
uniform_block(const uint32_t word[LANES], HvReal out[LANES])
{
	for (int lane = 0; lane < LANES; lane++)
		out[lane] = (HvReal) (word[lane] >> 8) * (HvReal) 0x1p-24;
}

/*
 * Box & Muller (1958): radius sqrt(-2 log u), angle 2 pi v; two pairs a block. The half keeps u
 * above 0; the largest normal there is is 6.8.
 */
static void
normal_block(const uint32_t word[LANES], HvReal out[LANES])
{
	for (int pair = 0; pair < LANES; pair += 2)
	{
		HvReal u = ((HvReal) word[pair] + (HvReal) 0.5) * (HvReal) 0x1p-32;
		HvReal angle = (HvReal) word[pair + 1] * (HvReal) (6.283185307179586 * 0x1p-32);
		HvReal radius = REAL(sqrt)(-2 * REAL(log)(u));

		out[pair] = radius * REAL(cos)(angle);
		out[pair + 1] = radius * REAL(sin)(angle);
	}
}

/* Positions at … at+n-1, block by block; the first and the last block may be used in part. */
static inline void
fill(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n,
     void (*block)(const uint32_t word[LANES], HvReal out[LANES]))
{
	uint32_t word[LANES];
	HvReal number[LANES];
	size_t done = 0;

	while (done < n)
	{
		size_t lane = (size_t) ((at + done) % LANES);

		hv_philox(key, stream, (at + done) / LANES, word);
		if (lane == 0 && n - done >= LANES)
		{
			block(word, out + done);
			done += LANES;
			continue;
		}
		block(word, number);
		while (lane < LANES && done < n)
			out[done++] = number[lane++];
	}
}

void
hv_uniforms(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n)
{
	fill(key, stream, at, out, n, uniform_block);
}

void
hv_normals(uint64_t key, uint64_t stream, uint64_t at, HvReal *out, size_t n)
{
	fill(key, stream, at, out, n, normal_block);
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
