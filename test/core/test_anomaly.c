/* Tails, the isolation forest, and the score of strange records made of both. */
#include "anomaly.h"
#include "cause.h"
#include "encode.h"
#include "hv_small_model.h"
#include "rng.h"
#include "summary.h"

static HvArena arena;
static HvBlas blas;

static void
tails(void)
{
	enum
	{
		N = 4000
	};
	static double values[N];
	double before = -1, worst = 0;
	HvTail tail;

	/* an exponential sample: the value is its own surprise */
	for (int i = 0; i < N; i++)
		values[i] = -log(1 - (i + 0.5) / N);
	hv_tail_fit(&tail, values, N, false);
	for (double s = 0.1; s < 5; s += 0.1)
		worst = fmax(worst, fabs(hv_tail_surprise(&tail, s, false) - s));
	ok(worst < 0.05, "an exponential tail, off by %.3f nats", worst);
	ok(fabs(hv_tail_surprise(&tail, 20, false) - 20) < 4, "goes on beyond the sample");
	ok(hv_tail_surprise(&tail, -1, false) == 0 &&
	       hv_tail_surprise(&tail, 1e30, false) == HV_TAIL_MOST,
	   "and has ends");

	/* a power: P(S >= s) = s^-2 */
	for (int i = 0; i < N; i++)
		values[i] = pow(1 - (i + 0.5) / N, -0.5);
	hv_tail_fit(&tail, values, N, true);
	ok(fabs(hv_tail_surprise(&tail, 10, true) - 2 * log(10)) < 0.3, "a power's tail");
	ok(fabs(hv_tail_surprise(&tail, 1000, true) - 2 * log(1000)) < 3, "beyond the sample");

	/* nine tenths zeros: they are as common as can be */
	for (int i = 0; i < N; i++)
		values[i] = i < N / 10 ? 1 + i : 0;
	hv_tail_fit(&tail, values, N, false);
	ok(hv_tail_surprise(&tail, 0, false) == 0, "a point of mass is no surprise");
	ok(hv_tail_surprise(&tail, 1, false) > 2, "what is above it is one");

	for (int i = 0; i < 3; i++)
		values[i] = 7;
	hv_tail_fit(&tail, values, 3, false);
	for (double s = 6; s < 9; s += 0.25)
	{
		double now = hv_tail_surprise(&tail, s, false);

		ok(isfinite(now) && now >= before, "three equal values: %.2f has %.2f nats", s, now);
		before = now;
	}
}

#define ROWS 500
#define FEATURES 3

static void
forest(void)
{
	static float rows[ROWS * FEATURES];
	HvForest first, second;
	float alone[] = {6, 6, 6, 0, 0, 0}, common[] = {0, 0, 0, 0, 0, 0};
	float gaps[] = {NAN, NAN, NAN, 0, 0, 0}, one[] = {6, NAN, NAN, 0, 0, 0};
	float steps;

	for (size_t i = 0; i < ROWS; i++)
	{
		HvReal x[FEATURES];

		hv_normals(9, HV_STREAM(HV_RNG_USE, 0), i * FEATURES, x, FEATURES);
		for (size_t f = 0; f < FEATURES; f++)
			rows[i * FEATURES + f] = i % 10 == f ? NAN : (float) x[f];
	}
	ok(hv_forest_grow(&first, rows, ROWS, FEATURES, 7, NULL, &arena) == HV_OK &&
	       hv_forest_grow(&second, rows, ROWS, FEATURES, 7, NULL, &arena) == HV_OK,
	   "two forests");
	ok(memcmp(first.threshold, second.threshold,
	          HV_FOREST_TREES * HV_FOREST_NODES * sizeof(float)) == 0 &&
	       memcmp(first.steps, second.steps, HV_FOREST_TREES * HV_FOREST_LEAVES * sizeof(float)) ==
	           0,
	   "the same seed grows the same trees");
	steps = hv_forest_walk(&first, common);
	ok(hv_forest_walk(&first, alone) < 0.6 * steps, "an outlier is soon alone");
	ok(hv_forest_walk(&first, gaps) > 0.9 * steps, "a row of gaps is common");
	ok(hv_forest_walk(&first, one) < hv_forest_walk(&first, gaps), "an outlier with gaps is not");
	ok(hv_forest_steps(3, 2) == 4 && near(hv_forest_steps(0, 128), 8.86, 0.01) &&
	       hv_forest_steps(3, 1) == 3,
	   "expected steps of leaves");

	/* nothing to cut */
	for (size_t i = 0; i < ROWS * FEATURES; i++)
		rows[i] = i % 2 ? 1 : NAN;
	ok(hv_forest_grow(&first, rows, 4, FEATURES, 7, NULL, &arena) == HV_OK &&
	       isfinite(hv_forest_walk(&first, common)),
	   "rows that are all alike");
}

