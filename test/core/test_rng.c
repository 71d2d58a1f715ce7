/*
 * test_rng.c: Philox against the known answers of the Random123 distribution (kat_vectors,
 * philox4x32 10 rounds); that a number depends on its position only; moments; permutations; hash.
 */
#include "hv_test.h"
#include "rng.h"

#define N 400000

static HvReal numbers[N];

static bool
philox_is(const uint32_t counter[4], const uint32_t key[2], const uint32_t answer[4])
{
	uint32_t out[4];

	hv_philox(key[0] | (uint64_t) key[1] << 32, counter[2] | (uint64_t) counter[3] << 32,
	          counter[0] | (uint64_t) counter[1] << 32, out);
	return memcmp(out, answer, sizeof(out)) == 0;
}

static void
known_answers(void)
{
	const uint32_t zero[4] = {0}, ones[4] = {~0u, ~0u, ~0u, ~0u};
	const uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
	const uint32_t pi_key[2] = {0xa4093822, 0x299f31d0};

	ok(philox_is(zero, zero, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}),
	   "known answer: zeroes");
	ok(philox_is(ones, ones, (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}),
	   "known answer: ones");
	ok(philox_is(pi, pi_key, (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}),
	   "known answer: digits of pi");
}

static void
positions(void)
{
	HvReal slice[32];
	bool uniforms = true, normals = true, singles = true;
	uint64_t far = UINT64_C(0xFFFFFFFF0);

	for (int kind = 0; kind < 2; kind++)
	{
		void (*fill)(uint64_t, uint64_t, uint64_t, HvReal *, size_t) =
			kind == 0 ? hv_uniforms : hv_normals;
		bool same = true;

		fill(7, 9, far, numbers, 64);
		for (size_t at = 0; at < 32; at++)
			for (size_t n = 0; n <= 32; n++)
			{
				fill(7, 9, far + at, slice, n);
				same = same && memcmp(slice, numbers + at, n * sizeof(HvReal)) == 0;
			}
		*(kind == 0 ? &uniforms : &normals) = same;
		for (size_t i = 0; kind == 0 && i < 64; i++)
			singles = singles && fabs(hv_uniform(7, 9, far + i) - numbers[i]) < 0x1p-23;
	}
	ok(uniforms, "a uniform depends on its position only");
	ok(normals, "a normal depends on its position only");
	ok(singles, "hv_uniform is hv_uniforms at one position");
	ok(hv_uniform(1, 0, 0) != hv_uniform(2, 0, 0) && hv_uniform(1, 0, 0) != hv_uniform(1, 1, 0) &&
	       hv_uniform(1, 0, 0) != hv_uniform(UINT64_C(1) << 32, 0, 0),
	   "keys and streams differ");
}

/* Mean of f^power over the numbers less `center`. */
static double
moment(double center, int power)
{
	double sum = 0;

	for (size_t i = 0; i < N; i++)
		sum += pow(numbers[i] - center, power);
	return sum / N;
}

static double
lag_correlation(double center, double variance, size_t lag)
{
	double sum = 0;

	for (size_t i = 0; i + lag < N; i++)
		sum += (numbers[i] - center) * (numbers[i + lag] - center);
	return sum / (double) (N - lag) / variance;
}

static void
uniform_moments(void)
{
	int bins[20] = {0};
	double chi2 = 0, least = 1, most = 0;

	hv_uniforms(42, HV_STREAM(HV_RNG_MASK, 3), 5, numbers, N);
	for (size_t i = 0; i < N; i++)
	{
		least = fmin(least, numbers[i]);
		most = fmax(most, numbers[i]);
		bins[(int) (numbers[i] * 20)]++;
	}
	for (int i = 0; i < 20; i++)
		chi2 += pow(bins[i] - N / 20.0, 2) / (N / 20.0);
	ok(least >= 0 && most < 1 && most > 0.9999, "uniforms lie in [0, 1)");
	/* 5 standard errors each */
	ok(near(moment(0, 1), 0.5, 5 * sqrt(1.0 / 12 / N)), "mean 1/2");
	ok(near(moment(0.5, 2), 1.0 / 12, 5 * sqrt(1.0 / 180 / N)), "variance 1/12");
	ok(chi2 < 50, "20 bins, chi-square %.1f with 19 degrees of freedom", chi2);
	for (size_t lag = 1; lag <= 4; lag++)
		ok(fabs(lag_correlation(0.5, 1.0 / 12, lag)) < 5 / sqrt(N), "no correlation at lag %zu",
		   lag);
}

