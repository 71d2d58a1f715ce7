/*
 * derived_find.c: finds the formulas of derived.h in a table.
 *
 * Every column of numbers is tried as y of every one or two others, on a few rows: nearly all tries end
 * at the second row, where a product (in logarithms) or a sum is off by more than the rounding of its
 * columns allows. What is left is held against many rows. Of the ways to read one relation (BMI from
 * weight, weight from BMI) the one with the most coarsely rounded y is taken: that is what was computed.
 *
 * Chance does not make formulas: the tolerance must be small beside the spread of y and of each part.
 */
#include <math.h>
#include <string.h>

#include "derived.h"
#include "encode.h"

#define MOST_NUMBERS 200 /* columns that are looked at */
#define SCREEN 96        /* rows of the first look */
#define LEAST_SCREEN 6   /* of them complete */
#define MOST_ROWS 2000
#define LEAST_ROWS 30
#define HOLDS 0.98     /* share of the complete rows in which a formula holds */
#define READING 3e-4   /* error of what is read back from a record, beside its spread, or itself */
#define INFORMATIVE 20 /* spread over tolerance, at least */
#define CLOSE 10       /* the same of a column in another unit */
#define PARTS 4        /* the same for each part of a formula */

typedef struct Search
{
	const HvSchema *schema;
	size_t n;          /* rows */
	uint32_t ncolumns; /* numbers among the columns */
	uint32_t *column;  /* which they are */
	double *half;      /* half a unit of the last decimal */
	double *value;     /* ncolumns×n; NaN where missing */
	double *log;       /* of it; NaN where it has none */
	HvFormula found[HV_MAX_FORMULAS];
	double coarse[HV_MAX_FORMULAS]; /* rounding of y beside its spread */
	uint32_t nfound;
} Search;

static bool
is_number(const HvColumn *column)
{
	return column->cell == HV_CELL_NUMBER && !hv_has_levels(column) && column->kind != HV_DATE;
}

static HvStatus
read_values(Search *s, const HvReal *records, HvArena *arena)
{
	const HvSchema *schema = s->schema;

	s->column = hv_new(arena, uint32_t, MOST_NUMBERS, 1);
	s->half = hv_new(arena, double, MOST_NUMBERS, 1);
	if (s->column == NULL || s->half == NULL)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns && s->ncolumns < MOST_NUMBERS; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (!is_number(column))
			continue;
		s->half[s->ncolumns] = hv_half_unit(column);
		s->column[s->ncolumns++] = j;
	}
	s->value = hv_new(arena, double, (size_t) s->ncolumns + 1, s->n);
	s->log = hv_new(arena, double, (size_t) s->ncolumns + 1, s->n);
	if (s->value == NULL || s->log == NULL)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < s->ncolumns; i++)
		for (size_t r = 0; r < s->n; r++)
		{
			const HvColumn *column = &schema->columns[s->column[i]];
			const HvReal *record = records + r * schema->width;
			double v =
				record[column->m_at] != 0 ? hv_decode_number(column, record[column->x_at]) : NAN;

			s->value[i * s->n + r] = v;
			s->log[i * s->n + r] = v > 0 ? log(v) : NAN;
		}
	return HV_OK;
}

/* Column i as it stands in a shape, the logarithm in a product, and how far off it may be. */
static double
term(const Search *s, HvShape shape, uint32_t i, size_t r, double *tolerance)
{
	double v = s->value[i * s->n + r];

	if (shape != HV_PRODUCT)
	{
		*tolerance = s->half[i] + READING * s->schema->columns[s->column[i]].sd;
		return v;
	}
	*tolerance = s->half[i] / v + READING;
	return s->log[i * s->n + r];
}

