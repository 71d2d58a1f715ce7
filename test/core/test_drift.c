/*
 * test_drift.c: measures of drift: nothing where nothing has moved, what they are by hand where it
 * has, and little where few rows are compared.
 */
#include "hv_test.h"

#include "drift.h"
#include "hv_columns.h"
#include "latent.h"
#include "rng.h"
#include "stats.h"

enum
{
	ROWS = 20000,
	COLUMNS = 4
};

static HvArena arena;
static HvColumn columns[COLUMNS];
static HvSchema schema;

static double
uniform(uint64_t row, uint64_t stream)
{
	return hv_uniform(3, HV_STREAM(HV_RNG_USE, stream), row);
}

/* A smooth number; one that is 0 for 30 % and a whole number else; a word; numbers as levels. */
static double
drinks(uint64_t row, uint64_t stream)
{
	double u = uniform(row, stream);

	return u < 0.3 ? 0 : 1 + floor(30 * (u - 0.3));
}

static const char *
word(uint64_t row, uint64_t stream)
{
	double u = uniform(row, stream);

	return u < 0.5 ? "a" : u < 0.8 ? "b" : "c";
}

static double
smooth(uint64_t row, uint64_t stream)
{
	HvReal x;

	hv_normals(3, HV_STREAM(HV_RNG_USE, stream), row, &x, 1);
	return 100 + 10 * x;
}

static void
train(void)
{
	HvStats *stats;

	schema = (HvSchema){.columns = columns, .ncolumns = COLUMNS};
	columns[0] = column_of("smooth", HV_CELL_NUMBER);
	columns[0].low = 0;
	columns[1] = column_of("drinks", HV_CELL_NUMBER);
	columns[2] = column_of("word", HV_CELL_TEXT);
	columns[3] = column_of("score", HV_CELL_NUMBER);
	hv_stats_init(&stats, &schema, &arena);
	for (uint64_t row = 0; row < ROWS; row++)
	{
		hv_stats_number(stats, 0, smooth(row, 1));
		hv_stats_number(stats, 1, drinks(row, 2));
		hv_stats_text(stats, 2, word(row, 3), 1);
		if (row % 10 == 0)
			hv_stats_missing(stats, 3);
		else
			hv_stats_number(stats, 3, (double) (row % 5));
	}
	hv_stats_finish(stats, &schema, &arena, false);
}

/* `n` rows of other random numbers; the smooth one moved, drinks doubled where asked for. */
static HvDriftMeasures
number_drift(int column, size_t n, double shift, double times)
{
	HvDrift drift;
	HvDriftMeasures measures;

	hv_drift_init(&drift, &columns[column], &arena);
	for (uint64_t row = 0; row < n; row++)
		hv_drift_number(&drift, column == 0 ? smooth(row, 11) + shift : drinks(row, 12) * times);
	hv_drift_finish(&drift, &measures);
	return measures;
}

static void
numbers(void)
{
	HvDriftMeasures same = number_drift(0, ROWS, 0, 1), few = number_drift(0, 100, 0, 1);
	HvDriftMeasures moved = number_drift(0, ROWS, 10, 1);

	ok(columns[1].nmasses > 5 && near(columns[1].masses[0].share, 0.3, 0.02),
	   "frequent values are known");
	ok(same.psi >= 0 && same.psi < 0.01 && same.ks < 0.03, "nothing has moved: %.4f, %.3f",
	   same.psi, same.ks);
	ok(few.psi < 0.2, "nor does chance among 100 rows look like it: %.3f", few.psi);
	/* two normals a standard deviation apart: J = 1, KS = 2 Phi(1/2) - 1 = 0.383 */
	ok(moved.psi > 0.75 && moved.psi < 1.1, "one standard deviation: %.3f", moved.psi);
	ok(near(moved.ks, 0.383, 0.03), "and KS as it should be");
	ok(near(hv_drift_normal(0, 1, 1, 1), 1, 1e-12), "Jeffreys' divergence");
	ok(near(hv_drift_normal(2, 4, 2, 1), 0.5 * (4 + 0.25 - 2), 1e-12), "of variances");

	same = number_drift(1, ROWS, 0, 1);
	moved = number_drift(1, ROWS, 0, 2);
	ok(same.psi < 0.02 && same.ks < 0.03, "points of mass that stay: %.4f, %.3f", same.psi,
	   same.ks);
	ok(moved.psi > 1, "values that nobody has any more: %.2f", moved.psi);
}

static void
levels(void)
{
	HvDrift drift;
	HvDriftMeasures measures;
	double expected;

	hv_drift_init(&drift, &columns[2], &arena);
	for (int i = 0; i < 1000; i++)
		hv_drift_text(&drift,
		              i < 500   ? "a"
		              : i < 800 ? "b"
		              : i < 900 ? "c"
		                        : "dd",
		              i < 900 ? 1 : 2);
	hv_drift_finish(&drift, &measures);
	expected = (0.1 - columns[2].level_shares[2]) * log(0.1 / columns[2].level_shares[2]) +
	           (0.1 - HV_DRIFT_FLOOR) * log(0.1 / HV_DRIFT_FLOOR);
	ok(fabs(measures.psi - expected) < 0.002, "a new level: %.3f", measures.psi);
	ok(isnan(measures.ks), "words have no order");
	ok(drift.unknown == 100 && drift.ntexts == 1 && drift.texts[0].count == 100 &&
	       drift.texts[0].length == 2 && memcmp(drift.texts[0].text, "dd", 2) == 0,
	   "it is known by name");

	hv_drift_init(&drift, &columns[3], &arena);
	for (int i = 0; i < 1000; i++)
		if (i % 2)
			hv_drift_missing(&drift);
		else
			hv_drift_number(&drift, i % 4 == 0 ? 0 : 1);
	hv_drift_finish(&drift, &measures);
	/* 0 was one cell in nine, 1 two */
	ok(columns[3].kind == HV_ORDINAL && near(measures.ks, 2.0 / 3, 0.01),
	   "of ordinals there is KS");
	ok(near(measures.missing_change, 0.4, 0.01) && measures.missing_psi > 0.5, "missing cells");
}

static void
corners(void)
{
	HvDrift drift;
	HvDriftMeasures measures;

	hv_drift_init(&drift, &columns[0], &arena);
	hv_drift_finish(&drift, &measures);
	ok(isnan(measures.psi) && isnan(measures.missing_change), "no rows: nothing is told");
	hv_drift_number(&drift, NAN);
	hv_drift_number(&drift, -5);
	hv_drift_finish(&drift, &measures);
	ok(isnan(measures.psi) && near(measures.missing_change, 1, 1e-9),
	   "implausible numbers are missing");
	hv_drift_number(&drift, 1e300);
	hv_drift_number(&drift, 0);
	hv_drift_finish(&drift, &measures);
	ok(isfinite(measures.psi) && drift.outside == 2, "numbers far outside");
}

int
main(void)
{
	arena = test_arena();
	train();
	numbers();
	levels();
	corners();
	return done_testing();
}
