/*
 * test_stats.c: moments, kinds, levels, what is left out, scaling; that the order of rows does not
 * matter where it must not; the sketch and the sample against what they estimate.
 */
#include "hv_columns.h"
#include "rng.h"
#include "stats.h"

static HvArena arena;

/* One column and its statistics. */
typedef struct Case
{
	HvColumn column;
	HvSchema schema;
	HvStats *stats;
} Case;

static HvStatus
begin(Case *c, HvColumn column)
{
	c->column = column;
	memset(&c->schema, 0, sizeof(c->schema));
	c->schema.columns = &c->column;
	c->schema.ncolumns = 1;
	return hv_stats_init(&c->stats, &c->schema, &arena);
}

static HvStatus
end(Case *c, bool minmax)
{
	return hv_stats_finish(c->stats, &c->schema, &arena, minmax);
}

static HvColumn
numbers_of(HvColumn column, const double *values, size_t n, bool minmax)
{
	Case c;

	begin(&c, column);
	for (size_t i = 0; i < n; i++)
		hv_stats_number(c.stats, 0, values[i]);
	end(&c, minmax);
	return c.column;
}

static HvColumn
texts_of(HvColumn column, const char *const *texts, size_t n)
{
	Case c;

	begin(&c, column);
	for (size_t i = 0; i < n; i++)
		if (texts[i] == NULL)
			hv_stats_missing(c.stats, 0);
		else
			hv_stats_text(c.stats, 0, texts[i], strlen(texts[i]));
	end(&c, false);
	return c.column;
}

static HvColumn
number(HvKind wish)
{
	HvColumn column = column_of("x", HV_CELL_NUMBER);

	column.kind = wish;
	return column;
}

static HvColumn
integer(HvKind wish)
{
	HvColumn column = number(wish);

	column.integer = true;
	return column;
}

static bool
left_out(const HvColumn *column, const char *note)
{
	return !column->used && column->note != NULL && strcmp(column->note, note) == 0;
}

static bool
noted(const HvColumn *column, const char *note)
{
	return column->used && column->note != NULL && strcmp(column->note, note) == 0;
}

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

static void
text_kinds(void)
{
	const char *const sexes[] = {"male", "female", NULL, "male", "male", "female"};
	const char *const health[] = {"poor", "good", "fair", "good", "", "poor"};
	HvColumn column = texts_of(column_of("sex", HV_CELL_TEXT), sexes, 6);

	ok(column.kind == HV_BINARY && strcmp(column.levels[0], "female") == 0 &&
	       strcmp(column.levels[1], "male") == 0 && near(column.level_shares[1], 0.6, 1e-12) &&
	       column.level_values == NULL && column.missing == 1 && column.observed == 5,
	   "two texts are binary, in bytewise order");
	ok(isnan(column.mean) && isnan(column.min) && isnan(column.quantiles[0]),
	   "texts have no moments");
	column = texts_of(column_of("health", HV_CELL_TEXT), health, 6);
	ok(column.kind == HV_CATEGORICAL && column.nlevels == 4 && column.width == 4 &&
	       strcmp(column.levels[0], "") == 0 && strcmp(column.levels[3], "poor") == 0,
	   "more are categories; the empty text is one");
	column = column_of("health", HV_CELL_TEXT);
	column.kind = HV_BINARY;
	column = texts_of(column, health, 6);
	ok(column.kind == HV_CATEGORICAL && noted(&column, "more than two different texts"),
	   "four texts are no binary");
}

static void
fixed_levels(void)
{
	const char *given[] = {"poor", "fair", "good", "excellent"};
	const char *const health[] = {"poor", "good", "Good", "good", NULL, "poor"};
	const double codes[] = {1, 2, 9}, cells[] = {9, 1, 3, 9, 1, 1};
	HvColumn column = column_of("health", HV_CELL_TEXT);
	Case c;

	column.fixed_levels = true;
	column.levels = given;
	column.nlevels = 4;
	column.kind = HV_ORDINAL;
	column = texts_of(column, health, 6);
	ok(column.kind == HV_ORDINAL && column.nlevels == 4 && column.observed == 4 &&
	       column.implausible == 1 && column.missing == 2 &&
	       strcmp(column.levels[3], "excellent") == 0 && column.level_shares[3] == 0 &&
	       column.level_shares[0] == 0.5 && near(column.center, 1, 1e-12),
	   "given levels keep their order; unknown texts count as missing");
	given[3] = "poor";
	column.levels = given;
	ok(begin(&c, column) == HV_BAD_ARGUMENT, "the same level twice");

	column = integer(HV_CATEGORICAL);
	column.fixed_levels = true;
	column.nlevels = 3;
	ok(begin(&c, column) == HV_BAD_ARGUMENT, "levels of numbers need their numbers");
	column.level_values = (double *) codes;
	column = numbers_of(column, cells, 6, false);
	ok(column.kind == HV_CATEGORICAL && column.nlevels == 3 && column.implausible == 1 &&
	       near(column.level_shares[2], 0.4, 1e-12) && strcmp(column.levels[2], "9") == 0,
	   "given numbers");
}

