/*
 * accord.c: residuals of a record's cells given all others, a row at a time.
 *
 * With P the precision of the standardised features, and what is missing at its expectation, (P x)_i / P_ii
 * is the deviation of x_i from its conditional mean, and 1 / P_ii the variance. The features of a category
 * are looked at together, since each of them follows from the others: P_cc^-1 (P x)_c is how far they are
 * from what the rest of the record lets expect.
 *
 * Worked example: age and weight with correlation .8, P = (2.78 -2.22; -2.22 2.78). At age 1 and weight
 * -1 the pull of weight is -2.22 - 2.78 = -5, its residual 5 / sqrt 2.78 = 3.
 */
#include "accord.h"

#include <math.h>
#include <string.h>

#include "dense.h"
#include "elementwise_few.h"
#include "encode.h"

#define LEAST_SHARE 2e-3 /* of a category: a line may fall below 0 */
#define LEAST_VALUE 1e-3 /* of the smallest seen, where logarithms are taken */
#define MOST_PLAIN 1e4   /* standard deviations */

/* ---- scales ---- */

static double
on_scale(const HvColumn *column, HvScale scale, double value)
{
	if (scale == HV_SCALE_LOG && column->min > 0)
		return log(fmax(value / column->min, LEAST_VALUE));
	if (scale == HV_SCALE_LOG && column->min == 0 && column->mean > 0)
		return log1p(fmax(value, 0) / column->mean);
	value = (value - column->mean) / fmax(column->sd, 1e-300);
	return fmin(fmax(value, -MOST_PLAIN), MOST_PLAIN);
}

static bool
is_scaled(const HvColumn *column)
{
	return !hv_has_levels(column) && column->kind != HV_EMBEDDING;
}

static double
value_of(const HvColumn *column, const HvReal *record)
{
	return hv_decode_number(column, (double) record[column->x_at]);
}

void
hv_accord_rescale(const HvSchema *schema, HvScale scale, const HvReal *record, HvReal *scaled)
{
	memcpy(scaled, record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns && scale != HV_SCALE_SCORE; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (is_scaled(column) && record[column->m_at] != 0)
			scaled[column->x_at] = (HvReal) on_scale(column, scale, value_of(column, record));
	}
}

/* The same into work->scaled, of a record whose values have been read. */
static void
rescale(HvAccordWork *work, HvScale scale, const HvReal *record)
{
	memcpy(work->scaled, record, work->schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < work->schema->ncolumns && scale != HV_SCALE_SCORE; j++)
	{
		const HvColumn *column = &work->schema->columns[j];

		if (is_scaled(column) && record[column->m_at] != 0)
			work->scaled[column->x_at] = (HvReal) on_scale(column, scale, work->value[j]);
	}
}

/* ---- tables that are made once ---- */

static size_t
block_size(const HvSchema *schema)
{
	size_t size = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
		if (schema->columns[j].kind == HV_CATEGORICAL)
			size += (size_t) schema->columns[j].width * schema->columns[j].width;
	return size;
}

/* P_cc^-1 of each category, from the precision's diagonal blocks. */
static void
invert_blocks(const HvAccordWork *work, HvTied *tied)
{
	double *block = tied->block;
	uint32_t at = 0;

	for (uint32_t j = 0; j < work->schema->ncolumns; j++)
	{
		const HvColumn *column = &work->schema->columns[j];
		size_t n = hv_copula_features(column);
		double *l = work->factor;

		if (column->kind == HV_CATEGORICAL)
		{
			for (size_t a = 0; a < n; a++)
				for (size_t b = 0; b < n; b++)
					l[a * n + b] = (double) tied->precision[(at + a) * work->width + at + b];
			if (hv_factorise(l, n))
				hv_invert_factor(l, n);
			else
				memset(l, 0, n * n * sizeof(double));
			for (size_t a = 0; a < n; a++)
				for (size_t b = 0; b < n; b++)
				{
					block[a * n + b] = 0;
					for (size_t k = a > b ? a : b; k < n; k++)
						block[a * n + b] += l[k * n + a] * l[k * n + b];
				}
			block += n * n;
		}
		at += (uint32_t) n;
	}
}

