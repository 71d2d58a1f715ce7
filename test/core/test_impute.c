/*
 * Guesses of missing cells: weighing the copula against a network that knows nothing, calibrated
 * intervals on rows that nobody has seen, and the small functions behind them.
 */
#include <math.h>

#include "encode.h"
#include "hv_columns.h"
#include "hv_test.h"
#include "impute.h"
#include "rng.h"
#include "stats.h"

#define FITTED 1500
#define WEIGHED 600
#define FRESH 1500
#define ROWS (FITTED + WEIGHED + FRESH)

static HvArena arena;
static HvBlas blas;

static void
blends(void)
{
	double copula[] = {0.5, 0.3, 0.2}, network[] = {0.25, 0.25, 0.5}, guess[3];
	HvBlend blend;
	bool same = true;

	hv_blend_default(&blend, true);
	for (double p = 0.005; p < 1; p += 0.01)
		same &= fabs(hv_blend_share(&blend, p) - p) < 1e-6;
	ok(same, "uncalibrated shares are what they are");
	blend.share[1] = 0.08f;
	ok(fabs(hv_blend_share(&blend, 0.05) - 0.08) < 1e-6, "5 %% below the 8 %% quantile");
	ok(fabs(hv_blend_share(&blend, 0.03) - (0.01 + 0.07 / 2)) < 1e-6, "between two shares");
	hv_blend_levels(1, 1, copula, network, 3, guess);
	ok(fabs(guess[0] - 0.125 / 0.3) < 1e-9 && fabs(guess[0] + guess[1] + guess[2] - 1) < 1e-12,
	   "a product of probabilities");
	hv_blend_levels(0, 1, copula, network, 3, guess);
	ok(fabs(guess[2] - 0.5) < 1e-12, "the network alone");
	copula[0] = 0;
	hv_blend_levels(1, 1, copula, network, 3, guess);
	ok(guess[0] > 0 && guess[0] < 1e-3, "no level is impossible");
}

/*
 * age ~ N; dose: 0 for two of five, else log-normal and higher with age; weight, by age; sex, which
 * follows weight.
 */
static HvColumn columns[4];

static void
values_of(size_t row, double *values)
{
	HvReal e[4];

	hv_normals(5, HV_STREAM(HV_RNG_USE, 0), row * 4, e, 4);
	values[0] = 50 + 10 * e[0];
	values[1] = e[1] < -0.2533 ? 0 : exp(1 + 0.8 * e[0] + 0.5 * e[1]);
	values[2] = 80 * exp(0.2 * (0.8 * e[0] + 0.6 * e[2]));
	values[3] = 0.8 * e[0] + 0.6 * e[2] + e[3] > 0;
}

static HvStatus
make_model(HvModel *model, HvReal **records)
{
	HvConfig config = {.architecture = HV_JOINT,
	                   .nhidden = 1,
	                   .hidden = {8},
	                   .latent = {2},
	                   .members = 1,
	                   .beta = 1};
	HvSchema *schema = &model->schema;
	HvHeldRows held = {.n = WEIGHED, .nseen = FITTED};
	HvStats *stats;
	double values[4];

	memset(model, 0, sizeof(*model));
	schema->columns = columns;
	schema->ncolumns = 4;
	columns[0] = column_of("age", HV_CELL_NUMBER);
	columns[1] = column_of("dose", HV_CELL_NUMBER);
	columns[2] = column_of("weight", HV_CELL_NUMBER);
	columns[3] = column_of("sex", HV_CELL_TEXT);
	HV_TRY(hv_stats_init(&stats, schema, &arena));
	for (size_t r = 0; r < FITTED; r++)
	{
		values_of(r, values);
		for (uint32_t j = 0; j < 3; j++)
			hv_stats_number(stats, j, values[j]);
		hv_stats_text(stats, 3, values[3] > 0 ? "male" : "female", values[3] > 0 ? 4 : 6);
	}
	HV_TRY(hv_stats_finish(stats, schema, &arena, false));
	HV_TRY(hv_schema_layout(schema));
	*records = hv_new(&arena, HvReal, ROWS, schema->width);
	for (size_t r = 0; r < ROWS; r++)
	{
		values_of(r, values);
		hv_encode_row(schema, values, *records + r * schema->width);
	}
	HV_TRY(hv_vae_init(&model->vae, schema, &config, &arena));
	hv_vae_randomise(&model->vae, 1);
	HV_TRY(hv_copula_fit(&model->copula, schema, &blas, *records, FITTED, HV_RIDGE, NULL, &arena));
	held.rows = *records + FITTED * schema->width;
	held.seen = *records;
	return hv_impute_calibrate(model, &blas, &held, NULL, &arena);
}

/* Share of the fresh rows whose hidden number is in its interval. */
static double
held(HvImputer *imputer, const HvReal *records, uint32_t j, double coverage, bool *ordered)
{
	const HvSchema *schema = &imputer->model->schema;
	const HvColumn *column = &schema->columns[j];
	HvReal *record = hv_new(&arena, HvReal, schema->width, 1);
	size_t inside = 0;
	double values[4];

	for (size_t r = FITTED + WEIGHED; r < ROWS; r++)
	{
		HvCellGuess cell;

		memcpy(record, records + r * schema->width, schema->width * sizeof(HvReal));
		record[column->x_at] = record[column->m_at] = 0;
		hv_impute(imputer, record);
		cell = hv_cell_guess(imputer, j, coverage);
		values_of(r, values);
		inside += cell.low <= values[j] && values[j] <= cell.high;
		*ordered &= coverage < HV_COVERAGE || (cell.low <= cell.value && cell.value <= cell.high);
	}
	return inside / (double) FRESH;
}

static void
intervals(void)
{
	HvReal *records = NULL;
	HvImputer imputer;
	HvModel model;
	bool ordered = true;
	double share;

	ok(make_model(&model, &records) == HV_OK, "a model");
	ok(model.blend[2].copula > 0.9, "the copula knows weight by age, the network nothing: %g",
	   (double) model.blend[2].copula);
	ok(model.blend[3].copula > model.blend[3].network - 0.3, "and sex by weight: %g, %g",
	   (double) model.blend[3].copula, (double) model.blend[3].network);
	ok(hv_imputer_init(&imputer, &model, &blas, &arena) == HV_OK, "imputer");
	for (double coverage = 0.5; coverage < 1; coverage += 0.4)
	{
		share = held(&imputer, records, 2, coverage, &ordered);
		ok(fabs(share - coverage) < 0.04, "weight: %g of intervals hold %g", coverage, share);
	}
	share = held(&imputer, records, 1, 0.9, &ordered);
	ok(share > 0.87 && share < 0.97, "with a point of mass at 0: .9 hold %g", share);
	ok(ordered, "values lie within");
}

int
main(void)
{
	arena = test_arena();
	blas = test_blas();
	blends();
	intervals();
	return done_testing();
}
