/*
 * choice_fit.c: the weights of choice.h by maximum likelihood with a ridge.
 *
 * By majorisation (Boehning 1992): the Hessian of a multinomial logit is nowhere more than c X'X, with c
 * 1/4 for two levels and 1/2 for more, so that steps of (c X'X + ridge)^-1 never overshoot; Nesterov's
 * momentum makes them few. Since every word reads the features of all columns before it, its X'X is a
 * leading part of that of all features, and so is the Cholesky factor: one is computed, for all words.
 *
 * Missing features stand at their mean. Rows without the word do not count in its gradient; that X'X
 * has them only makes the bound wider.
 */
#include <math.h>
#include <string.h>

#include "choice.h"
#include "dense.h"
#include "encode.h"

#define STEPS 40
#define RIDGE 20.0 /* on X'X: of binaries a quarter of it, of others half */

typedef struct Fit
{
	const HvSchema *schema;
	const HvBlas *blas;
	const HvHost *host;
	HvChoicePlan plan;
	size_t n, ld; /* rows; features + 1, the first of which is 1 */
	HvReal *x;    /* n × ld */
	double *factor;
	/* of one word: levels - 1 rows of ld each; `residual` is n × (levels - 1) */
	double *leading, *step;
	HvReal *weight, *before, *ahead, *gradient, *residual;
} Fit;

static HvStatus
make_room(Fit *fit, size_t n, HvArena *arena)
{
	size_t most = HV_MOST_CHOICE;

	fit->n = n;
	fit->ld = fit->plan.width + 1;
	fit->x = hv_new(arena, HvReal, n, fit->ld);
	fit->factor = hv_new(arena, double, fit->ld, fit->ld);
	fit->leading = hv_new(arena, double, fit->ld, fit->ld);
	fit->step = hv_new(arena, double, fit->ld, 1);
	fit->weight = hv_new(arena, HvReal, most, fit->ld);
	fit->before = hv_new(arena, HvReal, most, fit->ld);
	fit->ahead = hv_new(arena, HvReal, most, fit->ld);
	fit->gradient = hv_new(arena, HvReal, most, fit->ld);
	fit->residual = hv_new(arena, HvReal, n, most);
	return fit->x && fit->factor && fit->leading && fit->step && fit->weight && fit->before &&
	               fit->ahead && fit->gradient && fit->residual
	           ? HV_OK
	           : HV_NO_MEMORY;
}

/* Features of all rows, centred; what is missing is 0 then. */
static void
read_features(Fit *fit, const HvReal *records, float *center)
{
	const HvSchema *schema = fit->schema;
	float features[HV_MOST_CHOICE + 1 + HV_CHOICE_KNOTS];

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		size_t at = fit->plan.first[j], seen = 0;
		uint32_t width = 0;

		for (int pass = 0; pass <= 1; pass++)
			for (size_t r = 0; r < fit->n; r++)
			{
				const HvReal *record = records + r * schema->width;

				if (record[column->m_at] == 0)
					continue;
				width = hv_choice_features(column, record, features);
				for (uint32_t f = 0; f < width; f++)
					if (pass == 0)
						center[at + f] += (features[f] - center[at + f]) / (float) (seen + 1);
					else
						fit->x[r * fit->ld + 1 + at + f] = (HvReal) (features[f] - center[at + f]);
				seen++;
			}
	}
	for (size_t r = 0; r < fit->n; r++)
		fit->x[r * fit->ld] = 1;
}

/* factor = the Cholesky factor of X'X + ridge; `product` has room for it. */
static bool
factorise(Fit *fit, HvReal *product)
{
	size_t ld = fit->ld;

	hv_gemm(fit->blas, true, false, ld, ld, fit->n, 1, fit->x, ld, fit->x, ld, 0, product, ld);
	for (size_t i = 0; i < ld * ld; i++)
		fit->factor[i] = (double) product[i];
	for (size_t i = 0; i < ld; i++)
		fit->factor[i * ld + i] += RIDGE;
	return hv_factorise(fit->factor, ld);
}

