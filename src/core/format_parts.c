/*
 * format_parts.c: reads the knots of a column and what stands beside the network (COPU, DRFT).
 */
#include "format_parts.h"

#include <math.h>
#include <string.h>

#include "predict.h"

/* A score that a record can hold. */
static float
get_score(HvCursor *cursor)
{
	float score = hv_get_f32(cursor);

	hv_require(cursor, fabsf(score) <= HV_SCORE_MOST, "score is out of range");
	return score;
}

void
hv_get_knots(HvCursor *cursor, HvColumn *column)
{
	bool scores = column->transform == HV_SCORES;

	hv_require(cursor, !scores || (column->cell == HV_CELL_NUMBER && !hv_has_levels(column)),
	           "scores of what is no number");
	column->nknots = hv_get_count(cursor, scores ? 2 : 0, scores ? HV_MAX_KNOTS : 0, 20,
	                              "number of knots is out of range");
	if (hv_cursor_failed(cursor) || column->nknots == 0)
		return;
	column->knots = hv_room(cursor, column->nknots, sizeof(HvKnot));
	for (uint32_t i = 0; i < column->nknots && !hv_cursor_failed(cursor); i++)
	{
		HvKnot *knot = &column->knots[i];

		knot->value = hv_get_finite(cursor);
		knot->low = get_score(cursor);
		knot->middle = get_score(cursor);
		knot->high = get_score(cursor);
		hv_require(cursor, knot->low <= knot->middle && knot->middle <= knot->high,
		           "ends of a knot are in disorder");
		hv_require(cursor,
		           i == 0 || (knot->value > knot[-1].value && knot->middle > knot[-1].middle &&
		                      knot->low >= knot[-1].high),
		           "knots do not increase");
	}
}

float *
hv_get_f32s(HvCursor *cursor, size_t n)
{
	float *numbers = hv_room(cursor, n + 1, sizeof(float));

	for (size_t i = 0; i < n && !hv_cursor_failed(cursor); i++)
		numbers[i] = hv_get_f32(cursor);
	return numbers;
}

/* Weights and calibrations: shares increase, and lie strictly between 0 and 1. */
static void
get_blends(HvCursor *cursor, HvModel *model, size_t columns)
{
	model->blend = hv_room(cursor, columns, sizeof(HvBlend));
	for (size_t j = 0; j < columns && !hv_cursor_failed(cursor); j++)
	{
		HvBlend *blend = &model->blend[j];
		float before = 0;

		blend->copula = hv_get_f32(cursor);
		blend->network = hv_get_f32(cursor);
		hv_require(cursor,
		           blend->copula >= 0 && blend->copula <= HV_MOST_WEIGHT && blend->network >= 0 &&
		               blend->network <= HV_MOST_WEIGHT,
		           "weight of a guess is out of range");
		blend->stretch = hv_get_f32(cursor);
		hv_require(cursor, blend->stretch > 0 && blend->stretch <= HV_MOST_STRETCH,
		           "stretch of a guess is out of range");
		for (int i = 0; i < HV_SHARES; i++)
		{
			blend->share[i] = hv_get_f32(cursor);
			hv_require(cursor,
			           blend->share[i] >= before && blend->share[i] > 0 && blend->share[i] < 1,
			           "calibration does not increase");
			before = blend->share[i];
		}
	}
}

/* A formula is of numbers, and no two of them compute the same column. */
static void
get_formulas(HvCursor *cursor, HvModel *model)
{
	HvFormulas *formulas = &model->formulas;
	uint32_t n = hv_get_count(cursor, 0, HV_MAX_FORMULAS, 30, "number of formulas is out of range");

	formulas->n = 0;
	formulas->list = hv_room(cursor, n + 1, sizeof(HvFormula));
	for (uint32_t i = 0; i < n && !hv_cursor_failed(cursor); i++)
	{
		HvFormula *f = &formulas->list[i];
		const uint32_t *at[] = {&f->y, &f->a, &f->b};

		f->y = hv_get_u32(cursor);
		f->a = hv_get_u32(cursor);
		f->b = hv_get_u32(cursor);
		f->shape = hv_get_below(cursor, HV_SHAPES, "unknown shape of a formula");
		f->power = (int32_t) hv_get_below(cursor, 5, "power of a formula is out of range") - 2;
		f->k = hv_get_finite(cursor);
		f->c = hv_get_finite(cursor);
		if (hv_cursor_failed(cursor))
			return;
		hv_require(cursor, f->k != 0 && f->power != 0, "formula is constant");
		for (int k = 0; k < 3; k++)
			hv_require(cursor, *at[k] < model->schema.ncolumns, "formula of no column");
		if (hv_cursor_failed(cursor))
			return;
		hv_require(cursor,
		           f->y != f->a && f->y != f->b && (f->a == f->b) == (f->shape == HV_AFFINE),
		           "formula is of other columns");
		for (int k = 0; k < 3; k++)
			hv_require(cursor,
			           model->schema.columns[*at[k]].cell == HV_CELL_NUMBER &&
			               !hv_has_levels(&model->schema.columns[*at[k]]),
			           "formula of what is no number");
		for (uint32_t k = 0; k < i; k++)
			hv_require(cursor, formulas->list[k].y != f->y, "two formulas of a column");
		formulas->n++;
	}
}