#define N 3000
#define COLUMNS 4

static HvColumn columns[COLUMNS];

/* age; weight, which follows age closely; a rating of 1 … 5 that follows weight; a word. */
static void
cells_of(size_t row, double *cell)
{
	HvReal e[3];

	hv_normals(4, HV_STREAM(HV_RNG_USE, 1), row * 3, e, 3);
	cell[0] = 50 + 10 * e[0];
	cell[1] = 80 + 10 * e[0] + 2 * e[1];
	cell[2] = fmin(fmax(round(3 + e[0] + e[2] / 2), 1), 5);
	cell[3] = row % 3;
}

static void
make_model(HvModel *model, HvReal **records)
{
	static const char *words[] = {"a", "b", "c"};
	HvConfig config = {.architecture = HV_JOINT,
	                   .nhidden = 1,
	                   .hidden = {8},
	                   .latent = {2},
	                   .members = 1,
	                   .beta = 1};
	HvSchema *schema = &model->schema;
	double cell[COLUMNS], level;
	HvStats *stats;

	memset(model, 0, sizeof(*model));
	schema->columns = columns;
	schema->ncolumns = COLUMNS;
	columns[0] = column_of("age", HV_CELL_NUMBER);
	columns[1] = column_of("weight", HV_CELL_NUMBER);
	columns[2] = column_of("rating", HV_CELL_NUMBER);
	columns[2].kind = HV_ORDINAL;
	columns[3] = column_of("word", HV_CELL_TEXT);
	ok(hv_stats_init(&stats, schema, &arena) == HV_OK, "statistics");
	for (size_t r = 0; r < N; r++)
	{
		cells_of(r, cell);
		for (uint32_t j = 0; j < 3; j++)
			hv_stats_number(stats, j, cell[j]);
		hv_stats_text(stats, 3, words[(int) cell[3]], 1);
	}
	ok(hv_stats_finish(stats, schema, &arena, false) == HV_OK && hv_schema_layout(schema) == HV_OK,
	   "a schema");
	ok(hv_vae_init(&model->vae, schema, &config, &arena) == HV_OK, "a network");
	hv_vae_randomise(&model->vae, 1);
	*records = hv_new(&arena, HvReal, N, schema->width);
	for (size_t r = 0; r < N; r++)
	{
		cells_of(r, cell);
		level = cell[2] - 1;
		cell[2] = level;
		if (r % 5 == 0)
			cell[1] = NAN;
		hv_encode_row(schema, cell, *records + r * schema->width);
	}
}

/* The score of a row of cells. */
static double
score(HvJudge *judge, double age, double weight, double rating, double word)
{
	double cell[] = {age, weight, rating - 1, word};
	HvReal record[16];

	hv_encode_row(&judge->model->schema, cell, record);
	return hv_judge(judge, record);
}

