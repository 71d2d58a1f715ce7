/*
 * noise_fit.c: correlations of normal numbers of which some are known and of others an interval.
 *
 * By Gibbs sampling: what is open of a row is drawn given the rest of it, one number after the other;
 * from the rows so filled come new correlations, and so on. The mean of the later rounds is the result.
 * (For ordered levels these are the polychoric correlations, of all pairs together, so that they make
 * a correlation matrix.)
 *
 * Given the others, number j is normal with mean -sum_{k != j} P_jk e_k / P_jj and variance 1 / P_jj, P
 * the inverse of the correlations.
 */
#include <math.h>
#include <string.h>

#include "dense.h"
#include "noise.h"
#include "rng.h"

#define FIT_KEY 0x6e6f6973

#define MOST_ROUNDS 24 /* the first half of them are not looked at */
#define LEAST_ROUNDS 6
#define MOST_CUBES 2e8 /* rounds × width^3, of wide tables */
#define PRIOR 50       /* rows without any correlation */
#define RIDGE 1e-3

typedef struct Fit
{
	const float *low, *high;
	size_t n;
	uint32_t width;
	const HvHost *host;
	double *e;         /* n × width */
	double *precision; /* width × width */
	double *cross;     /* width × width: sums of products; lower triangle */
	double *sum;       /* of the correlations of the later rounds */
	double *own;       /* of the known ones: standard deviations about 0 */
} Fit;

/* Known numbers at their value, in units of their standard deviation, others amid their interval. */
static void
start_rows(Fit *fit)
{
	for (uint32_t j = 0; j < fit->width; j++)
	{
		double square = 0;
		size_t known = 0;

		for (size_t i = 0; i < fit->n; i++)
		{
			double low = (double) fit->low[i * fit->width + j];
			double high = (double) fit->high[i * fit->width + j];

			fit->e[i * fit->width + j] = (low + high) / 2;
			known += low == high;
			square += low == high ? low * low : 0;
		}
		fit->own[j] = known > 0 && square > 0 ? sqrt(square / (double) known) : 1;
		for (size_t i = 0; i < fit->n; i++)
			if (fit->low[i * fit->width + j] == fit->high[i * fit->width + j])
				fit->e[i * fit->width + j] /= fit->own[j];
	}
}

/* precision = (R + ridge)^-1; false when the correlations are none. */
static bool
invert(Fit *fit, const double *correlation, double *room)
{
	size_t width = fit->width;

	memcpy(room, correlation, width * width * sizeof(double));
	for (size_t j = 0; j < width; j++)
		room[j * width + j] += RIDGE;
	if (!hv_factorise(room, width))
		return false;
	hv_invert_factor(room, width);
	for (size_t i = 0; i < width; i++)
		for (size_t j = 0; j <= i; j++)
		{
			double sum = 0;

			for (size_t k = i; k < width; k++)
				sum += room[k * width + i] * room[k * width + j];
			fit->precision[i * width + j] = fit->precision[j * width + i] = sum;
		}
	return true;
}

/* Draws what is open of a row, and adds its products. */
static void
draw_row(Fit *fit, size_t i, int round)
{
	size_t width = fit->width;
	const float *low = fit->low + i * width, *high = fit->high + i * width;
	double *e = fit->e + i * width;

	for (size_t j = 0; j < width; j++)
	{
		const double *p = fit->precision + j * width;
		double mean = 0;

		if (low[j] == high[j])
			continue;
		for (size_t k = 0; k < width; k++)
			mean -= p[k] * e[k];
		mean = mean / p[j] + e[j];
		e[j] = hv_noise_within(
			mean, 1 / sqrt(p[j]), (double) low[j], (double) high[j],
			hv_uniform(FIT_KEY, HV_STREAM(HV_RNG_DRAW, (uint64_t) i << 8 | (uint64_t) round), j));
	}
	for (size_t a = 0; a < width; a++)
		for (size_t b = 0; b <= a; b++)
			fit->cross[a * width + b] += e[a] * e[b];
}

/* cross becomes the correlations, about zero: the mean is the network's to learn. */
static void
correlate(Fit *fit)
{
	size_t width = fit->width;
	double *own = fit->own;

	for (size_t j = 0; j < width; j++)
		own[j] = sqrt(fmax(fit->cross[j * width + j] + PRIOR, 1e-12));
	for (size_t a = 0; a < width; a++)
		for (size_t b = 0; b <= a; b++)
		{
			double r = a == b ? 1 : fit->cross[a * width + b] / (own[a] * own[b]);

			fit->cross[a * width + b] = fit->cross[b * width + a] = r;
		}
}

HvStatus
hv_noise_correlate(const float *low, const float *high, size_t n, uint32_t width,
                   const HvHost *host, HvArena *arena, float *correlation)
{
	Fit fit = {.low = low, .high = high, .n = n, .width = width, .host = host};
	size_t size = (size_t) width * width;
	int rounds = (int) fmin(fmax(MOST_CUBES / pow(width, 3), LEAST_ROUNDS), MOST_ROUNDS);
	double *room = hv_new(arena, double, width, width);

	fit.e = hv_raw(arena, double, n, width);
	fit.precision = hv_new(arena, double, width, width);
	fit.cross = hv_new(arena, double, width, width);
	fit.sum = hv_new(arena, double, width, width);
	fit.own = hv_new(arena, double, width, 1);
	if (!room || !fit.e || !fit.precision || !fit.cross || !fit.sum || !fit.own)
		return HV_NO_MEMORY;
	start_rows(&fit);
	for (size_t j = 0; j < width; j++)
		fit.cross[j * width + j] = 1;
	for (int round = 0; round < rounds; round++)
	{
		if (!invert(&fit, fit.cross, room))
			return HV_DIVERGED;
		memset(fit.cross, 0, size * sizeof(double));
		for (size_t i = 0; i < n; i++)
		{
			if (i % 64 == 0)
				hv_check(host);
			draw_row(&fit, i, round);
		}
		correlate(&fit);
		for (size_t k = 0; k < size && round >= rounds / 2; k++)
			fit.sum[k] += fit.cross[k] / (rounds - rounds / 2);
	}
	for (uint32_t a = 0; a < width; a++)
		for (uint32_t b = 0; b <= a; b++)
			correlation[hv_triangle(a, b)] =
				a == b ? 1 : (float) fmin(fmax(fit.sum[a * width + b], -0.99), 0.99);
	return HV_OK;
}
