/*
 * hv_small_model.h: a small model with a column of every kind, for the tests and the fuzzer of the
 * format. Its parameters are random, its statistics those of 40 made-up rows.
 */
#ifndef HV_SMALL_MODEL_H
#define HV_SMALL_MODEL_H

#include "dense.h"
#include "format.h"
#include "hv_columns.h"
#include "rng.h"
#include "stats.h"

#define SMALL_COLUMNS 7

static const char *small_health[] = {"poor", "fair", "good"};
static HvColumn small_columns[SMALL_COLUMNS];

/* Outcomes stand in stage 1 when the model is to be ordered. */
static TEST_UNUSED void
small_schema(HvSchema *schema, bool ordered)
{
	HvColumn *c = small_columns;

	memset(schema, 0, sizeof(*schema));
	schema->columns = c;
	schema->ncolumns = SMALL_COLUMNS;
	c[0] = column_of("age", HV_CELL_NUMBER);
	c[0].integer = true;
	c[0].unit = "years";
	c[0].low = 0;
	c[0].high = 120;
	c[1] = column_of("health", HV_CELL_TEXT);
	c[1].fixed_levels = true;
	c[1].levels = small_health;
	c[1].nlevels = 3;
	c[1].kind = HV_ORDINAL;
	c[2] = column_of("smoker", HV_CELL_TEXT);
	c[2].boolean = true;
	c[2].role = HV_ACTION;
	c[3] = column_of("race", HV_CELL_NUMBER);
	c[3].kind = HV_CATEGORICAL;
	c[4] = column_of("phq9", HV_CELL_NUMBER);
	c[4].kind = HV_COUNT;
	c[5] = column_of("note", HV_CELL_VECTOR);
	c[6] = column_of("sbp", HV_CELL_NUMBER);
	c[6].feature = "systolic_mmhg";
	c[6].role = HV_OUTCOME;
	c[6].kind = HV_POSITIVE;
	c[6].stage = ordered ? 1 : 0;
}

static TEST_UNUSED void
small_rows(HvStats *stats)
{
	for (uint64_t row = 0; row < 40; row++)
	{
		double u = hv_uniform(5, HV_STREAM(HV_RNG_USE, 0), row);
		const float note[2] = {(float) u, (float) (1 - u * u)};

		hv_stats_number(stats, 0, floor(20 + 60 * u));
		hv_stats_text(stats, 1, small_health[row % 3], 4);
		hv_stats_text(stats, 2, u < 0.3 ? "yes" : "no", u < 0.3 ? 3 : 2);
		hv_stats_number(stats, 3, (double) (row % 3) + 1);
		hv_stats_number(stats, 4, floor(9 * u * u));
		hv_stats_vector(stats, 5, note, 2);
		if (row % 7 == 0)
			hv_stats_missing(stats, 6);
		else
			hv_stats_number(stats, 6, 90 + 80 * u);
	}
}

/* Two trees over made-up rows, ties that are the identity, and tails that increase. */
static TEST_UNUSED HvStatus
small_strange(HvModel *model, HvArena *arena)
{
	HvStrange *strange = &model->strange;
	uint32_t width = hv_copula_width(&model->schema);
	HvTail rising;
	float rows[40 * 6];

	for (int i = 0; i < 40 * 6; i++)
		rows[i] = (float) (i * i % 97);
	for (int i = 0; i < HV_TAIL_POINTS; i++)
		rising.at[i] = (float) (0.5 + 0.1 * i);
	HV_TRY(hv_forest_grow(&strange->forest, rows, 40, 6, 1, NULL, arena));
	strange->forest.trees = 2;
	strange->accord.scale = hv_new(arena, uint8_t, SMALL_COLUMNS, 1);
	strange->accord.residual = hv_new(arena, HvTail, SMALL_COLUMNS, 1);
	if (!strange->accord.scale || !strange->accord.residual)
		return HV_NO_MEMORY;
	for (int s = 0; s < HV_SCALES; s++)
	{
		HvCopula *ties = &strange->accord.ties[s];

		*ties = (HvCopula){.width = width,
		                   .mean = hv_new(arena, float, width, 1),
		                   .scale = hv_new(arena, float, width, 1),
		                   .precision = hv_new(arena, float, width, width)};
		if (!ties->mean || !ties->scale || !ties->precision)
			return HV_NO_MEMORY;
		for (uint32_t i = 0; i < width; i++)
			ties->scale[i] = ties->precision[hv_triangle(i, i)] = 1;
	}
	for (int j = 0; j < SMALL_COLUMNS; j++)
	{
		strange->accord.scale[j] = (uint8_t) (j % HV_SCALES);
		strange->accord.residual[j] = rising;
	}
	for (int i = 0; i < HV_PARTS; i++)
		strange->part[i] = rising;
	strange->whole = rising;
	strange->weight[HV_PART_TIES] = 0.5f;
	strange->fitted = true;
	return HV_OK;
}