/* y - (a + factor b): the same in every row, up to the tolerance. NaN where a cell is missing. */
static double
residual(const Search *s, HvShape shape, const uint32_t *at, double factor, size_t r,
         double *tolerance)
{
	double ty, ta, tb, y = term(s, shape, at[0], r, &ty);
	double a = term(s, shape, at[1], r, &ta), b = term(s, shape, at[2], r, &tb);

	*tolerance = ty + ta + fabs(factor) * tb;
	return y - a - factor * b;
}

static bool
survives(const Search *s, HvShape shape, const uint32_t *at, double factor)
{
	double first = NAN, slack = 0;
	size_t rows = s->n < SCREEN ? s->n : SCREEN, complete = 0;

	for (size_t r = 0; r < rows; r++)
	{
		double tolerance, d = residual(s, shape, at, factor, r, &tolerance);

		if (isnan(d))
			continue;
		if (complete++ == 0)
		{
			first = shape == HV_SUM ? 0 : d;
			slack = shape == HV_SUM ? 0 : tolerance;
		}
		if (fabs(d - first) > tolerance + slack)
			return false;
	}
	return complete >= LEAST_SCREEN;
}

/* Mean and standard deviation of what a function of the rows gives; counts the rows. */
typedef struct Spread
{
	double n, mean, m2;
} Spread;

static void
add(Spread *spread, double x)
{
	double d = x - spread->mean;

	spread->n++;
	spread->mean += d / spread->n;
	spread->m2 += d * (x - spread->mean);
}

static double
sd(const Spread *spread)
{
	return spread->n > 1 ? sqrt(spread->m2 / (spread->n - 1)) : 0;
}

static void
keep(Search *s, HvFormula formula, double coarse)
{
	if (s->nfound == HV_MAX_FORMULAS)
		return;
	s->found[s->nfound] = formula;
	s->coarse[s->nfound++] = coarse;
}

/* The same over all rows, and whether it says something. */
static void
verify(Search *s, HvShape shape, const uint32_t *at, double factor)
{
	Spread constant = {0}, part[3] = {{0}}, allowed = {0};
	double own = 0, holding = 0, t, d, middle;

	for (size_t r = 0; r < s->n; r++)
		if (!isnan(d = residual(s, shape, at, factor, r, &t)))
		{
			add(&constant, d);
			add(&allowed, t);
			for (int i = 0; i < 3; i++)
				add(&part[i], (i == 2 ? factor : 1) * term(s, shape, at[i], r, &t));
			(void) term(s, shape, at[0], r, &t);
			own += t;
		}
	if (constant.n < LEAST_ROWS || sd(&part[0]) < INFORMATIVE * allowed.mean ||
	    sd(&part[1]) < PARTS * allowed.mean || sd(&part[2]) < PARTS * allowed.mean)
		return;
	middle = shape == HV_SUM ? 0 : constant.mean;
	for (size_t r = 0; r < s->n; r++)
		if (!isnan(d = residual(s, shape, at, factor, r, &t)))
			holding += fabs(d - middle) <= t;
	if (holding < HOLDS * constant.n)
		return;
	keep(s,
	     (HvFormula){.y = s->column[at[0]],
	                 .a = s->column[at[1]],
	                 .b = s->column[at[2]],
	                 .shape = shape,
	                 .power = (int32_t) factor,
	                 .k = shape == HV_PRODUCT ? exp(middle) : factor},
	     own / constant.n / sd(&part[0]));
}

