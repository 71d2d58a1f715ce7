/*
 * anomaly.c: the four parts of strangeness and their union; anomaly_fit.c finds what is compared with.
 *
 * All is arranged for one row at a time, since that is how SQL calls: tables of what does not depend on
 * the row, one product of the ties' precision with the row, one pass through the network, and a walk
 * without branches through the forest. Of the time that a row takes within SQL, half are products, of
 * the network and of the ties, and a sixteenth is the forest.
 */
#include "anomaly.h"

#include <math.h>
#include <string.h>

#include "encode.h"
#include "scores.h"

#define FREE_NATS 1.0   /* of a residual: what every other cell has is no evidence */
#define NORMAL_MOST 8   /* of the grid of normal tails, and … */
#define NORMAL_STEPS 16 /* … its points a unit */
#define NORMAL_POINTS (2 * NORMAL_MOST * NORMAL_STEPS + 1)
#define LEAST_SHARE 1e-4 /* of a level */
#define MOST_LOST                                                                                  \
	4 /* nats, by a weight: what is far beyond all rows is strange however little is expected */

/* ---- tables that are made once ---- */

static double
nats(double share)
{
	return -log(fmax(share, LEAST_SHARE));
}

/* Tail nats of a column's levels; which tail counts where the distribution leans. */
static void
level_tails(HvJudge *judge, uint32_t j)
{
	const HvColumn *column = &judge->model->schema.columns[j];
	float *left = judge->left + (size_t) j * HV_MAX_LEVELS;
	float *right = judge->right + (size_t) j * HV_MAX_LEVELS;
	double below = 0, mean = 0, third = 0;

	for (uint32_t k = 0; k < column->nlevels; k++)
		mean += k * column->level_shares[k];
	for (uint32_t k = 0; k < column->nlevels; k++)
	{
		double share = column->level_shares[k];

		/* unordered levels have no sides: a rare one is extreme on both */
		left[k] = (float) nats(column->kind == HV_CATEGORICAL ? share : below + share);
		right[k] = (float) nats(column->kind == HV_CATEGORICAL ? share : 1 - below);
		below += share;
		third += share * (k - mean) * (k - mean) * (k - mean);
	}
	judge->downward[j] = third < 0;
}

static HvStatus
init_tails(HvJudge *judge, HvArena *arena)
{
	const HvSchema *schema = &judge->model->schema;

	judge->left = hv_new(arena, float, schema->ncolumns, HV_MAX_LEVELS);
	judge->right = hv_new(arena, float, schema->ncolumns, HV_MAX_LEVELS);
	judge->downward = hv_new(arena, bool, schema->ncolumns, 1);
	judge->normal = hv_new(arena, float, NORMAL_POINTS + 1, 1);
	judge->features = hv_new(arena, float, schema->ncolumns, 2);
	judge->weight = hv_new(arena, HvReal, schema->ncolumns, 1);
	if (!judge->left || !judge->right || !judge->downward || !judge->normal || !judge->features ||
	    !judge->weight)
		return HV_NO_MEMORY;
	for (int i = 0; i <= NORMAL_POINTS; i++)
		judge->normal[i] = (float) -log(hv_normal_cdf(i / (double) NORMAL_STEPS - NORMAL_MOST));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (hv_has_levels(column))
			level_tails(judge, j);
		else if (column->kind != HV_EMBEDDING)
			judge->downward[j] = column->mean < column->quantiles[(HV_QUANTILES - 1) / 2];
	}
	return HV_OK;
}

HvStatus
hv_judge_init(HvJudge *judge, const HvModel *model, const HvBlas *blas, HvArena *arena)
{
	memset(judge, 0, sizeof(*judge));
	judge->model = model;
	judge->blas = blas;
	for (uint32_t j = 0; j < model->schema.ncolumns; j++)
	{
		const HvColumn *column = &model->schema.columns[j];

		judge->usual += (double) column->observed /
		                fmax((double) column->observed + (double) column->missing, 1);
	}
	judge->usual = fmax(judge->usual, 1);
	HV_TRY(hv_work_init(&judge->work, &model->vae, 1, false, arena));
	judge->residual = hv_new(arena, float, model->schema.ncolumns, 1);
	if (judge->residual == NULL)
		return HV_NO_MEMORY;
	HV_TRY(hv_accord_init(&judge->accord, &model->strange.accord, &model->schema, arena));
	return init_tails(judge, arena);
}

/* ---- means over few cells ---- */

/*
 * A mean over few cells strays further than one over many. It is drawn towards what a cell has on
 * average, so that it strays as those of the training rows do.
 */
static double
as_of_many(const HvJudge *judge, double mean, uint32_t cells, double average)
{
	return average + (mean - average) * fmin(1, sqrt(cells / judge->usual));
}

/* ---- ties ---- */

