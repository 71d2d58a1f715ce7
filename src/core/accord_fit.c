/*
 * accord_fit.c: the Gaussians of accord.h, and which of them each column is judged by.
 *
 * A scale is as good for a column as it is at telling a stranger's cell from the own one: the residuals of
 * the records give the tail of what is usual, cells of other records are put in, and the mean
 * surprise at those decides. NHANES, nats by scores, plain numbers and logarithms: energy 6.3, 15.4, 5.7;
 * weight 11, 7.6, 25; potassium 3.9, 3.4, 3.7.
 */
#include <math.h>
#include <string.h>

#include "accord.h"
#include "rng.h"

#define FIT_KEY 0x6f646473

#define FITTED_ROWS 5000 /* the first, since records come shuffled */
#define FITTED_BYTES ((size_t) 12 << 20)
#define RESIDUAL_BYTES ((size_t) 8 << 20)
#define TESTED 2000         /* records with cells of others */
#define TAKEN 0.1           /* share of those cells */
#define RIDGE 0.001         /* formulas are exact: a larger one would blur them */
#define LEAST_RESIDUAL 1e-6 /* heavy tails are of positive numbers */

typedef struct Fit
{
	HvAccord *accord;
	HvAccordWork work;
	const HvSchema *schema;
	const HvReal *records;
	size_t n, step;
	const HvHost *host;
	HvTail *tail;    /* per column, of the present scale */
	float *residual; /* n × ncolumns */
	double *value;   /* n, to be sorted */
	double *sum,
		*best; /* per column: surprise at strangers' cells, on this scale and the best so far */
	uint64_t *count;
	HvReal *mixed;
	bool *taken;
	float *own; /* residuals of a record */
} Fit;

static const HvReal *
record_of(const Fit *fit, size_t i)
{
	if (i % 64 == 0)
		hv_check(fit->host);
	return fit->records + i * fit->step * fit->schema->width;
}

void
hv_accord_mix(const HvSchema *schema, const HvReal *record, const HvReal *other, uint64_t number,
              HvReal *mixed, bool *taken)
{
	memcpy(mixed, record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		taken[j] = record[column->m_at] != 0 && other[column->m_at] != 0 &&
		           hv_uniform(FIT_KEY, HV_STREAM(HV_RNG_MASK, number), j) < TAKEN;
		if (taken[j])
			memcpy(mixed + column->x_at, other + column->x_at, column->width * sizeof(HvReal));
	}
}

/*
 * Ordinals are numbers like others here, their level. By normal scores, as the model's own copula has it,
 * levels that few people have lie close together, and what is odd among them is lost.
 */
static HvStatus
fit_ties(Fit *fit, HvBlas const *blas, HvArena *arena)
{
	HvSchema plain = *fit->schema;
	size_t n = fit->n * fit->step, most = FITTED_BYTES / sizeof(HvReal) / plain.width;
	HvReal *scaled;

	n = n < FITTED_ROWS ? n : FITTED_ROWS;
	n = n < most ? n : most;
	plain.columns = hv_raw(arena, HvColumn, plain.ncolumns, 1);
	scaled = hv_raw(arena, HvReal, n, plain.width);
	if (plain.columns == NULL || scaled == NULL)
		return HV_NO_MEMORY;
	memcpy(plain.columns, fit->schema->columns, plain.ncolumns * sizeof(HvColumn));
	for (uint32_t j = 0; j < plain.ncolumns; j++)
		if (plain.columns[j].kind == HV_ORDINAL)
			plain.columns[j].kind = HV_REAL;
	for (int s = 0; s < HV_SCALES; s++)
	{
		for (size_t r = 0; r < n; r++)
			hv_accord_rescale(fit->schema, (HvScale) s, fit->records + r * plain.width,
			                  scaled + r * plain.width);
		HV_TRY(
			hv_copula_fit(&fit->accord->ties[s], &plain, blas, scaled, n, RIDGE, fit->host, arena));
	}
	return HV_OK;
}