/* y = k a + c, by least squares. */
static void
affine(Search *s, uint32_t y, uint32_t a)
{
	const double *vy = s->value + y * s->n, *va = s->value + a * s->n;
	Spread of_y = {0}, of_a = {0};
	double product = 0, k, c, holding = 0, allowed;

	for (size_t r = 0; r < s->n; r++)
		if (!isnan(vy[r]) && !isnan(va[r]))
		{
			double before = vy[r] - of_y.mean;

			add(&of_y, vy[r]);
			add(&of_a, va[r]);
			product += before * (va[r] - of_a.mean);
		}
	if (of_y.n < LEAST_ROWS || !(of_a.m2 > 0) || !(of_y.m2 > 0) ||
	    product * product < 0.999 * of_a.m2 * of_y.m2)
		return;
	k = product / of_a.m2;
	c = of_y.mean - k * of_a.mean;
	allowed = s->half[y] + fabs(k) * s->half[a] + READING * sd(&of_y);
	for (size_t r = 0; r < s->n; r++)
		if (!isnan(vy[r]) && !isnan(va[r]))
			holding += fabs(vy[r] - k * va[r] - c) <= allowed;
	if (holding < HOLDS * of_y.n || sd(&of_y) < CLOSE * allowed)
		return;
	keep(s,
	     (HvFormula){.y = s->column[y],
	                 .a = s->column[a],
	                 .b = s->column[a],
	                 .shape = HV_AFFINE,
	                 .power = 1,
	                 .k = k,
	                 .c = c},
	     s->half[y] / sd(&of_y));
}

static void
try_all(Search *s, const HvHost *host)
{
	static const double powers[] = {1, -1, 2, -2};

	for (uint32_t y = 0; y < s->ncolumns; y++)
	{
		hv_check(host);
		for (uint32_t a = 0; a < s->ncolumns; a++)
		{
			if (a == y)
				continue;
			affine(s, y, a);
			for (uint32_t b = 0; b < s->ncolumns; b++)
			{
				const uint32_t at[3] = {y, a, b};

				if (b == y || b == a)
					continue;
				for (int i = 0; i < 4; i++)
					if ((i > 0 || a < b) && survives(s, HV_PRODUCT, at, powers[i]))
						verify(s, HV_PRODUCT, at, powers[i]);
				for (int i = 0; i < 2; i++)
					if ((i > 0 || a < b) && survives(s, HV_SUM, at, powers[i]))
						verify(s, HV_SUM, at, powers[i]);
			}
		}
	}
}

/* How many of the columns of one are among those of the other. */
static int
common(const HvFormula *f, const HvFormula *g)
{
	const uint32_t x[] = {f->y, f->a, f->b};
	int n = 0;

	for (int i = 0; i < (f->shape == HV_AFFINE ? 2 : 3); i++)
		n += x[i] == g->y || x[i] == g->a || x[i] == g->b;
	return n;
}

/* Of the formulas found those that say different things, the most coarsely rounded y first. */
static void
choose(Search *s, HvFormulas *formulas)
{
	for (;;)
	{
		uint32_t best = HV_MAX_FORMULAS;

		for (uint32_t i = 0; i < s->nfound; i++)
			if (s->coarse[i] >= 0 && (best == HV_MAX_FORMULAS || s->coarse[i] > s->coarse[best]))
				best = i;
		if (best == HV_MAX_FORMULAS)
			return;
		s->coarse[best] = -1;
		for (uint32_t i = 0; i < formulas->n && best < HV_MAX_FORMULAS; i++)
			if (formulas->list[i].y == s->found[best].y ||
			    common(&formulas->list[i], &s->found[best]) > 1)
				best = HV_MAX_FORMULAS;
		if (best < HV_MAX_FORMULAS)
			formulas->list[formulas->n++] = s->found[best];
	}
}

HvStatus
hv_formulas_find(HvFormulas *formulas, const HvSchema *schema, const HvReal *records, size_t n,
                 const HvHost *host, HvArena *arena)
{
	Search *s = hv_new(arena, Search, 1, 1);

	formulas->n = 0;
	formulas->list = hv_new(arena, HvFormula, HV_MAX_FORMULAS, 1);
	if (s == NULL || formulas->list == NULL)
		return HV_NO_MEMORY;
	s->schema = schema;
	s->n = n < MOST_ROWS ? n : MOST_ROWS;
	HV_TRY(read_values(s, records, arena));
	try_all(s, host);
	choose(s, formulas);
	return HV_OK;
}
