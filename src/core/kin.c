/*
 * kin.c: what the columns of a new schema have in common with those of an earlier model.
 *
 * A model that is trained again on a table that has grown could encode it anew: other quantiles,
 * other means. Then no weight would mean quite what it meant, and the ELBOs of the old model and the
 * new one would be on different scales (nats are relative to the scale of the encoded value). So
 * columns keep their encoding as long as it fits, and only statistics are renewed. It fits while
 * the quantiles of today, encoded, have a mean within ±0.5 and a standard deviation within 0.6 …
 * 1.6 of what they had: further away the network would be used far from where it learned.
 *
 * Example: weight in kg, then 10 % more people come: the same. From now on it is in pounds: quantiles
 * encoded by the old knots have mean 2.5; the column takes its new encoding and is only related.
 */
#include "kin.h"

#include <math.h>
#include <string.h>

#include "encode.h"
#include "likelihood.h"

#define MOST_SHIFT 0.5
#define LEAST_SPREAD 0.6
#define MOST_SPREAD 1.6

/* ------------------------------------------------------------------ one column */

uint32_t
hv_kin_level(const HvColumn *fresh, const HvColumn *old, uint32_t level)
{
	for (uint32_t i = 0; i < old->nlevels; i++)
		if (strcmp(fresh->levels[level], old->levels[i]) == 0)
			return i;
	return HV_NO_COLUMN;
}

static bool
same_levels(const HvColumn *a, const HvColumn *b)
{
	if (a->nlevels != b->nlevels)
		return false;
	for (uint32_t i = 0; i < a->nlevels; i++)
	{
		if (strcmp(a->levels[i], b->levels[i]) != 0)
			return false;
		if (a->cell == HV_CELL_NUMBER && a->level_values[i] != b->level_values[i])
			return false;
	}
	return true;
}

/* Numbers are numbers, whether they are called real, positive or counts, if a head fits both. */
static bool
same_family(const HvColumn *a, const HvColumn *b)
{
	if (a->cell != b->cell)
		return false;
	if (hv_has_levels(a) || hv_has_levels(b) || a->cell != HV_CELL_NUMBER)
		return a->kind == b->kind;
	return hv_counts(a) == hv_counts(b) && (a->transform == HV_LOG) == (b->transform == HV_LOG);
}

static bool
same_scale(const HvColumn *a, const HvColumn *b)
{
	return a->transform == b->transform && a->shift == b->shift && a->center == b->center &&
	       a->scale == b->scale && a->nknots == b->nknots &&
	       (a->nknots == 0 || memcmp(a->knots, b->knots, a->nknots * sizeof(HvKnot)) == 0);
}

/* Whether the numbers of today are where the old encoding expects them. */
static bool
still_fits(const HvColumn *fresh, const HvColumn *old, bool minmax)
{
	double sum[2] = {0, 0}, squares[2] = {0, 0}, mean[2], sd[2];

	if (minmax)
		return fresh->min >= old->min && fresh->max <= old->max;
	if (fresh->cell != HV_CELL_NUMBER)
		return fabs(fresh->mean - old->mean) <= MOST_SHIFT * old->sd &&
		       fresh->sd >= LEAST_SPREAD * old->sd && fresh->sd <= MOST_SPREAD * old->sd;
	for (int i = 0; i < HV_QUANTILES; i++)
		for (int k = 0; k < 2; k++)
		{
			double x = hv_encode_number(old, (k == 0 ? fresh : old)->quantiles[i]);

			x = fmax(-HV_CLIP, fmin(HV_CLIP, x));
			sum[k] += x;
			squares[k] += x * x;
		}
	for (int k = 0; k < 2; k++)
	{
		mean[k] = sum[k] / HV_QUANTILES;
		sd[k] = sqrt(fmax(squares[k] / HV_QUANTILES - mean[k] * mean[k], 1e-12));
	}
	return fabs(mean[0] - mean[1]) <= MOST_SHIFT * sd[1] && sd[0] >= LEAST_SPREAD * sd[1] &&
	       sd[0] <= MOST_SPREAD * sd[1];
}

