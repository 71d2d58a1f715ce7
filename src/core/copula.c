/*
 * copula.c: a Gaussian over the encoded cells: conditioning, and what it says of a column.
 *
 * Owns: which features take part and how they are coded. They stand in the order of the columns:
 * age, health (3 ordered levels), race (4 categories) are the features 0, 1, 2-5.
 *
 * Worked example, two standardised features with correlation .8 and no ridge: P = (2.78 -2.22; -2.22
 * 2.78). The second is missing, the first is 1: E = 0 + 2.22 / 2.78 = .8, variance 1 / 2.78 = .36.
 */
#include "copula.h"

#include <math.h>
#include <string.h>

#include "dense.h"
#include "scores.h"

#define LEAST_SHARE 1e-3 /* probability of a level at least: a line may fall below 0 */

uint32_t
hv_copula_features(const HvColumn *column)
{
	return column->kind == HV_EMBEDDING ? 0 : column->width;
}

uint32_t
hv_copula_width(const HvSchema *schema)
{
	uint32_t width = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
		width += hv_copula_features(&schema->columns[j]);
	return width;
}

/* The normal score of an ordinal's level: the middle of its share. */
static double
level_score(const HvColumn *column, uint32_t level)
{
	double below = 0, share;

	for (uint32_t k = 0; k < level; k++)
		below += column->level_shares[k];
	share = below + column->level_shares[level] / 2;
	return hv_normal_quantile(fmin(fmax(share, LEAST_SHARE), 1 - LEAST_SHARE));
}

/* The features of a record, as they are coded here but not standardised; missing[width]. */
void
hv_copula_read(const HvSchema *schema, const HvReal *record, double *x, bool *missing)
{
	uint32_t at = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		uint32_t n = hv_copula_features(column);

		for (uint32_t f = 0; f < n; f++, at++)
		{
			missing[at] = record[column->m_at] == 0;
			x[at] = record[column->x_at + f];
			if (column->kind == HV_ORDINAL && !missing[at])
			{
				double level = round(x[at] * column->scale + column->center);

				level = fmin(fmax(level, 0), column->nlevels - 1);
				x[at] = level_score(column, (uint32_t) level);
			}
		}
	}
}

/* ---- conditioning ---- */

HvStatus
hv_ties_init(HvTies *ties, const HvCopula *copula, HvArena *arena)
{
	size_t width = copula->width;

	memset(ties, 0, sizeof(*ties));
	ties->x = hv_new(arena, double, width + 1, 1);
	ties->missing = hv_new(arena, bool, width + 1, 1);
	ties->unknown = hv_new(arena, uint32_t, width + 1, 1);
	ties->variance = hv_new(arena, double, width + 1, 1);
	ties->work = hv_new(arena, double, width + 1, 1);
	ties->factor = hv_new(arena, double, width + 1, width + 1);
	ties->room = hv_new(arena, double, width + 1, width + 1);
	return ties->x && ties->missing && ties->unknown && ties->variance && ties->work &&
	               ties->factor && ties->room
	           ? HV_OK
	           : HV_NO_MEMORY;
}

/* The missing part of standardised x; ties->factor and ->variance with it. */
static void
condition(const HvCopula *copula, HvTies *ties)
{
	uint32_t width = copula->width, n = 0;
	const float *p = copula->precision;

	for (uint32_t i = 0; i < width; i++)
		if (ties->missing[i])
			ties->unknown[n++] = i;
	ties->nunknown = n;
	for (uint32_t a = 0; a < n; a++)
	{
		uint32_t i = ties->unknown[a];
		double sum = 0;

		for (uint32_t k = 0; k < width; k++)
			if (!ties->missing[k])
				sum -= p[hv_triangle(i, k)] * ties->x[k];
		ties->work[a] = sum;
		for (uint32_t b = 0; b <= a; b++)
			ties->factor[a * n + b] = p[hv_triangle(i, ties->unknown[b])];
	}
	/* any principal part of a positive definite matrix is one, too */
	if (!hv_factorise(ties->factor, n))
		memset(ties->work, 0, n * sizeof(double));
	else
		hv_solve(ties->factor, n, ties->work);
	memcpy(ties->room, ties->factor, (size_t) n * n * sizeof(double));
	hv_invert_factor(ties->room, n);
	for (uint32_t a = 0; a < n; a++)
	{
		double sum = 0;

		for (uint32_t k = a; k < n; k++)
			sum += ties->room[k * n + a] * ties->room[k * n + a];
		ties->x[ties->unknown[a]] = ties->work[a];
		ties->variance[ties->unknown[a]] = sum;
	}
}

void
hv_copula_condition(const HvCopula *copula, const HvSchema *schema, const HvReal *record,
                    HvTies *ties)
{
	hv_copula_read(schema, record, ties->x, ties->missing);
	for (uint32_t i = 0; i < copula->width; i++)
	{
		ties->x[i] =
			ties->missing[i] ? 0 : (ties->x[i] - copula->mean[i]) / (double) copula->scale[i];
		ties->variance[i] = 0;
	}
	condition(copula, ties);
}

/* ---- what it says ---- */

void
hv_copula_number(const HvCopula *copula, const HvTies *ties, uint32_t at, double *mean,
                 double *variance)
{
	double scale = copula->scale[at];

	*mean = ties->x[at] * scale + copula->mean[at];
	*variance = ties->variance[at] * scale * scale;
}

/* Shares of the levels of an ordinal whose score is N(mean, variance). */
static void
ordinal_levels(const HvColumn *column, double mean, double variance, double *probability)
{
	double sd = sqrt(fmax(variance, 1e-6)), upto = 0, before = 0;

	for (uint32_t k = 0; k < column->nlevels; k++)
	{
		double p = 1;

		upto += column->level_shares[k];
		if (k + 1 < column->nlevels && upto < 1 - 1e-9)
			p = upto < 1e-9 ? 0 : hv_normal_cdf((hv_normal_quantile(upto) - mean) / sd);
		probability[k] = p - before;
		before = p;
	}
}

void
hv_copula_levels(const HvCopula *copula, const HvColumn *column, const HvTies *ties, uint32_t at,
                 double *probability)
{
	double mean, variance, total = 0;

	hv_copula_number(copula, ties, at, &mean, &variance);
	if (column->kind == HV_ORDINAL)
		ordinal_levels(column, mean, variance, probability);
	else if (column->kind == HV_BINARY)
	{
		probability[1] = mean;
		probability[0] = 1 - mean;
	}
	else
		for (uint32_t k = 0; k < column->nlevels; k++)
			hv_copula_number(copula, ties, at + k, &probability[k], &variance);
	for (uint32_t k = 0; k < column->nlevels; k++)
	{
		probability[k] = fmax(probability[k], LEAST_SHARE);
		total += probability[k];
	}
	for (uint32_t k = 0; k < column->nlevels; k++)
		probability[k] /= total;
}
