/*
 * test_stats_level.c: kinds of texts, levels found and levels given, what is left out; vectors.
 */
#include "stats_fixture.h"

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

int
main(void)
{
	arena = test_arena();
	text_kinds();
	fixed_levels();
	left_out_texts();
	vectors();
	number_texts();
	return done_testing();
}