static bool
is_own(const HvAccordWork *work, HvScale scale, uint32_t j)
{
	return work->accord->scale != NULL && work->accord->scale[j] == scale;
}

/* The rows of the columns that are judged on a scale, one after the other. */
static void
gather_own(const HvAccordWork *work, HvScale scale, HvTied *tied)
{
	size_t width = work->width, at = 0;

	for (uint32_t j = 0; j < work->schema->ncolumns; j++)
	{
		size_t n = hv_copula_features(&work->schema->columns[j]);

		if (is_own(work, scale, j))
		{
			memcpy(tied->own + tied->nown * width, tied->precision + at * width,
			       n * width * sizeof(HvReal));
			tied->nown += (uint32_t) n;
		}
		at += n;
	}
}

static HvStatus
init_tied(HvAccordWork *work, HvScale scale, const HvCopula *copula, HvArena *arena)
{
	HvTied *tied = &work->tied[scale];
	size_t width = work->width;

	tied->precision = hv_new(arena, HvReal, width + 1, width + 1);
	tied->own = hv_new(arena, HvReal, width + 1, width + 1);
	tied->shift = hv_new(arena, HvReal, width + 1, 1);
	tied->unit = hv_new(arena, HvReal, width + 1, 1);
	tied->stiff = hv_new(arena, HvReal, width + 1, 1);
	tied->block = hv_new(arena, double, block_size(work->schema) + 1, 1);
	if (!tied->precision || !tied->own || !tied->shift || !tied->unit || !tied->stiff ||
	    !tied->block)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < width; i++)
	{
		tied->shift[i] = copula->mean[i];
		tied->unit[i] = 1 / (HvReal) copula->scale[i];
		for (size_t k = 0; k < width; k++)
			tied->precision[i * width + k] = copula->precision[hv_triangle(i, k)];
		tied->stiff[i] = (HvReal) sqrt(fmax((double) tied->precision[i * width + i], 1e-6));
	}
	invert_blocks(work, tied);
	gather_own(work, scale, tied);
	return HV_OK;
}

HvStatus
hv_accord_init(HvAccordWork *work, const HvAccord *accord, const HvSchema *schema, HvArena *arena)
{
	size_t width = accord->ties[HV_SCALE_SCORE].width;

	memset(work, 0, sizeof(*work));
	work->schema = schema;
	work->accord = accord;
	work->width = (uint32_t) width;
	work->value = hv_new(arena, double, schema->ncolumns, 1);
	work->scaled = hv_new(arena, HvReal, schema->width, 1);
	work->x = hv_new(arena, HvReal, width + 1, 1);
	work->pull = hv_new(arena, HvReal, width + 1, 1);
	work->unknown = hv_new(arena, uint32_t, width + 1, 1);
	work->factor = hv_raw(arena, double, width + 1, width + 1);
	work->fill = hv_new(arena, double, width + 1, 1);
	if (!work->value || !work->scaled || !work->x || !work->pull || !work->unknown ||
	    !work->factor || !work->fill)
		return HV_NO_MEMORY;
	for (int s = 0; s < HV_SCALES; s++)
		if (accord->ties[s].width == width)
			HV_TRY(init_tied(work, (HvScale) s, &accord->ties[s], arena));
	return HV_OK;
}

/* ---- a record ---- */

/* work->x, missing ones 0; how many are missing. */
static uint32_t
read_features(HvAccordWork *work, const HvTied *tied)
{
	uint32_t at = 0, n = 0;

	for (uint32_t j = 0; j < work->schema->ncolumns; j++)
	{
		const HvColumn *column = &work->schema->columns[j];
		uint32_t width = hv_copula_features(column);

		for (uint32_t f = 0; f < width; f++, at++)
		{
			HvReal x = work->scaled[column->x_at + f];

			work->x[at] = (x - tied->shift[at]) * tied->unit[at];
			if (work->scaled[column->m_at] == 0)
			{
				work->unknown[n++] = at;
				work->x[at] = 0;
			}
		}
	}
	return n;
}

