/*
 * derived.c: formulas between columns, applied; derived_find.c finds them.
 *
 * Example: bmi = 10000 weight height^-2. Height 170 and BMI 27.7 are given, weight was guessed as 84:
 * weight = 27.7 / (10000 * 170^-2) = 80.05, written 80.1. If only the height is given, weight stays as
 * guessed and BMI is computed.
 */
#include "derived.h"

#include <math.h>
#include <string.h>

static double
computed(const HvFormula *f, double a, double b)
{
	switch (f->shape)
	{
		case HV_PRODUCT: return f->k * a * pow(b, f->power);
		case HV_SUM: return a + f->k * b;
		default: return f->k * a + f->c;
	}
}

/* a and b from the two others; NaN where there is none. */
static double
solved_a(const HvFormula *f, double y, double b)
{
	switch (f->shape)
	{
		case HV_PRODUCT: return y / (f->k * pow(b, f->power));
		case HV_SUM: return y - f->k * b;
		default: return (y - f->c) / f->k;
	}
}

static double
solved_b(const HvFormula *f, double y, double a)
{
	double ratio = y / (f->k * a);

	if (f->shape != HV_PRODUCT)
		return (y - a) / f->k;
	return ratio > 0 ? pow(ratio, 1.0 / f->power) : NAN;
}

double
hv_half_unit(const HvColumn *column)
{
	static const double unit[] = {1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};

	return column->digits < 0 ? 0 : unit[column->digits] / 2;
}

/* With the column's decimals; false when the value cannot be. */
static bool
put(const HvColumn *column, double value, double *values)
{
	double unit = 2 * hv_half_unit(column);

	if (column->integer || column->kind == HV_COUNT)
		value = round(value);
	else if (unit > 0)
		value = round(value / unit) * unit;
	if (!isfinite(value) || value < column->low || value > column->high)
		return false;
	values[column->value_at] = value;
	return true;
}

/* Column x of y, a, b by the formula from the two others. */
static double
follow(const HvFormula *f, uint32_t x, double y, double a, double b)
{
	return x == f->y ? computed(f, a, b) : x == f->a ? solved_a(f, y, b) : solved_b(f, y, a);
}

/* How far the rounding of the two others can move it. */
static double
slack_of(const HvFormula *f, const HvColumn *columns, uint32_t x, double y, double a, double b)
{
	double middle = follow(f, x, y, a, b), most = 0;

	for (int sign = 0; sign < 4; sign++)
	{
		double one = sign & 1 ? 1 : -1, two = sign & 2 ? 1 : -1;
		double moved = follow(f, x, y + one * hv_half_unit(&columns[f->y]),
		                      a + (x == f->y ? one : two) * hv_half_unit(&columns[f->a]),
		                      b + two * hv_half_unit(&columns[f->b]));

		most = fmax(most, fabs(moved - middle));
	}
	return most;
}

typedef struct Derivation
{
	const HvFormula *list;
	const HvColumn *columns;
	double *values;
	HvSure *sure;
	bool *known;
	bool locked[HV_MAX_COLUMNS]; /* must not change any more */
	bool done[HV_MAX_FORMULAS];
} Derivation;

/* How many of a formula's columns are among those of a set. */
static int
among(const HvFormula *f, const bool *set)
{
	return set[f->y] + set[f->a] + (f->b != f->a && set[f->b]);
}

/* One formula: the computed column gives way, or a, or b. */
static void
apply(Derivation *d, const HvFormula *f)
{
	const HvColumn *columns = d->columns;
	uint32_t x = !d->locked[f->y] ? f->y : !d->locked[f->a] ? f->a : f->b;
	double y = d->values[columns[f->y].value_at];
	double a = d->values[columns[f->a].value_at], b = d->values[columns[f->b].value_at];
	bool follows = among(f, d->known) >= (f->shape == HV_AFFINE ? 1 : 2);

	d->done[f - d->list] = true;
	if (d->locked[x] || !put(&columns[x], follow(f, x, y, a, b), d->values))
		return;
	d->known[x] = follows;
	d->locked[f->y] = d->locked[f->a] = d->locked[f->b] = true;
	if (d->sure != NULL && follows)
		d->sure[x] = (HvSure){follow(f, x, y, a, b), slack_of(f, columns, x, y, a, b)};
}

/*
 * Formulas with just one column left open come first, those whose others are known before those whose
 * others are guesses: weight in pounds follows from weight before BMI is computed from it.
 */
static const HvFormula *
next(const Derivation *d, uint32_t n)
{
	const HvFormula *best = NULL;
	int most = -1;

	for (uint32_t i = 0; i < n; i++)
	{
		const HvFormula *f = &d->list[i];
		int columns = f->shape == HV_AFFINE ? 2 : 3, held = among(f, d->locked);
		int worth = held == columns - 1 ? 10 + among(f, d->known) : held;

		if (!d->done[i] && worth > most)
		{
			best = f;
			most = worth;
		}
	}
	return best;
}

void
hv_derive(const HvFormulas *formulas, const HvSchema *schema, double *values, bool *known,
          HvSure *sure)
{
	Derivation d = {.list = formulas->list,
	                .columns = schema->columns,
	                .values = values,
	                .sure = sure,
	                .known = known};

	if (formulas->n == 0)
		return;
	memcpy(d.locked, known, schema->ncolumns * sizeof(bool));
	for (const HvFormula *f; (f = next(&d, formulas->n)) != NULL;)
		apply(&d, f);
}
