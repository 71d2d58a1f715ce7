/* Cholesky, conditioning of the copula, its fit to rows with gaps, and what it says of levels. */
#include <math.h>

#include "copula.h"
#include "dense.h"
#include "encode.h"
#include "hv_columns.h"
#include "hv_test.h"
#include "rng.h"
#include "stats.h"

#define N 2000

static HvArena arena;
static HvBlas blas;

static void
dense(void)
{
	double a[] = {4, 0, 2, 3}, x[] = {1, 2};

	ok(hv_factorise(a, 2) && fabs(a[0] - 2) < 1e-15 && fabs(a[2] - 1) < 1e-15 &&
	       fabs(a[3] - sqrt(2)) < 1e-15,
	   "Cholesky factor");
	hv_solve(a, 2, x);
	ok(fabs(4 * x[0] + 2 * x[1] - 1) < 1e-14 && fabs(2 * x[0] + 3 * x[1] - 2) < 1e-14, "solution");
	hv_invert_factor(a, 2);
	ok(fabs(a[0] - 0.5) < 1e-15 && fabs(a[3] - 1 / sqrt(2)) < 1e-15, "inverse of the factor");
	a[0] = 1, a[2] = 2, a[3] = 1;
	ok(!hv_factorise(a, 2), "not positive definite");
}

/* Three columns: age; weight, which follows age with correlation .8; sex, which follows weight. */
static HvColumn columns[3];

static double
cell(size_t row, int column)
{
	HvReal e[2];
	double weight;

	hv_normals(3, HV_STREAM(HV_RNG_USE, 0), row * 2, e, 2);
	weight = 0.8 * e[0] + 0.6 * e[1];
	return column == 0 ? 50 + 10 * e[0] : column == 1 ? 80 * exp(0.2 * weight) : weight > 0;
}

static void
fit(HvSchema *schema, HvReal **records, bool gaps)
{
	HvStats *stats;

	memset(schema, 0, sizeof(*schema));
	schema->columns = columns;
	schema->ncolumns = 3;
	columns[0] = column_of("age", HV_CELL_NUMBER);
	columns[1] = column_of("weight", HV_CELL_NUMBER);
	columns[2] = column_of("sex", HV_CELL_TEXT);
	ok(hv_stats_init(&stats, schema, &arena) == HV_OK, "statistics");
	for (size_t r = 0; r < N; r++)
	{
		hv_stats_number(stats, 0, cell(r, 0));
		hv_stats_number(stats, 1, cell(r, 1));
		hv_stats_text(stats, 2, cell(r, 2) > 0 ? "male" : "female", cell(r, 2) > 0 ? 4 : 6);
	}
	hv_stats_finish(stats, schema, &arena, false);
	hv_schema_layout(schema);
	*records = hv_new(&arena, HvReal, N, schema->width);
	for (size_t r = 0; r < N; r++)
	{
		double values[3] = {cell(r, 0), cell(r, 1), cell(r, 2)};

		if (gaps && r % 3 == 0)
			values[r % 2] = NAN;
		hv_encode_row(schema, values, *records + r * schema->width);
	}
}

static void
conditioning(bool gaps)
{
	HvSchema schema;
	HvReal *records, record[8] = {0};
	HvCopula copula;
	HvTies ties;
	double mean, variance, p[2];

	fit(&schema, &records, gaps);
	ok(hv_copula_fit(&copula, &schema, &blas, records, N, HV_RIDGE, NULL, &arena) == HV_OK &&
	       copula.width == 3,
	   "fit, %s gaps", gaps ? "with" : "without");
	ok(hv_ties_init(&ties, &copula, &arena) == HV_OK, "room");

	record[columns[0].x_at] = 1;
	record[columns[0].m_at] = 1;
	hv_copula_condition(&copula, &schema, record, &ties);
	hv_copula_number(&copula, &ties, 1, &mean, &variance);
	ok(fabs(mean - 0.8) < 0.05 && fabs(variance - 0.36) < 0.05, "weight given age: %g, %g", mean,
	   variance);
	hv_copula_levels(&copula, &columns[2], &ties, 2, p);
	ok(p[1] > 0.7 && fabs(p[0] + p[1] - 1) < 1e-9, "sex given age: %g", p[1]);
	hv_copula_number(&copula, &ties, 0, &mean, &variance);
	ok(fabs(mean - 1) < 1e-5 && variance == 0, "an observed cell is what it is");

	memset(record, 0, sizeof(record));
	hv_copula_condition(&copula, &schema, record, &ties);
	hv_copula_number(&copula, &ties, 1, &mean, &variance);
	ok(fabs(mean) < 0.05 && fabs(variance - 1) < 0.1, "nothing known: the marginal: %g, %g", mean,
	   variance);
}

int
main(void)
{
	arena = test_arena();
	blas = test_blas();
	dense();
	conditioning(false);
	conditioning(true);
	return done_testing();
}