/* The level of an observed cell. */
static uint32_t
level_of(const HvColumn *column, const HvReal *record)
{
	const HvReal *x = record + column->x_at;
	double level = x[0] * column->scale + column->center;
	uint32_t best = 0;

	if (column->kind == HV_BINARY)
		return x[0] >= (HvReal) 0.5;
	if (column->kind == HV_ORDINAL)
		return (uint32_t) (fmin(fmax(level, 0), column->nlevels - 1) + 0.5);
	for (uint32_t k = 1; k < column->width; k++)
		if (x[k] > x[best])
			best = k;
	return best;
}

double
hv_judge_ties(HvJudge *judge, const HvReal *record, uint32_t cells)
{
	const HvSchema *schema = &judge->model->schema;
	const HvAccord *accord = &judge->model->strange.accord;
	const int quiet = (int) (FREE_NATS / HV_TAIL_STEP);
	double sum = 0;

	if (judge->accord.width == 0)
		return -INFINITY;
	hv_accord_residuals(&judge->accord, record, judge->residual);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		if (judge->residual[j] > accord->residual[j].at[quiet])
			sum += hv_accord_surprise(accord, j, judge->residual[j]) - FREE_NATS;
	/* beyond the first nat, an exponential tail has e^-1 nats on average */
	return as_of_many(judge, sum / cells, cells, exp(-FREE_NATS));
}

/* ---- tails ---- */

static float
normal_tail(const HvJudge *judge, double score)
{
	double at = (fmin(fmax(score, -NORMAL_MOST), NORMAL_MOST) + NORMAL_MOST) * NORMAL_STEPS;
	int low = (int) at;

	return judge->normal[low] + (float) (at - low) * (judge->normal[low + 1] - judge->normal[low]);
}

/* The largest of three sums: all lower tails, all upper ones, or each column's longer one. */
static double
tails_part(const HvJudge *judge, const HvReal *record, uint32_t cells)
{
	const HvSchema *schema = &judge->model->schema;
	double lower = 0, upper = 0, longer = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		float left, right;

		if (record[column->m_at] == 0 || column->kind == HV_EMBEDDING)
			continue;
		if (hv_has_levels(column))
		{
			size_t level = (size_t) j * HV_MAX_LEVELS + level_of(column, record);

			left = judge->left[level];
			right = judge->right[level];
		}
		else
		{
			double score = record[column->x_at] * column->scale + column->center;

			/* where there are no scores, the standardised number is taken for one */
			if (column->transform != HV_SCORES)
				score = record[column->x_at];
			left = normal_tail(judge, score);
			right = normal_tail(judge, -score);
		}
		lower += left;
		upper += right;
		longer += judge->downward[j] ? left : right;
	}
	return as_of_many(judge, fmax(longer, fmax(lower, upper)) / cells, cells, 1);
}

/* ---- forest ---- */

/* Numbers in their own unit; a category by its share, so that rare ones lie at an end. */
uint32_t
hv_judge_features(HvJudge *judge, const HvReal *record)
{
	const HvSchema *schema = &judge->model->schema;
	uint32_t n = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (column->kind == HV_EMBEDDING)
			continue;
		if (record[column->m_at] == 0)
			judge->features[n++] = NAN;
		else if (column->kind == HV_CATEGORICAL)
			judge->features[n++] = (float) column->level_shares[level_of(column, record)];
		else if (hv_has_levels(column))
			judge->features[n++] = (float) level_of(column, record);
		else
			judge->features[n++] = (float) judge->accord.value[j];
	}
	return n;
}

static double
forest_part(HvJudge *judge, const HvReal *record)
{
	const HvForest *forest = &judge->model->strange.forest;

	if (forest->trees == 0)
		return -INFINITY;
	hv_judge_features(judge, record);
	return -(double) hv_forest_walk(forest, judge->features);
}

/* ---- together ---- */

uint32_t
hv_judge_parts(HvJudge *judge, const HvReal *record)
{
	const HvModel *model = judge->model;
	uint32_t cells;
	double elbo;

	hv_row_elbo(&model->vae, judge->blas, record, 1, model->schema.nstages, 0, &judge->work,
	            judge->weight, &elbo, &cells);
	if (cells == 0)
		return 0;
	judge->part[HV_PART_DENSITY] = -elbo / cells;
	hv_accord_read(&judge->accord, record); /* for both of the next */
	judge->part[HV_PART_FOREST] = forest_part(judge, record);
	judge->part[HV_PART_TIES] = hv_judge_ties(judge, record, cells);
	judge->part[HV_PART_TAILS] = tails_part(judge, record, cells);
	return cells;
}

double
hv_judge_combine(const HvStrange *strange, const double *part)
{
	double most = -INFINITY;

	for (int i = 0; i < HV_PARTS; i++)
	{
		double nats;

		if (isinf(part[i]))
			continue;
		nats = hv_tail_surprise(&strange->part[i], part[i], false);
		most = fmax(most, fmax(nats * (double) strange->weight[i], nats - MOST_LOST));
	}
	return most;
}

double
hv_judge(HvJudge *judge, const HvReal *record)
{
	const HvStrange *strange = &judge->model->strange;

	if (hv_judge_parts(judge, record) == 0)
		return NAN;
	return 1 -
	       exp(-hv_tail_surprise(&strange->whole, hv_judge_combine(strange, judge->part), false));
}