/* residual = what was chosen - its probability, of the levels but the first. */
static void
find_residuals(Fit *fit, const HvColumn *column, const HvReal *records)
{
	size_t rows = column->nlevels - 1;

	for (size_t r = 0; r < fit->n; r++)
	{
		const HvReal *record = records + r * fit->schema->width;
		HvReal *p = fit->residual + r * rows;
		double most = 0, sum;
		uint32_t level;

		if (record[column->m_at] == 0)
		{
			memset(p, 0, rows * sizeof(HvReal));
			continue;
		}
		for (size_t k = 0; k < rows; k++)
			most = fmax(most, (double) p[k]);
		sum = exp(-most);
		for (size_t k = 0; k < rows; k++)
		{
			p[k] = (HvReal) exp((double) p[k] - most);
			sum += (double) p[k];
		}
		for (size_t k = 0; k < rows; k++)
			p[k] /= -(HvReal) sum;
		level = hv_decode_level(column, record + column->x_at);
		if (level > 0)
			p[level - 1] += 1;
	}
}

/* One step from `ahead`, where the momentum leads, into `weight`. */
static void
step(Fit *fit, const HvColumn *column, size_t width, const HvReal *records)
{
	size_t rows = column->nlevels - 1, ld = fit->ld;
	double curvature = rows == 1 ? 0.25 : 0.5;

	hv_gemm(fit->blas, false, true, fit->n, rows, width, 1, fit->x, ld, fit->ahead, ld, 0,
	        fit->residual, rows);
	find_residuals(fit, column, records);
	hv_gemm(fit->blas, true, false, rows, width, fit->n, 1, fit->residual, rows, fit->x, ld, 0,
	        fit->gradient, ld);
	for (size_t k = 0; k < rows; k++)
	{
		const HvReal *ahead = fit->ahead + k * ld;

		for (size_t f = 0; f < width; f++)
			fit->step[f] =
				(double) fit->gradient[k * ld + f] / curvature - RIDGE * (double) ahead[f];
		hv_solve(fit->leading, width, fit->step);
		for (size_t f = 0; f < width; f++)
			fit->weight[k * ld + f] = ahead[f] + (HvReal) fit->step[f];
	}
}

static void
fit_word(Fit *fit, uint32_t j, const HvReal *records, float *into)
{
	const HvColumn *column = &fit->schema->columns[j];
	size_t width = 1 + fit->plan.first[j], rows = column->nlevels - 1, ld = fit->ld;

	for (size_t i = 0; i < width; i++)
		memcpy(fit->leading + i * width, fit->factor + i * ld, (i + 1) * sizeof(double));
	memset(fit->weight, 0, rows * ld * sizeof(HvReal));
	memset(fit->before, 0, rows * ld * sizeof(HvReal));
	for (int t = 1; t <= STEPS; t++)
	{
		HvReal momentum = (HvReal) (t - 1) / (HvReal) (t + 2);

		hv_check(fit->host);
		for (size_t i = 0; i < rows * ld; i++)
		{
			fit->ahead[i] = fit->weight[i] + momentum * (fit->weight[i] - fit->before[i]);
			fit->before[i] = fit->weight[i];
		}
		step(fit, column, width, records);
	}
	for (size_t k = 0; k < rows; k++)
		for (size_t f = 0; f < width; f++)
			into[k * width + f] = (float) fit->weight[k * ld + f];
}

HvStatus
hv_choice_fit(HvChoice *choice, const HvSchema *schema, const HvBlas *blas, const HvReal *records,
              size_t n, const HvHost *host, HvArena *arena)
{
	Fit fit = {.schema = schema, .blas = blas, .host = host};
	HvReal *product;

	memset(choice, 0, sizeof(*choice));
	HV_TRY(hv_choice_plan(&fit.plan, schema, arena));
	if (!hv_choice_able(&fit.plan) || n == 0)
		return HV_OK;
	HV_TRY(make_room(&fit, n, arena));
	product = hv_new(arena, HvReal, fit.ld, fit.ld);
	choice->center = hv_new(arena, float, fit.plan.width, 1);
	choice->weight = hv_new(arena, float, fit.plan.weights, 1);
	if (!product || !choice->center || !choice->weight)
		return HV_NO_MEMORY;
	read_features(&fit, records, choice->center);
	if (!factorise(&fit, product))
		return HV_OK;
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		uint32_t j = fit.plan.order[i];

		if (hv_is_choice(&schema->columns[j]))
			fit_word(&fit, j, records, choice->weight + fit.plan.at[j]);
	}
	choice->width = fit.plan.width;
	choice->weights = (uint32_t) fit.plan.weights;
	return HV_OK;
}
