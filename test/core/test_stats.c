/*
 * test_stats.c: moments and kinds of numbers, what is left out, scaling; that the order of rows does
 * not matter where it must not; the sample against what it estimates. Levels: test_stats_level.c.
 */
#include "rng.h"
#include "stats_fixture.h"
#include "summary.h"

#define N 5000
static double values[N];

/* n values of a log-normal distribution: skewed, positive, all different. */
static void
fill_lognormal(double center, double scale)
{
	HvReal normal[N];

	hv_normals(1, HV_STREAM(HV_RNG_USE, 0), 0, normal, N);
	for (int i = 0; i < N; i++)
		values[i] = exp(center + scale * normal[i]);
}

static void
fill_normal(double mean, double sd)
{
	HvReal normal[N];

	hv_normals(2, HV_STREAM(HV_RNG_USE, 0), 0, normal, N);
	for (int i = 0; i < N; i++)
		values[i] = mean + sd * normal[i];
}

static void
moments(void)
{
	const double few[] = {1e9 + 4, 1e9 + 7, 1e9 + 13.5, 1e9 + 16};
	HvColumn column = numbers_of(number(HV_REAL), few, 4, false);

	ok(near(column.mean, 1e9 + 10.125, 1e-15) && near(column.sd, 5.573374, 1e-6),
	   "moments do not cancel");
	ok(column.min == few[0] && column.max == few[3] && column.observed == 4 && column.distinct == 4,
	   "range and counts");
	ok(column.quantiles[0] == few[0] && column.quantiles[64] == few[3] &&
	       near(column.quantiles[32], 1e9 + 10.25, 1e-15),
	   "quantiles are linear between values");
}

static void
real_kinds(void)
{
	HvColumn column, wish;

	fill_normal(170, 10);
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(column.used && column.kind == HV_REAL && column.transform == HV_SCORES &&
	       near(column.center, 0, 0.01) && near(column.scale, 1, 0.01) && column.width == 1,
	   "symmetric numbers are real, and coded by their scores");
	ok(column.distinct > 4500 && column.distinct <= N, "distinct is estimated: %g",
	   column.distinct);
	fill_lognormal(1, 1);
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(column.kind == HV_POSITIVE && column.transform == HV_SCORES,
	   "skewed numbers over zero are positive");
	wish = number(HV_POSITIVE);
	wish.insisted = true;
	column = numbers_of(wish, values, N, false);
	ok(column.kind == HV_POSITIVE && column.transform == HV_LOG && column.shift == 0 &&
	       near(column.center, 1, 0.1) && near(column.scale, 1, 0.1) && column.nknots == 0,
	   "log-normal where the user insists");
	values[0] = 0;
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(column.kind == HV_REAL && column.transform == HV_SCORES, "with a zero: real");
	column = numbers_of(number(HV_POSITIVE), values, N, false);
	ok(column.kind == HV_REAL && noted(&column, "not all values are positive: taken as real"),
	   "a wish for positive that the data cannot bear");
	fill_lognormal(4, 1);
	values[0] = 0;
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(column.kind == HV_REAL && column.knots[0].value == 0, "the smallest value is a knot");
	values[0] = 1;
	column = numbers_of(number(HV_DATE), values, N, false);
	ok(column.kind == HV_DATE && column.transform == HV_SCORES, "dates are numbers");
	ok(column.digits == -1, "no number of decimals holds them");
}