static double
product(const HvReal *a, const HvReal *b, size_t n)
{
	HvReal sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += a[k] * b[k];
	return (double) sum;
}

/* The missing features at their expectation: x_u = -P_uu^-1 (P x)_u, into work->x. */
static void
fill_features(HvAccordWork *work, const HvTied *tied, uint32_t n)
{
	size_t width = work->width;

	for (uint32_t a = 0; a < n; a++)
	{
		const HvReal *row = tied->precision + work->unknown[a] * width;

		work->fill[a] = -product(row, work->x, width);
		for (uint32_t b = 0; b <= a; b++)
			work->factor[(size_t) a * n + b] = (double) row[work->unknown[b]];
	}
	if (!hv_factorise(work->factor, n))
		return;
	hv_solve(work->factor, n, work->fill);
	for (uint32_t a = 0; a < n; a++)
		work->x[work->unknown[a]] = (HvReal) work->fill[a];
}

/* -log p of the level that is there, p a share of what a line says of all levels. */
static float
category_residual(const HvAccordWork *work, const HvTied *tied, const HvColumn *column, uint32_t at,
                  uint32_t pulled, const double *block)
{
	uint32_t n = column->width;
	double own = LEAST_SHARE, sum = 0;

	for (uint32_t a = 0; a < n; a++)
	{
		double x = (double) work->scaled[column->x_at + a], off = 0, p;

		for (uint32_t b = 0; b < n; b++)
			off += block[a * n + b] * (double) work->pull[pulled + b];
		p = fmax(x - off / (double) tied->unit[at + a], LEAST_SHARE);
		sum += p;
		if (x > 0.5)
			own = p;
	}
	return (float) -log(fmin(own / sum, 1));
}

/* Residuals of the columns of a scale, or of all of them; work->value is of the record. */
static void
residuals_on(HvAccordWork *work, HvScale scale, const HvReal *record, bool all, float *residual)
{
	const HvTied *tied = &work->tied[scale];
	const double *block = tied->block;
	uint32_t missing, at = 0, own = 0;
	size_t rows = all ? work->width : tied->nown;

	if (tied->precision == NULL || rows == 0)
		return;
	rescale(work, scale, record);
	missing = read_features(work, tied);
	if (missing > 0)
		fill_features(work, tied, missing);
	hv_few_forward(work->pull, rows, work->x, work->width, all ? tied->precision : tied->own,
	               work->width, 1, work->width, rows, 0);
	for (uint32_t j = 0; j < work->schema->ncolumns; j++)
	{
		const HvColumn *column = &work->schema->columns[j];
		uint32_t n = hv_copula_features(column);
		bool here = all || is_own(work, scale, j);

		if (here && n > 0 && record[column->m_at] != 0)
			residual[j] = column->kind == HV_CATEGORICAL
			                  ? category_residual(work, tied, column, at, own, block)
			                  : fabsf((float) (work->pull[own] / tied->stiff[at]));
		if (column->kind == HV_CATEGORICAL)
			block += (size_t) n * n;
		at += n;
		own += here ? n : 0;
	}
}

void
hv_accord_read(HvAccordWork *work, const HvReal *record)
{
	for (uint32_t j = 0; j < work->schema->ncolumns; j++)
	{
		const HvColumn *column = &work->schema->columns[j];

		if (is_scaled(column) && record[column->m_at] != 0)
			work->value[j] = value_of(column, record);
	}
}

static void
no_residuals(const HvAccordWork *work, float *residual)
{
	for (uint32_t j = 0; j < work->schema->ncolumns; j++)
		residual[j] = -1;
}

void
hv_accord_on(HvAccordWork *work, HvScale scale, const HvReal *record, float *residual)
{
	no_residuals(work, residual);
	residuals_on(work, scale, record, true, residual);
}

void
hv_accord_residuals(HvAccordWork *work, const HvReal *record, float *residual)
{
	no_residuals(work, residual);
	for (int s = 0; s < HV_SCALES; s++)
		residuals_on(work, (HvScale) s, record, false, residual);
}
