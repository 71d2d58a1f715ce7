/*
 * hv_scm.h: a model of a simulated system whose true effects are known (SCIENCE 6.4), trained on
 * nothing but its rows, a tenth of the cells missing.
 *
 *     age, u ~ N;  sex ~ Bern(.5);  ex = -.3 age + .2 sex + e;  na = .3 sex + e
 *     bmi = .2 age - .4 ex + .8 e;  sbp = .5 age + .3 na - .2 ex + .3 bmi + .6 e
 *     a1c = .3 bmi - .15 ex + .2 age + .8 e
 *
 * True total effects: one unit more of ex: bmi -.40, sbp -.32, a1c -.27; one less of na: sbp -.30.
 */
#ifndef HV_SCM_H
#define HV_SCM_H

#include "copula.h"
#include "effect.h"
#include "encode.h"
#include "fit.h"
#include "hv_columns.h"
#include "rng.h"
#include "search.h"
#include "stats.h"

enum
{
	AGE,
	SEX,
	EX,
	NA,
	BMI,
	SBP,
	A1C,
	COLUMNS
};

enum
{
	ROWS = 3000,
	PEOPLE = 100,
	DRAWS = 2
};

static HvArena arena;
static HvBlas blas;
static HvModel model;
static HvColumn columns[COLUMNS];
static double rows[ROWS][COLUMNS];
static HvReal *records;

static double
normal(uint64_t at)
{
	HvReal x;

	hv_normals(1234, 1, at, &x, 1);
	return x;
}

static void
simulate(void)
{
	for (uint64_t i = 0; i < ROWS; i++)
	{
		double *r = rows[i];

		r[AGE] = normal(i * 8);
		r[SEX] = hv_uniform(1234, 2, i) < 0.5;
		r[EX] = -0.3 * r[AGE] + 0.2 * r[SEX] + normal(i * 8 + 1);
		r[NA] = 0.3 * r[SEX] + normal(i * 8 + 2);
		r[BMI] = 0.2 * r[AGE] - 0.4 * r[EX] + 0.8 * normal(i * 8 + 3);
		r[SBP] = 0.5 * r[AGE] + 0.3 * r[NA] - 0.2 * r[EX] + 0.3 * r[BMI] + 0.6 * normal(i * 8 + 4);
		r[A1C] = 0.3 * r[BMI] - 0.15 * r[EX] + 0.2 * r[AGE] + 0.8 * normal(i * 8 + 5);
	}
	for (uint64_t i = 0; i < ROWS; i++)
		for (uint64_t j = 0; j < COLUMNS; j++)
			if (hv_uniform(1234, 3, i * COLUMNS + j) < 0.1)
				rows[i][j] = NAN;
}

static void
make_schema(void)
{
	static const char *const names[COLUMNS] = {"age", "sex", "ex", "na", "bmi", "sbp", "a1c"};
	static const int stages[COLUMNS] = {0, 0, 0, 0, 1, 2, 2};
	HvStats *stats;

	for (int j = 0; j < COLUMNS; j++)
	{
		columns[j] = column_of(names[j], HV_CELL_NUMBER);
		columns[j].stage = stages[j];
		columns[j].role = stages[j] > 0 ? HV_OUTCOME : j >= EX ? HV_ACTION : HV_CONTEXT;
	}
	model.schema = (HvSchema){.ncolumns = COLUMNS, .columns = columns};
	hv_stats_init(&stats, &model.schema, &arena);
	for (int i = 0; i < ROWS; i++)
		for (uint32_t j = 0; j < COLUMNS; j++)
			if (isnan(rows[i][j]))
				hv_stats_missing(stats, j);
			else
				hv_stats_number(stats, j, rows[i][j]);
	ok(hv_stats_finish(stats, &model.schema, &arena, false) == HV_OK &&
	       hv_schema_layout(&model.schema) == HV_OK && model.schema.nstages == 3,
	   "schema");
}

static void
train(void)
{
	HvConfig config;
	HvFitOptions options;
	HvFitResult result;
	HvSource train, validation;
	uint32_t *order;
	size_t held_out = ROWS / 10;

	records = hv_new(&arena, HvReal, ROWS, model.schema.width);
	for (size_t i = 0; i < ROWS; i++)
		hv_encode_row(&model.schema, rows[i], records + i * model.schema.width);
	hv_config_defaults(&config, HV_ORDERED, ROWS, &model.schema);
	config.hidden[0] = config.hidden[1] = 32;
	hv_fit_defaults(&options, ROWS);
	options.epochs = 40;
	hv_vae_init(&model.vae, &model.schema, &config, &arena);
	hv_vae_randomise(&model.vae, 1);
	order = hv_new(&arena, uint32_t, ROWS, 1);
	hv_memory_source(&validation, records, held_out, model.schema.width, 1, NULL);
	hv_memory_source(&train, records + held_out * model.schema.width, ROWS - held_out,
	                 model.schema.width, 1, order);
	ok(hv_fit(&model.vae, &blas, &train, &validation, &options, NULL, &arena, &result) == HV_OK,
	   "trained");
	note("epochs %d, best %d, validation ELBO %.3f, independent columns %.3f", result.epochs,
	     result.best_epoch, result.validation_elbo, result.baseline_elbo);
	ok(result.validation_elbo > result.baseline_elbo + 0.2, "better than independent columns");
	ok(hv_copula_fit(&model.copula, &model.schema, &blas, records, ROWS, HV_RIDGE, NULL, &arena) ==
	           HV_OK &&
	       model.copula.width == COLUMNS,
	   "the copula of the same rows");
	model.provenance.rows = ROWS;
}

static void
scm_start(void)
{
	arena = test_arena();
	blas = test_blas();
	simulate();
	make_schema();
	train();
}

#endif