static void
adopt(HvColumn *fresh, const HvColumn *old, bool minmax)
{
	bool levels = hv_has_levels(fresh);

	if (!same_family(fresh, old) || (levels && !same_levels(fresh, old)) ||
	    (!levels && (fresh->width != old->width || !still_fits(fresh, old, minmax))))
		return;
	fresh->transform = old->transform;
	fresh->shift = old->shift;
	fresh->center = old->center;
	fresh->scale = old->scale;
	fresh->nknots = old->nknots;
	fresh->knots = old->knots;
}

static HvKin
kin_of(const HvColumn *fresh, const HvColumn *old, bool minmax)
{
	const HvLikelihood *likelihood = hv_likelihood(fresh, minmax);

	if (!same_family(fresh, old) || likelihood != hv_likelihood(old, minmax))
		return HV_KIN_NEW;
	if (hv_has_levels(fresh) && !same_levels(fresh, old))
		return fresh->kind == HV_CATEGORICAL ? HV_KIN_RELATED : HV_KIN_NEW;
	if (fresh->width != old->width)
		return HV_KIN_NEW;
	return same_scale(fresh, old) ? HV_KIN_SAME : HV_KIN_RELATED;
}

/* ------------------------------------------------------------------ the schemas */

void
hv_kin_adopt(HvSchema *fresh, const HvSchema *old, bool minmax)
{
	for (uint32_t i = 0; i < fresh->ncolumns; i++)
	{
		HvColumn *column = &fresh->columns[i];
		int number = hv_schema_find(old, column->name);

		if (column->used && number >= 0)
			adopt(column, &old->columns[number], minmax);
	}
}

HvStatus
hv_kin_find(HvKinship *kinship, const HvSchema *fresh, const HvSchema *old, bool minmax,
            HvArena *arena)
{
	memset(kinship, 0, sizeof(*kinship));
	kinship->from = hv_new(arena, uint32_t, fresh->ncolumns, 1);
	kinship->kin = hv_new(arena, HvKin, fresh->ncolumns, 1);
	if (kinship->from == NULL || kinship->kin == NULL)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < fresh->ncolumns; i++)
	{
		const HvColumn *column = &fresh->columns[i], *before;
		int number = hv_schema_find(old, column->name);

		kinship->from[i] = HV_NO_COLUMN;
		if (number < 0)
			continue;
		before = &old->columns[number];
		if (!same_family(column, before) || column->stage != before->stage)
			kinship->column = kinship->column != NULL ? kinship->column : column->name;
		kinship->kin[i] = kin_of(column, before, minmax);
		if (kinship->kin[i] != HV_KIN_NEW)
			kinship->from[i] = (uint32_t) number;
		kinship->nsame += kinship->kin[i] == HV_KIN_SAME;
	}
	return HV_OK;
}

void
hv_kin_positions(const HvKinship *kinship, const HvSchema *fresh, const HvSchema *old,
                 uint32_t *map)
{
	for (uint32_t p = 0; p < fresh->width; p++)
		map[p] = HV_NO_COLUMN;
	for (uint32_t i = 0; i < fresh->ncolumns; i++)
	{
		const HvColumn *column = &fresh->columns[i], *before;

		if (kinship->from[i] == HV_NO_COLUMN)
			continue;
		before = &old->columns[kinship->from[i]];
		map[column->m_at] = before->m_at;
		for (uint32_t f = 0; f < column->width; f++)
		{
			uint32_t feature = column->kind == HV_CATEGORICAL ? hv_kin_level(column, before, f) : f;

			if (feature != HV_NO_COLUMN)
				map[column->x_at + f] = before->x_at + feature;
		}
	}
}
