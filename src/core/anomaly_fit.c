/*
 * anomaly_fit.c: what strange records are told from: forest and tails of the training rows.
 *
 * In three passes over the rows: the residuals of every cell give each column's tail; with those, and a
 * forest grown on the values, the parts of every row give the tails of the parts; and with those the
 * union its own.
 *
 * Handicaps are -log of weights. That of the forest is 1, and those of tails and density are small: they
 * find little that the other two do not, and stay for tables whose oddities are of another kind. The
 * weight of the ties is how well they work on this table: cells of training rows are exchanged, and
 * it is 2 AUC - 1 of telling those rows from the others. Forest and ties ask for opposite
 * things, each being nearly blind to what the other one finds: on three sets of ADBench and on NHANES
 * 2015-2016 with exchanged cells, AUCs were .960 and .51 by the forest, .888 and .91 by the ties, and of
 * the union, by the ties' handicap of 0, 1/2, 1: .941 .951 .954 and .87 .86 .84. The measured weight
 * gives NHANES .3 and the three sets .8 to 1.6.
 */
#include <math.h>
#include <string.h>

#include "anomaly.h"
#include "rng.h"

#define FIT_KEY 0x6f646473

#define TIES_ROWS 5000  /* that the ties are fitted on: the first, since records come shuffled */
#define MOST_ROWS 10000 /* that are looked at, evenly spread */
#define MOST_BYTES ((size_t) 16 << 20) /* of residuals and of features */
#define EXCHANGED 0.1                  /* share of the cells, when the ties are put to the test */
#define TESTED 2000                    /* rows of that test */
#define LEAST_WEIGHT 0.05
#define TAILS_WEIGHT 0.135  /* e^-2 */
#define DENSITY_WEIGHT 0.05 /* e^-3 */
#define LEAST_RESIDUAL 1e-6 /* heavy tails are of positive numbers */

typedef struct Fit
{
	HvModel *model;
	HvJudge judge;
	const HvReal *records;
	size_t n, step;
	const HvHost *host;
	HvArena *arena;
	double *values; /* n, to be sorted */
} Fit;

static const HvReal *
record_of(const Fit *fit, size_t i)
{
	if (i % 64 == 0)
		hv_check(fit->host);
	return fit->records + i * fit->step * fit->model->schema.width;
}

/*
 * A copula in which an ordinal is a number like others, its level. By normal scores, as the model's own
 * copula has it, levels that few people have lie close together, and what is odd among them is lost.
 */
static HvStatus
fit_ties(Fit *fit)
{
	const HvModel *model = fit->model;
	HvSchema plain = model->schema;
	size_t all = fit->n * fit->step;

	plain.columns = hv_raw(fit->arena, HvColumn, plain.ncolumns, 1);
	if (plain.columns == NULL)
		return HV_NO_MEMORY;
	memcpy(plain.columns, model->schema.columns, plain.ncolumns * sizeof(HvColumn));
	for (uint32_t j = 0; j < plain.ncolumns; j++)
		if (plain.columns[j].kind == HV_ORDINAL)
			plain.columns[j].kind = HV_REAL;
	return hv_copula_fit(&fit->model->strange.ties, &plain, fit->judge.blas, fit->records,
	                     all < TIES_ROWS ? all : TIES_ROWS, fit->host, fit->arena);
}

static HvStatus
fit_residuals(Fit *fit)
{
	uint32_t columns = fit->model->schema.ncolumns;
	HvStrange *strange = &fit->model->strange;
	float *residuals = hv_raw(fit->arena, float, fit->n, columns);

	strange->residual = hv_new(fit->arena, HvTail, columns, 1);
	if (residuals == NULL || strange->residual == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < fit->n; i++)
	{
		hv_judge_residuals(&fit->judge, record_of(fit, i));
		memcpy(residuals + i * columns, fit->judge.residual, columns * sizeof(float));
	}
	for (uint32_t j = 0; j < columns; j++)
	{
		size_t n = 0;

		hv_check(fit->host);
		for (size_t i = 0; i < fit->n; i++)
			if (residuals[i * columns + j] >= 0)
				fit->values[n++] = fmax((double) residuals[i * columns + j], LEAST_RESIDUAL);
		if (n > 0)
			hv_tail_fit(&strange->residual[j], fit->values, n, true);
	}
	return HV_OK;
}

