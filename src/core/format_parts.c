/*
 * format_parts.c: reads the knots of a column and what stands beside the network (COPU, DRFT, ODDS, SAMP).
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

static float *
get_f32s(HvCursor *cursor, size_t n)
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

/* A copula with `behind` more floats in its section: every number is there before there is room. */
static void
get_gaussian(HvCursor *cursor, const HvSchema *schema, HvCopula *copula, size_t behind)
{
	size_t width = hv_get_count(cursor, 0, HV_MAX_COPULA, 8, "copula is too wide");
	size_t pairs = width * (width + 1) / 2;

	hv_require(cursor, width == 0 || width == hv_copula_width(schema),
	           "copula does not fit the columns");
	hv_require(cursor, cursor->left == 4 * (2 * width + pairs + behind),
	           "copula does not fit its section");
	if (hv_cursor_failed(cursor))
		return;
	copula->width = (uint32_t) width;
	copula->mean = get_f32s(cursor, width);
	copula->scale = get_f32s(cursor, width);
	for (size_t i = 0; i < width && !hv_cursor_failed(cursor); i++)
		hv_require(cursor, copula->scale[i] > 0, "scale of the copula is not positive");
	copula->precision = get_f32s(cursor, pairs);
}

void
hv_get_copula(HvCursor *cursor, HvModel *model)
{
	size_t columns = model->schema.ncolumns;

	get_gaussian(cursor, &model->schema, &model->copula, (3 + HV_SHARES) * columns);
	if (!hv_cursor_failed(cursor))
		get_blends(cursor, model, columns);
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

/* ---- what tells strange rows ---- */

#define LEAF 0xFFFF
#define NODE_BYTES 6

/* A node and all below it; no deeper than a tree is, so a chain of nodes has an end. */
static void
get_node(HvCursor *cursor, HvForest *forest, uint32_t tree, uint32_t at, uint32_t depth)
{
	uint32_t feature = (uint32_t) hv_get_uint(cursor, 2);
	float number = hv_get_f32(cursor);
	size_t node = (size_t) tree * HV_FOREST_NODES + at;

	if (feature == LEAF)
	{
		uint32_t left = ((at + 1) << (HV_FOREST_DEPTH - depth)) - 1 - HV_FOREST_NODES;

		hv_require(cursor, number >= 0, "steps of a leaf are out of range");
		forest->steps[(size_t) tree * HV_FOREST_LEAVES + left] = number;
		return;
	}
	hv_require(cursor, depth < HV_FOREST_DEPTH, "tree is too deep");
	hv_require(cursor, feature < 2 * forest->features, "tree asks for an unknown feature");
	if (hv_cursor_failed(cursor))
		return;
	forest->feature[node] = (uint16_t) feature;
	forest->threshold[node] = number;
	get_node(cursor, forest, tree, 2 * at + 1, depth + 1);
	get_node(cursor, forest, tree, 2 * at + 2, depth + 1);
}

static void
get_tail(HvCursor *cursor, HvTail *tail, bool heavy)
{
	for (int i = 0; i < HV_TAIL_POINTS && !hv_cursor_failed(cursor); i++)
	{
		tail->at[i] = hv_get_f32(cursor);
		hv_require(cursor, i == 0 || tail->at[i] >= tail->at[i - 1], "tail decreases");
		hv_require(cursor, !heavy || tail->at[i] >= 0, "tail of deviations is negative");
	}
}

void
hv_get_strange(HvCursor *cursor, HvModel *model)
{
	HvStrange *strange = &model->strange;
	uint32_t columns = model->schema.ncolumns, features, trees;

	trees = hv_get_count(cursor, 0, HV_FOREST_TREES, NODE_BYTES, "too many trees");
	features = hv_get_u32(cursor);
	hv_require(cursor, features <= columns, "forest does not fit the columns");
	if (hv_cursor_failed(cursor))
		return;
	if (hv_forest_init(&strange->forest, trees, features, cursor->arena) != HV_OK)
		hv_cursor_fail(cursor, HV_NO_MEMORY, "out of memory");
	for (uint32_t tree = 0; tree < trees && !hv_cursor_failed(cursor); tree++)
		get_node(cursor, &strange->forest, tree, 0, 0);
	get_gaussian(cursor, &model->schema, &strange->ties,
	             HV_TAIL_POINTS * ((size_t) columns + HV_PARTS + 1) + HV_PARTS);
	if (hv_cursor_failed(cursor))
		return;
	strange->residual = hv_room(cursor, columns, sizeof(HvTail));
	for (uint32_t j = 0; j < columns && !hv_cursor_failed(cursor); j++)
		get_tail(cursor, &strange->residual[j], true);
	for (int i = 0; i < HV_PARTS; i++)
		get_tail(cursor, &strange->part[i], false);
	get_tail(cursor, &strange->whole, false);
	for (int i = 0; i < HV_PARTS && !hv_cursor_failed(cursor); i++)
	{
		strange->handicap[i] = hv_get_f32(cursor);
		hv_require(cursor, strange->handicap[i] >= 0, "handicap is negative");
	}
	strange->fitted = true;
}

/* ---- what drawing needs ---- */

void
hv_get_sampling(HvCursor *cursor, HvModel *model)
{
	HvSampling *sampling = &model->sampling;
	size_t bytes = (model->schema.ncolumns + 7) / 8, width;

	width = hv_get_count(cursor, 0, HV_MAX_NOISE, 4, "too many numbers have noise");
	hv_require(cursor, width == 0 || width == hv_noise_width(&model->schema),
	           "noise does not fit the columns");
	hv_require(cursor, cursor->left / 4 >= width * (width + 1) / 2 + width * HV_BENDS,
	           "noise does not fit its section");
	if (hv_cursor_failed(cursor))
		return;
	sampling->correlation = get_f32s(cursor, width * (width + 1) / 2);
	for (size_t i = 0; i < width && !hv_cursor_failed(cursor); i++)
		for (size_t k = 0; k <= i; k++)
		{
			float r = sampling->correlation[i * (i + 1) / 2 + k];

			hv_require(cursor, i == k ? r == 1 : fabsf(r) < 1, "correlation is out of range");
		}
	sampling->bend = get_f32s(cursor, width * HV_BENDS);
	for (size_t i = 0; i < width * HV_BENDS && !hv_cursor_failed(cursor); i++)
		hv_require(cursor, i % HV_BENDS == 0 || sampling->bend[i] > sampling->bend[i - 1],
		           "quantiles of what is drawn do not increase");
	sampling->npatterns =
		hv_get_count(cursor, 0, HV_MAX_PATTERNS, bytes, "too many patterns of gaps");
	if (hv_cursor_failed(cursor))
		return;
	sampling->width = (uint32_t) width;
	if (sampling->npatterns == 0)
		return;
	sampling->patterns = hv_room(cursor, sampling->npatterns, bytes);
	if (!hv_cursor_failed(cursor))
		memcpy(sampling->patterns, hv_take(cursor, sampling->npatterns * bytes),
		       sampling->npatterns * bytes);
}