static void
integer_kinds(void)
{
	HvColumn column, wish;

	for (int i = 0; i < N; i++)
		values[i] = i % 5 + 1;
	column = numbers_of(integer(HV_KIND_AUTO), values, N, false);
	ok(column.kind == HV_ORDINAL && column.nlevels == 5 && column.width == 1 &&
	       near(column.center, 2, 1e-12) && near(column.scale, sqrt(2), 1e-12),
	   "few integers side by side are ordinal");
	ok(strcmp(column.levels[4], "5") == 0 && column.level_values[4] == 5 &&
	       near(column.level_shares[4], 0.2, 1e-12),
	   "levels of an ordinal");
	ok(column.quantiles[64] == 5, "quantiles of an ordinal are its numbers");
	column = numbers_of(integer(HV_CATEGORICAL), values, N, false);
	ok(column.kind == HV_CATEGORICAL && column.width == 5 && column.scale == 1,
	   "integer codes are categories when asked for");
	column = numbers_of(integer(HV_BINARY), values, N, false);
	ok(column.kind == HV_ORDINAL && noted(&column, "more than two different values"),
	   "five values are no binary");
	column = numbers_of(integer(HV_REAL), values, N, false);
	ok(column.kind == HV_REAL && column.nlevels == 0, "a wish for real");

	fill_lognormal(0, 1);
	for (int i = 0; i < N; i++)
		values[i] = fmin(floor(values[i]), 27);
	column = numbers_of(integer(HV_KIND_AUTO), values, N, false);
	ok(column.kind == HV_COUNT && column.transform == HV_SCORES && column.digits == 0,
	   "skewed small integers from zero are counts");
	wish = integer(HV_COUNT);
	wish.insisted = true;
	column = numbers_of(wish, values, N, false);
	ok(column.kind == HV_COUNT && column.transform == HV_LOG && column.shift == 1 &&
	       hv_counts(&column),
	   "negative binomial where the user insists");
	values[7] = 2.5;
	column = numbers_of(number(HV_COUNT), values, N, false);
	ok(column.kind == HV_REAL && noted(&column, "not all values are counts: taken as real"),
	   "halves are no counts");
	for (int i = 0; i < N; i++)
		values[i] = i % 2 ? 7 : -0.25;
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(column.kind == HV_BINARY && column.nlevels == 2 && column.level_values[0] == -0.25 &&
	       strcmp(column.levels[0], "-0.25") == 0 && strcmp(column.levels[1], "7") == 0,
	   "two values are binary, in numeric order");
}

static void
left_out_numbers(void)
{
	HvColumn column, key = integer(HV_KIND_AUTO);

	for (int i = 0; i < N; i++)
		values[i] = 100000 + i;
	column = numbers_of(integer(HV_KIND_AUTO), values, N, false);
	ok(left_out(&column, "key"), "integers that all differ are a key (distinct %g)",
	   column.distinct);
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(column.used && column.kind == HV_REAL, "numbers that all differ are not");
	column = numbers_of(integer(HV_REAL), values, N, false);
	ok(column.used, "nor when the caller says what they are");
	key.key = true;
	column = numbers_of(key, values, 5, false);
	ok(left_out(&column, "key"), "the caller knows a key");
	for (int i = 0; i < N; i++)
		values[i] = 0.1;
	column = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(left_out(&column, "constant") && column.distinct == 1 && near(column.mean, 0.1, 1e-12),
	   "a constant");
	column = numbers_of(number(HV_KIND_AUTO), values, 1, false);
	ok(left_out(&column, "constant"), "one row");
	column = numbers_of(number(HV_KIND_AUTO), values, 0, false);
	ok(left_out(&column, "empty") && isnan(column.mean) && isnan(column.quantiles[5]), "no row");
	values[0] = NAN;
	column = numbers_of(number(HV_KIND_AUTO), values, 1, false);
	ok(left_out(&column, "empty") && column.missing == 1 && column.implausible == 1, "only NaN");
	values[0] = 0.0;
	values[1] = -0.0;
	column = numbers_of(number(HV_KIND_AUTO), values, 2, false);
	ok(left_out(&column, "constant"), "0 and -0 are one value");
}

static void
implausible(void)
{
	const double some[] = {50, NAN, 60, INFINITY, 70, -INFINITY, 1e300, 500, 10, 80, 90.5};
	HvColumn column = number(HV_KIND_AUTO);

	column.low = 20;
	column.high = 300;
	column = numbers_of(column, some, 11, false);
	ok(column.observed == 5 && column.missing == 6 && column.implausible == 6 &&
	       near(column.mean, 70.1, 1e-12) && column.min == 50 && column.max == 90.5,
	   "values outside the plausible range, NaN, infinity and huge ones count as missing");
}

