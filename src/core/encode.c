/*
 * encode.c: between value rows (a double per slot, NaN for missing) and records (what the network
 * reads).
 *
 * Owns: the transforms t(v) and their inverses. `values` is always the whole value row and
 * `record` the whole record; a column finds its slots by value_at, x_at and m_at.
 *
 * Worked example: HV_POSITIVE, shift 0, center 5, scale 0.5, 120 mg/dl:
 *     x = (log 120 - 5) / 0.5 = -0.425, and back exp(-0.425 * 0.5 + 5) = 120.
 * A category 1 of 3 levels is 0 1 0; any missing cell is zeros with mask bit 0.
 */
#include "encode.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "scores.h"

static HvReal
clip(double x)
{
	return (HvReal) (x > HV_CLIP ? HV_CLIP : x < -HV_CLIP ? -HV_CLIP : x);
}

/*
 * A value at or below -shift has no logarithm. It can come, since the range seen in training need
 * not hold for later rows; it becomes the smallest there is, which keeps the order.
 */
double
hv_encode_number(const HvColumn *column, double value)
{
	double t = value;

	if (column->transform == HV_SCORES)
		t = hv_score(column, value);
	else if (column->transform == HV_LOG)
	{
		double shifted = value + column->shift;

		t = log(shifted < DBL_MIN ? DBL_MIN : shifted);
	}
	return (t - column->center) / column->scale;
}

double
hv_decode_catalogue(const HvColumn *column, double x)
{
	return column->factor * hv_decode_number(column, x) + column->offset;
}

void
hv_decode_catalogues(const HvColumn *column, const HvReal *x, size_t ldx, size_t n, double *values,
                     size_t ldv)
{
	uint32_t near = 0;

	for (size_t r = 0; r < n; r++)
		if (column->transform == HV_SCORES)
			values[r * ldv] =
				column->factor *
					hv_unscore_near(column, x[r * ldx] * column->scale + column->center, &near) +
				column->offset;
		else
			values[r * ldv] = hv_decode_catalogue(column, x[r * ldx]);
}

double
hv_encode_catalogue(const HvColumn *column, double value)
{
	return hv_encode_number(column, (value - column->offset) / column->factor);
}

/* exp() of more than 700 overflows soon after: it is cut there, so that differences stay finite. */
double
hv_decode_number(const HvColumn *column, double x)
{
	double t = x * column->scale + column->center;

	if (column->transform == HV_LOG)
		return exp(t > 700 ? 700 : t) - column->shift;
	if (column->transform == HV_SCORES)
		return hv_unscore(column, t);
	return t;
}

static bool
encode_number(const HvColumn *column, double value, HvReal *x)
{
	if (!isfinite(value) || value < column->low || value > column->high)
		return false;
	*x = clip(hv_encode_number(column, value));
	return true;
}

static bool
encode_level(const HvColumn *column, double value, HvReal *x)
{
	uint32_t level;

	if (!(value >= 0 && value < column->nlevels))
		return false;
	level = (uint32_t) value;
	if (column->kind == HV_CATEGORICAL)
		x[level] = 1;
	else if (column->kind == HV_BINARY)
		x[0] = (HvReal) level;
	else
		x[0] = clip((level - column->center) / column->scale);
	return true;
}

/* A vector is observed as a whole or not at all. */
static bool
encode_vector(const HvColumn *column, const double *values, HvReal *x)
{
	for (uint32_t i = 0; i < column->width; i++)
		if (!isfinite(values[i]))
			return false;
	for (uint32_t i = 0; i < column->width; i++)
		x[i] = clip(hv_encode_number(column, values[i]));
	return true;
}

void
hv_encode_cell(const HvColumn *column, const double *values, HvReal *record)
{
	const double *value = values + column->value_at;
	HvReal *x = record + column->x_at;
	bool observed;

	memset(x, 0, column->width * sizeof(HvReal));
	if (column->kind == HV_EMBEDDING)
		observed = encode_vector(column, value, x);
	else if (hv_has_levels(column))
		observed = encode_level(column, *value, x);
	else
		observed = encode_number(column, *value, x);
	record[column->m_at] = observed ? 1 : 0;
}

uint32_t
hv_encode_row(const HvSchema *schema, const double *values, HvReal *record)
{
	uint32_t observed = 0;

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		hv_encode_cell(&schema->columns[i], values, record);
		observed += record[schema->columns[i].m_at] != 0;
	}
	return observed;
}

/* A number as the column writes them: its decimals, within the range seen. */
double
hv_round_number(const HvColumn *column, double value)
{
	static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

	if (column->integer || column->kind == HV_COUNT)
		value = round(value);
	else if (column->digits >= 0)
		value = round(value * power[column->digits]) / power[column->digits];
	return value > column->max ? column->max : value < column->min ? column->min : value;
}

static double
decode_number(const HvColumn *column, HvReal x)
{
	return hv_round_number(column, hv_decode_number(column, x));
}

uint32_t
hv_decode_level(const HvColumn *column, const HvReal *x)
{
	uint32_t best = 0;
	double level;

	switch (column->kind)
	{
		case HV_BINARY: return x[0] >= (HvReal) 0.5 ? 1 : 0;
		case HV_ORDINAL:
			level = round(x[0] * column->scale + column->center);
			return level > 0 ? (uint32_t) fmin(level, column->nlevels - 1) : 0;
		default:
			for (uint32_t i = 1; i < column->width; i++)
				if (x[i] > x[best])
					best = i;
			return best;
	}
}

void
hv_decode_cell(const HvColumn *column, const HvReal *record, double *values)
{
	const HvReal *x = record + column->x_at;
	double *value = values + column->value_at;

	if (column->kind == HV_EMBEDDING)
		for (uint32_t i = 0; i < column->width; i++)
			value[i] = decode_number(column, x[i]);
	else if (hv_has_levels(column))
		*value = hv_decode_level(column, x);
	else
		*value = decode_number(column, *x);
}

void
hv_decode_row(const HvSchema *schema, const HvReal *record, double *values)
{
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		hv_decode_cell(&schema->columns[i], record, values);
}
