/*
 * anomaly_fit.c: what strange records are told from: forest and tails of the training rows.
 *
 * The residuals of every cell give each column's tail (accord_fit.c); with those, and a forest grown on the
 * values, the parts of every row give the tails of the parts; and with those the union its own.
 *
 * Forest and ties ask for opposite things, each being nearly blind to what the other one finds, and
 * whatever is added to one disturbs it. So the weights are this table's own: cells of training rows are
 * exchanged, w is 2 AUC - 1 of the ties at telling those rows from the others, v = w^1.5 the weight of the
 * ties, 1 - v that of the forest. Tails and density have half of the weight of the one that they are
 * kin to: they find little that it does not, and stay for tables whose oddities are of another kind.
 *
 * Measured (three sets of ADBench; NHANES 2015-2016 with exchanged cells): AUCs of the forest .968 and
 * .51, of the ties .848 and .87, of the union by v = w, w^1.5, w^2: .948 .963 .968 and .867 .859 .846.
 * w was .70 on NHANES and .56, .24 and .11 on the three.
 */
#include <math.h>
#include <string.h>

#include "anomaly.h"

#define MOST_ROWS 10000                /* that are looked at, evenly spread */
#define MOST_BYTES ((size_t) 16 << 20) /* of residuals and of features */
#define TESTED 2000                    /* rows of that test */
#define LEAST_POWER 0.05               /* of the ties to tell rows */
#define KIN 0.5                        /* weight of tails to forest, of density to ties */

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
		hv_accord_read(&fit->judge.accord, record_of(fit, i));
		width = hv_judge_features(&fit->judge, record_of(fit, i));
		memcpy(rows + i * width, fit->judge.features, width * sizeof(float));
	}
	if (width == 0)
		return HV_OK;
	return hv_forest_grow(forest, rows, fit->n, width, fit->model->provenance.seed, fit->host,
	                      fit->arena);
}

/* The weights; a row's AUC against all others is the share of them that is less strange. */
static HvStatus
fit_weights(Fit *fit)
{
	const HvSchema *schema = &fit->model->schema;
	HvStrange *strange = &fit->model->strange;
	HvReal *mixed = hv_new(fit->arena, HvReal, schema->width, 1);
	bool *taken = hv_new(fit->arena, bool, schema->ncolumns, 1);
	size_t n = fit->n < TESTED ? fit->n : TESTED;
	double below = 0;
	float ties;

	if (mixed == NULL || taken == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < n && fit->judge.accord.width > 0; i++)
	{
		uint32_t cells = 0;

		hv_accord_mix(schema, record_of(fit, i), record_of(fit, (i + 1) % fit->n), i, mixed, taken);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
			cells += mixed[schema->columns[j].m_at] != 0;
		hv_accord_read(&fit->judge.accord, mixed);
		if (cells > 0)
			below += 1 - exp(-hv_tail_surprise(&strange->part[HV_PART_TIES],
			                                   hv_judge_ties(&fit->judge, mixed, cells), false));
	}
	ties = (float) pow(fmax(2 * below / (double) n - 1, LEAST_POWER), 1.5);
	strange->weight[HV_PART_TIES] = ties;
	strange->weight[HV_PART_FOREST] = 1 - ties;
	strange->weight[HV_PART_TAILS] = (float) KIN * (1 - ties);
	strange->weight[HV_PART_DENSITY] = (float) KIN * ties;
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
	HV_TRY(fit_weights(fit));
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
	fit.values = hv_raw(arena, double, fit.n + 1, 1);
	if (fit.values == NULL)
		return HV_NO_MEMORY;
	memset(&model->strange, 0, sizeof(model->strange));
	if (fit.n == 0)
		return HV_OK;
	HV_TRY(hv_accord_fit(&model->strange.accord, &model->schema, blas, records, fit.n, fit.step,
	                     host, arena));
	HV_TRY(hv_judge_init(&fit.judge, model, blas, arena));
	HV_TRY(fit_forest(&fit));
	HV_TRY(fit_parts(&fit));
	model->strange.fitted = true;
	return HV_OK;
}