static void
scaling(void)
{
	HvColumn column;

	fill_lognormal(1, 1);
	values[0] = 0.001;
	values[1] = 250;
	column = numbers_of(number(HV_KIND_AUTO), values, N, true);
	ok(column.kind == HV_REAL && column.transform == HV_LINEAR && column.center == 0.001 &&
	       column.scale == 250 - 0.001,
	   "the seed scales linearly from the range");
	for (int i = 0; i < N; i++)
		values[i] = i % 5 + 1;
	column = numbers_of(integer(HV_KIND_AUTO), values, N, true);
	ok(column.kind == HV_ORDINAL && column.center == 0 && column.scale == 4,
	   "and ordinals from their levels");
	values[0] = 1e-200;
	values[1] = 2e-200;
	values[2] = 3.5e-200;
	column = numbers_of(number(HV_REAL), values, 3, false);
	ok(column.used && column.scale > 0.5 && column.scale < 2,
	   "numbers whose variance underflows still have scores");
}

/* Levels and moments of shuffled rows; the sample may differ, the quantiles hardly. */
static void
order_of_rows(void)
{
	HvColumn a, b;
	double turned[N];

	fill_normal(0, 1);
	for (int i = 0; i < N; i++)
		turned[i] = values[N - 1 - i];
	a = numbers_of(number(HV_KIND_AUTO), values, N, false);
	b = numbers_of(number(HV_KIND_AUTO), turned, N, false);
	ok(near(a.mean, b.mean, 1e-12) && near(a.sd, b.sd, 1e-12) && a.distinct == b.distinct &&
	       near(a.quantiles[16], b.quantiles[16], 0.05),
	   "rows the other way round");
	b = numbers_of(number(HV_KIND_AUTO), values, N, false);
	ok(memcmp(a.quantiles, b.quantiles, sizeof(a.quantiles)) == 0, "the same rows, the same bits");
}

/* The sample of many increasing numbers must not prefer early or late ones. */
static void
sample(void)
{
	double worst = 0;
	Case c;

	begin(&c, number(HV_REAL));
	for (int i = 0; i < 400000; i++)
		hv_stats_number(c.stats, 0, i / 400000.0);
	end(&c, false);
	for (int i = 0; i < HV_QUANTILES; i++)
		worst = fmax(worst, fabs(c.column.quantiles[i] - i / 64.0));
	ok(worst < 0.03, "quantiles of a large column are right to %.4f", worst);
	ok(fabs(c.column.distinct / 400000 - 1) < 0.1, "its distinct values: %g", c.column.distinct);
}

static void
memory(void)
{
	HvArena small;
	HvColumn column = number(HV_KIND_AUTO);
	HvSchema schema = {.ncolumns = 1, .columns = &column};
	HvStats *stats;

	hv_arena_init(&small, test_more, NULL, 30000);
	ok(hv_stats_init(&stats, &schema, &small) == HV_NO_MEMORY, "no memory");
	schema.ncolumns = HV_MAX_COLUMNS + 1;
	ok(hv_stats_init(&stats, &schema, &arena) == HV_TOO_LARGE, "too many columns");
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Numbers that are mixed, few, the same, in order, in the wrong order, and up and down again. */
static void
sorting(void)
{
	enum
	{
		NUMBERS = 3001
	};
	static double numbers[NUMBERS], expected[NUMBERS];

	for (int kind = 0; kind < 6; kind++)
	{
		bool good = true;

		for (size_t n = 0; n < NUMBERS && good; n += 1 + n / 3)
		{
			for (size_t i = 0; i < n; i++)
			{
				double u = hv_uniform(11, n, i), at = (double) i;

				numbers[i] = kind == 0   ? u
				             : kind == 1 ? floor(4 * u)
				             : kind == 2 ? 7
				             : kind == 3 ? at
				             : kind == 4 ? -at
				                         : fmin(at, (double) (n - i));
			}
			memcpy(expected, numbers, sizeof(numbers));
			qsort(expected, n, sizeof(double), by_value);
			hv_sort_numbers(numbers, n);
			good = memcmp(numbers, expected, n * sizeof(double)) == 0;
		}
		ok(good, "sorted as libc does, kind %d", kind);
	}
}

int
main(void)
{
	arena = test_arena();
	moments();
	real_kinds();
	integer_kinds();
	left_out_numbers();
	implausible();
	scaling();
	order_of_rows();
	sample();
	memory();
	sorting();
	return done_testing();
}