/* "text-0042" and the like, terminated by hand: sprintf is slow under a sanitizer. */
static HvColumn
many_texts(size_t n, size_t different)
{
	char text[] = "text-0000";
	Case c;

	begin(&c, column_of("t", HV_CELL_TEXT));
	for (size_t i = 0; i < n; i++)
	{
		size_t rest = i % different;

		for (int digit = 8; digit >= 5; digit--, rest /= 10)
			text[digit] = (char) ('0' + rest % 10);
		hv_stats_text(c.stats, 0, text, 9);
	}
	end(&c, false);
	return c.column;
}

static void
left_out_texts(void)
{
	char *longest = calloc(1, HV_MAX_TEXT + 2);
	HvColumn column = many_texts(20000, 5000);
	Case c;

	ok(left_out(&column, "more than 256 different texts") && fabs(column.distinct / 5000 - 1) < 0.1,
	   "5,000 different texts (estimated: %g)", column.distinct);
	column = many_texts(5000, 5000);
	ok(left_out(&column, "identifier: nearly every value differs"), "texts that all differ");
	column = many_texts(100, 100);
	ok(left_out(&column, "identifier: nearly every value differs") && column.distinct == 100,
	   "a hundred of them");
	column = many_texts(20, 20);
	ok(column.used && column.nlevels == 20, "twenty rows are too few to say that");
	column = many_texts(20000, 256);
	ok(column.used && column.nlevels == 256, "256 levels");
	column = many_texts(20000, 257);
	ok(!column.used && column.distinct == 257, "257 are too many, but counted exactly");
	column = many_texts(20000, 1000);
	ok(!column.used && column.distinct == 1000, "and so are 1,000");

	memset(longest, 'x', HV_MAX_TEXT + 1);
	begin(&c, column_of("t", HV_CELL_TEXT));
	hv_stats_text(c.stats, 0, longest, HV_MAX_TEXT);
	hv_stats_text(c.stats, 0, "short", 5);
	end(&c, false);
	ok(c.column.used && c.column.nlevels == 2, "the longest level");
	begin(&c, column_of("t", HV_CELL_TEXT));
	hv_stats_text(c.stats, 0, "short", 5);
	hv_stats_text(c.stats, 0, longest, HV_MAX_TEXT + 1);
	hv_stats_text(c.stats, 0, "short", 5);
	end(&c, false);
	ok(!c.column.used && c.column.distinct == 2, "a text too long to be a level");
	free(longest);
}

static void
vectors(void)
{
	const float a[] = {1, 2, 3}, b[] = {3, 4, 5}, bad[] = {1, NAN, 2};
	Case c;

	begin(&c, column_of("e", HV_CELL_VECTOR));
	ok(hv_stats_vector(c.stats, 0, a, 3) == HV_OK && hv_stats_vector(c.stats, 0, b, 3) == HV_OK &&
	       hv_stats_vector(c.stats, 0, bad, 3) == HV_OK &&
	       hv_stats_vector(c.stats, 0, a, 0) == HV_OK,
	   "vectors");
	ok(hv_stats_vector(c.stats, 0, a, 2) == HV_BAD_ARGUMENT, "a vector of another length");
	ok(hv_stats_vector(c.stats, 0, a, HV_MAX_EMBEDDING + 1) == HV_TOO_LARGE, "one too long");
	end(&c, false);
	ok(c.column.used && c.column.kind == HV_EMBEDDING && c.column.width == 3 &&
	       c.column.observed == 2 && c.column.missing == 2 && c.column.implausible == 1 &&
	       c.column.center == 3 && near(c.column.scale, sqrt(2), 1e-6),
	   "one center and one scale over all elements");
	begin(&c, column_of("e", HV_CELL_VECTOR));
	hv_stats_vector(c.stats, 0, a, 3);
	hv_stats_vector(c.stats, 0, a, 3);
	end(&c, false);
	ok(left_out(&c.column, "constant"), "the same vector twice");
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
number_texts(void)
{
	const double some[] = {-1234567, -0.5, 0, 1e-7, 0.1, 1.0 / 3, 2.5, 1e15, 6.02214076e23};
	const char *const texts[] = {"-1234567",         "-0.5", "0",     "1e-07",         "0.1",
	                             "0.33333333333333", "2.5",  "1e+15", "6.02214076e+23"};
	HvColumn column = numbers_of(number(HV_CATEGORICAL), some, 9, false);

	for (int i = 0; i < 9; i++)
		ok(strcmp(column.levels[i], texts[i]) == 0, "level %s is written %s", texts[i],
		   column.levels[i]);
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
	text_kinds();
	fixed_levels();
	left_out_texts();
	vectors();
	order_of_rows();
	sample();
	number_texts();
	memory();
	return done_testing();
}
