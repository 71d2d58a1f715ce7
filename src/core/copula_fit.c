/*
 * copula_fit.c: the Gaussian of copula.h, fitted by EM to rows with gaps.
 *
 * E: every row's gaps at their conditional mean, plus the conditional covariance of what is missing.
 * M: mean and covariance of that, a ridge on the diagonal, and its inverse. The large product goes
 * through BLAS in batches.
 */
#include <math.h>
#include <string.h>

#include "copula.h"
#include "dense.h"

#define ROUNDS 8        /* of EM: the third decimal of a correlation stands after some six */
#define MOST_ROWS 20000 /* rows that are looked at, evenly spread */
#define BATCH 256
#define RIDGE_ROWS 0.5 /* of features / rows is added to the ridge, for small tables */

typedef struct Fit
{
	const HvSchema *schema;
	const HvBlas *blas;
	HvCopula *copula;
	HvTies ties;
	size_t width;
	HvReal *batch;      /* BATCH×width filled rows */
	HvReal *product;    /* width×width: sum of x x^T */
	double *sum;        /* width */
	double *covariance; /* width×width: of the next round; first the missing cells' own part */
	double ridge;
} Fit;

static HvStatus
start_fit(Fit *fit, HvArena *arena)
{
	HvCopula *copula = fit->copula;
	size_t width = copula->width;

	copula->mean = hv_new(arena, float, width, 1);
	copula->scale = hv_new(arena, float, width, 1);
	copula->precision = hv_new(arena, float, width *(width + 1) / 2, 1);
	fit->batch = hv_new(arena, HvReal, BATCH, width);
	fit->product = hv_new(arena, HvReal, width, width);
	fit->sum = hv_new(arena, double, width, 1);
	fit->covariance = hv_new(arena, double, width, width);
	if (!copula->mean || !copula->scale || !copula->precision || !fit->batch || !fit->product ||
	    !fit->sum || !fit->covariance)
		return HV_NO_MEMORY;
	HV_TRY(hv_ties_init(&fit->ties, copula, arena));
	for (size_t i = 0; i < width; i++)
	{
		copula->scale[i] = 1;
		copula->precision[hv_triangle(i, i)] = 1;
	}
	return HV_OK;
}

/* Means and standard deviations of what is observed. */
static void
standardise(Fit *fit, const HvReal *records, size_t n, size_t step)
{
	HvCopula *copula = fit->copula;
	HvTies *ties = &fit->ties;
	double *square = ties->variance, *count = ties->work;

	memset(fit->sum, 0, fit->width * sizeof(double));
	memset(square, 0, fit->width * sizeof(double));
	memset(count, 0, fit->width * sizeof(double));
	for (size_t r = 0; r < n; r++)
	{
		hv_copula_read(fit->schema, records + r * step * fit->schema->width, ties->x,
		               ties->missing);
		for (size_t i = 0; i < fit->width; i++)
			if (!ties->missing[i])
			{
				count[i]++;
				fit->sum[i] += ties->x[i];
				square[i] += ties->x[i] * ties->x[i];
			}
	}
	for (size_t i = 0; i < fit->width; i++)
	{
		double mean = count[i] > 0 ? fit->sum[i] / count[i] : 0;
		double variance = count[i] > 0 ? square[i] / count[i] - mean * mean : 0;

		copula->mean[i] = (float) mean;
		copula->scale[i] = variance > 1e-6 ? (float) sqrt(variance) : 1;
	}
}

/* Adds the covariance of a row's missing cells, P_uu^-1 = L^-T L^-1 (L^-1 is in ties->room). */
static void
add_unknown(Fit *fit)
{
	const HvTies *ties = &fit->ties;
	uint32_t n = ties->nunknown;

	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = 0; b <= a; b++)
		{
			double sum = 0;

			for (uint32_t k = a; k < n; k++)
				sum += ties->room[k * n + a] * ties->room[k * n + b];
			fit->covariance[(size_t) ties->unknown[a] * fit->width + ties->unknown[b]] += sum;
		}
}

/* One round: fills every row under the present precision, and sums. */
static void
expect(Fit *fit, const HvReal *records, size_t n, size_t step, const HvHost *host)
{
	size_t width = fit->width;

	memset(fit->sum, 0, width * sizeof(double));
	memset(fit->product, 0, width * width * sizeof(HvReal));
	memset(fit->covariance, 0, width * width * sizeof(double));
	for (size_t first = 0; first < n; first += BATCH)
	{
		size_t rows = n - first < BATCH ? n - first : BATCH;

		hv_check(host);
		for (size_t r = 0; r < rows; r++)
		{
			hv_copula_condition(fit->copula, fit->schema,
			                    records + (first + r) * step * fit->schema->width, &fit->ties);
			add_unknown(fit);
			for (size_t i = 0; i < width; i++)
			{
				fit->batch[r * width + i] = (HvReal) fit->ties.x[i];
				fit->sum[i] += fit->ties.x[i];
			}
		}
		hv_gemm(fit->blas, true, false, width, width, rows, 1, fit->batch, width, fit->batch, width,
		        1, fit->product, width);
	}
}

/* The precision of the sums; false when the covariance is no covariance. */
static bool
maximise(Fit *fit, size_t n)
{
	HvCopula *copula = fit->copula;
	size_t width = fit->width;
	double *c = fit->covariance;

	for (size_t i = 0; i < width; i++)
	{
		double shift = fit->sum[i] / (double) n;

		for (size_t j = 0; j <= i; j++)
			c[i * width + j] = (c[i * width + j] + fit->product[i * width + j]) / (double) n -
			                   shift * fit->sum[j] / (double) n;
		c[i * width + i] += fit->ridge;
	}
	/* the mean moves in units of the scale */
	for (size_t i = 0; i < width; i++)
		copula->mean[i] += (float) (fit->sum[i] / (double) n * copula->scale[i]);
	if (!hv_factorise(c, width))
		return false;
	hv_invert_factor(c, width);
	for (size_t i = 0; i < width; i++)
		for (size_t j = 0; j <= i; j++)
		{
			double sum = 0;

			for (size_t k = i; k < width; k++)
				sum += c[k * width + i] * c[k * width + j];
			copula->precision[hv_triangle(i, j)] = (float) sum;
		}
	return true;
}

HvStatus
hv_copula_fit(HvCopula *copula, const HvSchema *schema, const HvBlas *blas, const HvReal *records,
              size_t n, double ridge, const HvHost *host, HvArena *arena)
{
	size_t step = (n + MOST_ROWS - 1) / MOST_ROWS;
	Fit fit = {.schema = schema, .blas = blas, .copula = copula};

	memset(copula, 0, sizeof(*copula));
	copula->width = hv_copula_width(schema);
	if (copula->width < 2 || copula->width > HV_MAX_COPULA || n < 2)
	{
		copula->width = 0;
		return HV_OK;
	}
	n = (n + step - 1) / step;
	fit.width = copula->width;
	fit.ridge = ridge + RIDGE_ROWS * (double) fit.width / (double) n;
	HV_TRY(start_fit(&fit, arena));
	standardise(&fit, records, n, step);
	for (int round = 0; round < ROUNDS; round++)
	{
		expect(&fit, records, n, step, host);
		if (!maximise(&fit, n))
			return HV_DIVERGED;
	}
	return HV_OK;
}