static HvStatus
start_fit(Fit *fit, HvArena *arena)
{
	size_t columns = fit->schema->ncolumns, most = RESIDUAL_BYTES / sizeof(float) / columns;

	if (fit->n > most)
	{
		fit->step *= (fit->n + most - 1) / most;
		fit->n = fit->n / ((fit->n + most - 1) / most);
	}
	fit->accord->scale = hv_new(arena, uint8_t, columns, 1);
	fit->accord->residual = hv_new(arena, HvTail, columns, 1);
	fit->tail = hv_new(arena, HvTail, columns, 1);
	fit->residual = hv_raw(arena, float, fit->n, columns);
	fit->value = hv_raw(arena, double, fit->n, 1);
	fit->sum = hv_new(arena, double, columns, 1);
	fit->best = hv_new(arena, double, columns, 1);
	fit->count = hv_new(arena, uint64_t, columns, 1);
	fit->mixed = hv_new(arena, HvReal, fit->schema->width, 1);
	fit->taken = hv_new(arena, bool, columns, 1);
	fit->own = hv_new(arena, float, columns, 1);
	return fit->accord->scale && fit->accord->residual && fit->tail && fit->residual &&
	               fit->value && fit->sum && fit->best && fit->count && fit->mixed && fit->taken &&
	               fit->own
	           ? HV_OK
	           : HV_NO_MEMORY;
}

/* What is usual on a scale. */
static void
fit_tails(Fit *fit, HvScale scale)
{
	uint32_t columns = fit->schema->ncolumns;

	for (size_t i = 0; i < fit->n; i++)
	{
		hv_accord_read(&fit->work, record_of(fit, i));
		hv_accord_on(&fit->work, scale, record_of(fit, i), fit->residual + i * columns);
	}
	for (uint32_t j = 0; j < columns; j++)
	{
		size_t n = 0;

		hv_check(fit->host);
		for (size_t i = 0; i < fit->n; i++)
		{
			double residual = (double) fit->residual[i * columns + j];

			if (residual >= 0)
				fit->value[n++] = fmax(residual, LEAST_RESIDUAL);
		}
		memset(&fit->tail[j], 0, sizeof(HvTail));
		if (n > 0)
			hv_tail_fit(&fit->tail[j], fit->value, n, true);
	}
}

/* What is not: columns for which this scale is the best so far take it. */
static void
test_scale(Fit *fit, HvScale scale)
{
	const HvSchema *schema = fit->schema;
	size_t n = fit->n < TESTED ? fit->n : TESTED;

	memset(fit->sum, 0, schema->ncolumns * sizeof(double));
	memset(fit->count, 0, schema->ncolumns * sizeof(uint64_t));
	for (size_t i = 0; i < n; i++)
	{
		hv_accord_mix(schema, record_of(fit, i), record_of(fit, (i + 1) % fit->n), i, fit->mixed,
		              fit->taken);
		hv_accord_read(&fit->work, fit->mixed);
		hv_accord_on(&fit->work, scale, fit->mixed, fit->own);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
			if (fit->taken[j])
			{
				fit->sum[j] += hv_tail_surprise(&fit->tail[j], (double) fit->own[j], true);
				fit->count[j]++;
			}
	}
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		double merit = fit->count[j] > 0 ? fit->sum[j] / (double) fit->count[j] : 0;

		if (scale > 0 && merit <= fit->best[j])
			continue;
		fit->best[j] = merit;
		fit->accord->scale[j] = (uint8_t) scale;
		fit->accord->residual[j] = fit->tail[j];
	}
}

HvStatus
hv_accord_fit(HvAccord *accord, const HvSchema *schema, const HvBlas *blas, const HvReal *records,
              size_t n, size_t step, const HvHost *host, HvArena *arena)
{
	Fit fit = {
		.accord = accord, .schema = schema, .records = records, .n = n, .step = step, .host = host};

	memset(accord, 0, sizeof(*accord));
	HV_TRY(fit_ties(&fit, blas, arena));
	HV_TRY(start_fit(&fit, arena));
	if (accord->ties[HV_SCALE_SCORE].width == 0)
		return HV_OK;
	HV_TRY(hv_accord_init(&fit.work, accord, schema, arena));
	for (int s = 0; s < HV_SCALES; s++)
	{
		fit_tails(&fit, (HvScale) s);
		test_scale(&fit, (HvScale) s);
	}
	return HV_OK;
}