/* Noise that is a little correlated, words to choose, and three patterns of gaps. */
static TEST_UNUSED HvStatus
small_sampling(HvModel *model, HvArena *arena)
{
	HvSampling *sampling = &model->sampling;
	HvChoice *choice = &sampling->choice;
	uint32_t width = hv_noise_width(&model->schema);
	HvChoicePlan plan;

	sampling->width = width;
	sampling->correlation = hv_new(arena, float, width, width);
	sampling->bend = hv_new(arena, float, width, HV_BENDS);
	sampling->npatterns = 3;
	sampling->patterns = hv_new(arena, uint8_t, 3, 1);
	HV_TRY(hv_choice_plan(&plan, &model->schema, arena));
	choice->width = plan.width;
	choice->weights = (uint32_t) plan.weights;
	choice->center = hv_new(arena, float, plan.width, 1);
	choice->weight = hv_new(arena, float, plan.weights, 1);
	if (!sampling->correlation || !sampling->bend || !sampling->patterns || !choice->center ||
	    !choice->weight)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < choice->weights; i++)
		choice->weight[i] = 0.01f * (float) (i + 1);
	for (uint32_t i = 0; i < width; i++)
		for (uint32_t k = 0; k <= i; k++)
			sampling->correlation[hv_triangle(i, k)] = i == k ? 1 : 0.1f;
	for (uint32_t i = 0; i < width * HV_BENDS; i++)
		sampling->bend[i] = (float) (i % HV_BENDS);
	sampling->patterns[0] = 0x7F;
	sampling->patterns[1] = 0x3B;
	sampling->patterns[2] = 0x55;
	return HV_OK;
}

/* The columns live in static memory: one small model at a time. */
static TEST_UNUSED HvStatus
small_model(HvModel *model, HvArchitecture architecture, HvArena *arena)
{
	HvConfig config = {.architecture = architecture,
	                   .nhidden = 2,
	                   .hidden = {3, 2},
	                   .latent = {2, 1},
	                   .members = 2,
	                   .beta = 0.5};
	HvProvenance *provenance = &model->provenance;
	HvStats *stats;

	memset(model, 0, sizeof(*model));
	small_schema(&model->schema, architecture == HV_ORDERED);
	if (architecture != HV_ORDERED)
		config.latent[1] = 0;
	HV_TRY(hv_stats_init(&stats, &model->schema, arena));
	small_rows(stats);
	HV_TRY(hv_stats_finish(stats, &model->schema, arena, architecture == HV_SEED));
	HV_TRY(hv_schema_layout(&model->schema));
	HV_TRY(hv_vae_init(&model->vae, &model->schema, &config, arena));
	hv_vae_randomise(&model->vae, 1);
	model->blend = hv_new(arena, HvBlend, SMALL_COLUMNS, 1);
	if (model->blend == NULL)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < SMALL_COLUMNS; j++)
		hv_blend_default(&model->blend[j], true);
	HV_TRY(small_strange(model, arena));
	HV_TRY(small_sampling(model, arena));
	model->formulas.n = 1;
	model->formulas.list = hv_new(arena, HvFormula, HV_MAX_FORMULAS + 1, 1);
	if (model->formulas.list == NULL)
		return HV_NO_MEMORY;
	model->formulas.list[0] =
		(HvFormula){.y = 6, .shape = HV_AFFINE, .power = 1, .k = 1.5, .c = 40};
	provenance->seed = 1;
	provenance->rows = 36;
	provenance->validation_rows = 4;
	provenance->fingerprint = 0x0123456789ABCDEFu;
	provenance->epochs = 20;
	provenance->best_epoch = 17;
	provenance->train_elbo = -5.25;
	provenance->validation_elbo = NAN;
	provenance->baseline_elbo = -7.5;
	provenance->epsilon = INFINITY;
	provenance->source = "public.people";
	provenance->trainer = "alice";
	provenance->extension_version = "0.1";
	for (int i = 0; i < HV_QUANTILES; i++)
		provenance->surprise[i] = provenance->first_surprise[i] = 0.1 * i;
	/* two stages or one: latent 2 and 1 */
	model->latent.n = architecture == HV_ORDERED ? 3 : 2;
	model->latent.mean = hv_new(arena, double, 3, 1);
	model->latent.variance = hv_new(arena, double, 3, 1);
	if (model->latent.mean == NULL || model->latent.variance == NULL)
		return HV_NO_MEMORY;
	for (int i = 0; i < 3; i++)
	{
		model->latent.mean[i] = 0.25 * i;
		model->latent.variance[i] = 1 + i;
	}
	return HV_OK;
}

#endif
