/*
 * format_odds.c: reads what strange rows are told from (ODDS), and what drawing rows needs (SAMP).
 */
#include "format_parts.h"

#include <math.h>
#include <string.h>

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

static void
get_accord(HvCursor *cursor, HvModel *model)
{
	HvAccord *accord = &model->strange.accord;
	uint32_t columns = model->schema.ncolumns;

	for (int i = 0; i < HV_SCALES; i++)
	{
		hv_get_gaussian(cursor, &model->schema, &accord->ties[i],
		                HV_TAIL_POINTS * ((size_t) columns + HV_PARTS + 1) + HV_PARTS);
		hv_require(cursor, accord->ties[i].width == accord->ties[0].width,
		           "ties differ in their width");
	}
	if (hv_cursor_failed(cursor))
		return;
	accord->scale = hv_room(cursor, columns, 1);
	accord->residual = hv_room(cursor, columns, sizeof(HvTail));
	for (uint32_t j = 0; j < columns && !hv_cursor_failed(cursor); j++)
	{
		accord->scale[j] = (uint8_t) hv_get_uint(cursor, 1);
		hv_require(cursor, accord->scale[j] < HV_SCALES, "scale of a column is unknown");
	}
	for (uint32_t j = 0; j < columns && !hv_cursor_failed(cursor); j++)
		get_tail(cursor, &accord->residual[j], true);
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
	get_accord(cursor, model);
	for (int i = 0; i < HV_PARTS; i++)
		get_tail(cursor, &strange->part[i], false);
	get_tail(cursor, &strange->whole, false);
	for (int i = 0; i < HV_PARTS && !hv_cursor_failed(cursor); i++)
	{
		strange->weight[i] = hv_get_f32(cursor);
		hv_require(cursor, strange->weight[i] >= 0 && strange->weight[i] <= 1,
		           "weight of a part is out of range");
	}
	strange->fitted = true;
}

/* ---- what drawing needs ---- */

static void
get_choice(HvCursor *cursor, const HvSchema *schema, HvChoice *choice)
{
	uint32_t width, weights;
	HvChoicePlan plan;

	if (hv_choice_plan(&plan, schema, cursor->arena) != HV_OK)
	{
		hv_cursor_fail(cursor, HV_NO_MEMORY, "out of memory");
		return;
	}
	width = hv_get_count(cursor, 0, HV_MAX_CHOICE, 4, "too many features of choices");
	hv_require(cursor, width == 0 || (hv_choice_able(&plan) && width == plan.width),
	           "choices do not fit the columns");
	choice->center = hv_get_f32s(cursor, width);
	weights = hv_get_count(cursor, 0, HV_CHOICE_WEIGHTS, 4, "too many weights of choices");
	hv_require(cursor, weights == (width > 0 ? plan.weights : 0), "choices do not fit the columns");
	choice->weight = hv_get_f32s(cursor, weights);
	if (hv_cursor_failed(cursor))
		return;
	choice->weights = weights;
	choice->width = width;
}

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
	sampling->correlation = hv_get_f32s(cursor, width * (width + 1) / 2);
	for (size_t i = 0; i < width && !hv_cursor_failed(cursor); i++)
		for (size_t k = 0; k <= i; k++)
		{
			float r = sampling->correlation[i * (i + 1) / 2 + k];

			hv_require(cursor, i == k ? r == 1 : fabsf(r) < 1, "correlation is out of range");
		}
	sampling->bend = hv_get_f32s(cursor, width * HV_BENDS);
	for (size_t i = 0; i < width * HV_BENDS && !hv_cursor_failed(cursor); i++)
		hv_require(cursor, i % HV_BENDS == 0 || sampling->bend[i] > sampling->bend[i - 1],
		           "quantiles of what is drawn do not increase");
	get_choice(cursor, &model->schema, &sampling->choice);
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