static void
normal_moments(void)
{
	double most = 0;
	size_t beyond = 0;

	hv_normals(42, HV_STREAM(HV_RNG_NOISE, 3), 1, numbers, N);
	for (size_t i = 0; i < N; i++)
	{
		most = fmax(most, fabs(numbers[i]));
		beyond += fabs(numbers[i]) > 1.959963985;
	}
	ok(near(moment(0, 1), 0, 5 / sqrt(N)), "normals: mean 0");
	ok(near(moment(0, 2), 1, 5 * sqrt(2.0 / N)), "variance 1");
	ok(near(moment(0, 3), 0, 5 * sqrt(15.0 / N)), "skewness 0");
	ok(near(moment(0, 4), 3, 5 * sqrt(96.0 / N) / 3), "fourth moment 3");
	ok(near((double) beyond / N, 0.05, 5 * sqrt(0.05 * 0.95 / N)), "5 %% beyond 1.96");
	ok(most > 4 && most < 6.9, "the largest is %.2f", most);
	for (size_t lag = 1; lag <= 4; lag++)
		ok(fabs(lag_correlation(0, 1, lag)) < 5 / sqrt(N), "no correlation at lag %zu", lag);
}

static void
permutations(void)
{
	uint32_t order[1000], again[1000];
	int seen[1000] = {0}, counts[24] = {0}, once = 0;
	double chi2 = 0;

	hv_shuffle(1, 2, order, 1000);
	hv_shuffle(1, 2, again, 1000);
	for (size_t i = 0; i < 1000; i++)
		seen[order[i]]++;
	for (size_t i = 0; i < 1000; i++)
		once += seen[i] == 1;
	ok(once == 1000, "a shuffle is a permutation");
	ok(memcmp(order, again, sizeof(order)) == 0, "the same for the same key and stream");
	hv_shuffle(1, 3, again, 1000);
	ok(memcmp(order, again, sizeof(order)) != 0, "another for another stream");

	for (uint64_t stream = 0; stream < 24000; stream++)
	{
		uint32_t p[4];
		int code = 0;

		/* Lehmer code: how many later ones are smaller */
		hv_shuffle(5, stream, p, 4);
		for (int i = 0; i < 4; i++)
		{
			int smaller = 0;

			for (int j = i + 1; j < 4; j++)
				smaller += p[j] < p[i];
			code = code * (4 - i) + smaller;
		}
		counts[code]++;
	}
	for (int i = 0; i < 24; i++)
		chi2 += pow(counts[i] - 1000, 2) / 1000;
	ok(chi2 < 60, "the 24 orders of 4 are equally likely, chi-square %.1f", chi2);
	hv_shuffle(1, 2, order, 1);
	ok(order[0] == 0, "one element");
	hv_shuffle(1, 2, NULL, 0);
	ok(true, "none");
}

/* Share of the 64 result bits that change when one input bit does. */
static double
avalanche(size_t length)
{
	uint8_t bytes[32];
	size_t changed = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t) (i * 37);
	for (size_t bit = 0; bit < 8 * length; bit++)
	{
		uint64_t before = hv_hash(bytes, length, 0);

		bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
		changed += (size_t) __builtin_popcountll(before ^ hv_hash(bytes, length, 0));
		bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
	}
	return (double) changed / (double) (64 * 8 * length);
}

static void
hashes(void)
{
	int bins[16] = {0};
	double chi2 = 0;
	uint64_t unaligned[2] = {0};

	for (uint64_t i = 0; i < 16000; i++)
		bins[hv_hash(&i, sizeof(i), 0) >> 60]++;
	for (int i = 0; i < 16; i++)
		chi2 += pow(bins[i] - 1000, 2) / 1000;
	ok(chi2 < 45, "high bits of hashed counts are even, chi-square %.1f", chi2);
	for (size_t length = 1; length <= 32; length += length < 9 ? 1 : 23)
		ok(fabs(avalanche(length) - 0.5) < 0.06, "a changed bit of %zu bytes changes half", length);
	ok(hv_hash("", 0, 0) != hv_hash("\0", 1, 0) && hv_hash("\0", 1, 0) != hv_hash("\0\0", 2, 0),
	   "the length counts");
	ok(hv_hash("abc", 3, 0) != hv_hash("abc", 3, 1), "the seed counts");
	memcpy((char *) unaligned + 1, "health", 6);
	ok(hv_hash((char *) unaligned + 1, 6, 1) == hv_hash("health", 6, 1), "the address does not");
	/* Held-out rows are chosen by it for life: a changed hash is a changed format. */
	ok(hv_hash("hadvice", 7, 0) == UINT64_C(0x98794155298f93d8), "pinned: %016llx",
	   (unsigned long long) hv_hash("hadvice", 7, 0));
	ok(hv_hash("a longer text than eight bytes", 30, 99) == UINT64_C(0x09f07adb31cb929a),
	   "pinned: %016llx", (unsigned long long) hv_hash("a longer text than eight bytes", 30, 99));
}

static void
speed(void)
{
	double start = test_seconds();

	hv_normals(1, 1, 0, numbers, N);
	note("hv_normals %.1f ns a number", (test_seconds() - start) / N * 1e9);
	start = test_seconds();
	hv_uniforms(1, 1, 0, numbers, N);
	note("hv_uniforms %.1f ns a number", (test_seconds() - start) / N * 1e9);
}

int
main(void)
{
	known_answers();
	positions();
	uniform_moments();
	normal_moments();
	permutations();
	hashes();
	speed();
	return done_testing();
}