static HvStatus
fit_forest(Fit *fit)
{
	HvForest *forest = &fit->model->strange.forest;
	uint32_t columns = fit->model->schema.ncolumns, width = 0;
	float *rows = hv_raw(fit->arena, float, fit->n, columns);

	if (rows == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < fit->n; i++)
	{
		width = hv_judge_features(&fit->judge, record_of(fit, i));
		memcpy(rows + i * width, fit->judge.features, width * sizeof(float));
	}
	if (width == 0)
		return HV_OK;
	return hv_forest_grow(forest, rows, fit->n, width, fit->model->provenance.seed, fit->host,
	                      fit->arena);
}

/* A record with a tenth of its cells from another one, where both have them. */
static void
exchange(const HvSchema *schema, const HvReal *record, const HvReal *other, uint64_t number,
         HvReal *mixed)
{
	memcpy(mixed, record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (record[column->m_at] != 0 && other[column->m_at] != 0 &&
		    hv_uniform(FIT_KEY, HV_STREAM(HV_RNG_MASK, number), j) < EXCHANGED)
			memcpy(mixed + column->x_at, other + column->x_at, column->width * sizeof(HvReal));
	}
}

/* The weights; a row's AUC against all others is the share of them that is less strange. */
static HvStatus
fit_handicaps(Fit *fit)
{
	const HvSchema *schema = &fit->model->schema;
	HvStrange *strange = &fit->model->strange;
	HvReal *mixed = hv_new(fit->arena, HvReal, schema->width, 1);
	size_t n = fit->n < TESTED ? fit->n : TESTED;
	double below = 0;

	if (mixed == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < n && fit->judge.width > 0; i++)
	{
		uint32_t cells = 0;

		exchange(schema, record_of(fit, i), record_of(fit, (i + 1) % fit->n), i, mixed);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
			cells += mixed[schema->columns[j].m_at] != 0;
		if (cells > 0)
			below += 1 - exp(-hv_tail_surprise(&strange->part[HV_PART_TIES],
			                                   hv_judge_ties(&fit->judge, mixed, cells), false));
	}
	strange->handicap[HV_PART_FOREST] = 0;
	strange->handicap[HV_PART_TIES] = (float) -log(fmax(2 * below / (double) n - 1, LEAST_WEIGHT));
	strange->handicap[HV_PART_TAILS] = (float) -log(TAILS_WEIGHT);
	strange->handicap[HV_PART_DENSITY] = (float) -log(DENSITY_WEIGHT);
	return HV_OK;
}

static HvStatus
fit_parts(Fit *fit)
{
	HvStrange *strange = &fit->model->strange;
	double *parts = hv_raw(fit->arena, double, fit->n, HV_PARTS);
	size_t rows = 0;

	if (parts == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < fit->n; i++)
		if (hv_judge_parts(&fit->judge, record_of(fit, i)) > 0)
			memcpy(parts + rows++ * HV_PARTS, fit->judge.part, sizeof(fit->judge.part));
	if (rows == 0)
		return HV_NO_DATA;
	for (int k = 0; k < HV_PARTS; k++)
	{
		if (isinf(parts[k]))
			continue;
		for (size_t i = 0; i < rows; i++)
			fit->values[i] = parts[i * HV_PARTS + k];
		hv_tail_fit(&strange->part[k], fit->values, rows, false);
	}
	HV_TRY(fit_handicaps(fit));
	for (size_t i = 0; i < rows; i++)
		fit->values[i] = hv_judge_combine(strange, parts + i * HV_PARTS);
	hv_tail_fit(&strange->whole, fit->values, rows, false);
	return HV_OK;
}

HvStatus
hv_anomaly_fit(HvModel *model, const HvBlas *blas, const HvReal *records, size_t n,
               const HvHost *host, HvArena *arena)
{
	Fit fit = {.model = model, .records = records, .host = host, .arena = arena};
	size_t most = MOST_BYTES / sizeof(float) / model->schema.ncolumns;

	most = most < MOST_ROWS ? most : MOST_ROWS;
	fit.step = n > most ? (n + most - 1) / most : 1;
	fit.n = n / fit.step;
	fit.judge.blas = blas;
	fit.values = hv_raw(arena, double, fit.n + 1, 1);
	if (fit.values == NULL)
		return HV_NO_MEMORY;
	memset(&model->strange, 0, sizeof(model->strange));
	if (fit.n == 0)
		return HV_OK;
	HV_TRY(fit_ties(&fit));
	HV_TRY(hv_judge_init(&fit.judge, model, blas, arena));
	HV_TRY(fit_residuals(&fit));
	HV_TRY(fit_forest(&fit));
	HV_TRY(fit_parts(&fit));
	model->strange.fitted = true;
	return HV_OK;
}