/* A copula with `behind` more floats in its section: every number is there before there is room. */
void
hv_get_gaussian(HvCursor *cursor, const HvSchema *schema, HvCopula *copula, size_t behind)
{
	size_t width = hv_get_count(cursor, 0, HV_MAX_COPULA, 8, "copula is too wide");
	size_t pairs = width * (width + 1) / 2;

	hv_require(cursor, width == 0 || width == hv_copula_width(schema),
	           "copula does not fit the columns");
	hv_require(cursor, cursor->left >= 4 * (2 * width + pairs + behind),
	           "copula does not fit its section");
	if (hv_cursor_failed(cursor))
		return;
	copula->width = (uint32_t) width;
	copula->mean = hv_get_f32s(cursor, width);
	copula->scale = hv_get_f32s(cursor, width);
	for (size_t i = 0; i < width && !hv_cursor_failed(cursor); i++)
		hv_require(cursor, copula->scale[i] > 0, "scale of the copula is not positive");
	copula->precision = hv_get_f32s(cursor, pairs);
}

void
hv_get_copula(HvCursor *cursor, HvModel *model)
{
	size_t columns = model->schema.ncolumns;

	hv_get_gaussian(cursor, &model->schema, &model->copula, (3 + HV_SHARES) * columns + 1);
	if (hv_cursor_failed(cursor))
		return;
	get_blends(cursor, model, columns);
	get_formulas(cursor, model);
}

static void
get_latent(HvCursor *cursor, HvModel *model)
{
	HvLatent *latent = &model->latent;
	uint32_t n = hv_get_count(cursor, 1, HV_MAX_STAGES * HV_MAX_LATENT, 16,
	                          "number of latent dimensions is out of range");

	hv_require(cursor, n == hv_embedding_size(&model->vae),
	           "latent dimensions do not fit the configuration");
	if (hv_cursor_failed(cursor))
		return;
	latent->mean = hv_room(cursor, n, sizeof(double));
	latent->variance = hv_room(cursor, n, sizeof(double));
	for (uint32_t i = 0; i < n && !hv_cursor_failed(cursor); i++)
	{
		latent->mean[i] = hv_get_finite(cursor);
		latent->variance[i] = hv_get_finite(cursor);
		hv_require(cursor, latent->variance[i] >= 0, "variance of a latent dimension is negative");
	}
	latent->n = hv_cursor_failed(cursor) ? 0 : n;
}

static void
get_masses(HvCursor *cursor, HvColumn *column)
{
	column->nmasses =
		hv_get_count(cursor, 0, HV_MAX_MASSES, 16, "number of frequent values is out of range");
	if (hv_cursor_failed(cursor) || column->nmasses == 0)
		return;
	column->masses = hv_room(cursor, column->nmasses, sizeof(HvMass));
	for (uint32_t i = 0; i < column->nmasses && !hv_cursor_failed(cursor); i++)
	{
		HvMass *mass = &column->masses[i];

		mass->value = hv_get_finite(cursor);
		mass->share = hv_get_finite(cursor);
		hv_require(cursor, mass->share >= 0 && mass->share <= 1,
		           "share of a frequent value is out of range");
		hv_require(cursor, i == 0 || mass->value > mass[-1].value,
		           "frequent values do not increase");
	}
}

void
hv_get_drift(HvCursor *cursor, HvModel *model)
{
	get_latent(cursor, model);
	for (uint32_t i = 0; i < model->schema.ncolumns && !hv_cursor_failed(cursor); i++)
	{
		HvColumn *column = &model->schema.columns[i];

		if (column->cell == HV_CELL_NUMBER && !hv_has_levels(column))
			get_masses(cursor, column);
	}
}