static void
scores(void)
{
	static double sorted[N];
	HvModel model, again;
	HvReal *records;
	HvJudge judge;
	double worst = 0;

	make_model(&model, &records);
	again = model;
	ok(hv_anomaly_fit(&model, &blas, records, N, NULL, &arena) == HV_OK && model.strange.fitted,
	   "fitted");
	ok(hv_anomaly_fit(&again, &blas, records, N, NULL, &arena) == HV_OK &&
	       memcmp(&again.strange.whole, &model.strange.whole, sizeof(HvTail)) == 0,
	   "the same rows, the same tails");
	ok(hv_judge_init(&judge, &model, &blas, &arena) == HV_OK, "a judge");
	for (size_t r = 0; r < N; r++)
		sorted[r] = hv_judge(&judge, records + r * model.schema.width);
	hv_sort_numbers(sorted, N);
	for (size_t r = 0; r < N; r++)
		worst = fmax(worst, fabs(sorted[r] - (r + 0.5) / N));
	ok(worst < 0.08, "training rows are uniform in 0 … 1, off by %.3f", worst);
	ok(score(&judge, 50, 80, 3, 0) < 0.6, "an ordinary row: %.3f", score(&judge, 50, 80, 3, 0));
	ok(score(&judge, 65, 65, 3, 0) > 0.98, "ordinary cells that do not go together: %.3f",
	   score(&judge, 65, 65, 3, 0));
	ok(score(&judge, 100, 130, 5, 0) > 0.98, "extreme cells that do: %.3f",
	   score(&judge, 100, 130, 5, 0));
	ok(score(&judge, 65, NAN, 3, 0) < 0.95, "half of an odd pair is not odd: %.3f",
	   score(&judge, 65, NAN, 3, 0));
	ok(score(&judge, 85, 80, 3, 0) > score(&judge, 75, 80, 3, 0), "odder is stranger");
	ok(isnan(score(&judge, NAN, NAN, NAN, NAN)), "no cell, no score");
	ok(score(&judge, NAN, NAN, NAN, 1) < 0.95, "a single ordinary cell: %.3f",
	   score(&judge, NAN, NAN, NAN, 1));
}

/* Which cell is to blame, on the scale of a known conditional distribution. */
static void
causes(void)
{
	double cell[] = {50, 95, 2, 1}, number = 0, p;
	HvReal record[16];
	HvCause found[COLUMNS];
	HvCauses all;
	HvReal *records;
	HvHeldRows held;
	HvModel model;
	uint32_t n;

	make_model(&model, &records);
	held = (HvHeldRows){.rows = records, .n = N};
	ok(hv_copula_fit(&model.copula, &model.schema, &blas, records, N, HV_RIDGE, NULL, &arena) ==
	           HV_OK &&
	       hv_impute_calibrate(&model, &blas, &held, NULL, &arena) == HV_OK,
	   "a copula");
	for (uint32_t j = 0; j < COLUMNS; j++)
	{
		model.blend[j].copula = 1;
		model.blend[j].network = 0;
	}
	ok(hv_causes_init(&all, &model, &blas, &arena) == HV_OK, "a search for causes");
	hv_encode_row(&model.schema, cell, record);
	n = hv_causes(&all, record, NULL, found);
	ok(n == COLUMNS, "a cause for each cell");
	/* age says 80 of weight, the rating of 3 about the same; sd 2: 95 is 7 of them away */
	for (uint32_t i = 0; i < n; i++)
	{
		ok(i == 0 || found[i].surprise <= found[i - 1].surprise, "%s: %.1f nats",
		   columns[found[i].column].name, found[i].surprise);
		if (found[i].column == 1)
			number = found[i].expected;
	}
	ok(found[0].column <= 1 && found[0].surprise > 5, "weight and age do not go together");
	ok(fabs(number - 80) < 3, "a weight of 80 is expected: %.1f", number);
	cell[1] = NAN;
	hv_encode_row(&model.schema, cell, record);
	n = hv_causes(&all, record, NULL, found);
	p = exp(-found[0].surprise);
	ok(n == COLUMNS - 1 && p > 0.02, "without the weight nothing is odd: p = %.2f", p);
}

int
main(void)
{
	arena = test_arena();
	blas = test_blas();
	tails();
	forest();
	scores();
	causes();
	return done_testing();
}
