/*
 * impute_fit.c: how the copula's and the network's answers are blended, and how sure the blend is.
 *
 * The cells of a row are hidden in turn, a random fifth at a time, both answers are asked for, and for
 * every column
 *   numbers  the weight a that makes a copula + (1 - a) network nearest to what was hidden, in closed
 *            form; then where in the predicted distribution each hidden cell lies, as a share (a
 *            point of mass: somewhere within, by a fixed draw), and the quantiles of these shares
 *   levels   the two weights of a grid with the least log loss
 * All are drawn towards what is usual by some imagined cells, as columns with few cells are.
 */
#include <math.h>
#include <string.h>

#include "impute.h"
#include "rng.h"
#include "scores.h"

#define PARTS 5 /* of a row's cells, hidden in turn: a fifth is missing at a time */
#define MOST_ROWS 600
#define MOST_CELLS MOST_ROWS /* remembered of a column */
#define GRID 7               /* weights of levels: 0, 1/4, … 3/2 */
#define STEP 0.25
#define IMAGINED 10    /* cells that speak for the usual weights */
#define USUAL 0.6      /* of the copula and of the network, for levels */
#define CALIBRATED 200 /* cells that speak for the calibration that all columns have together */
#define SHARE_MIN 1e-4 /* a calibrated share lies as far from 0 and 1 */
#define FIT_KEY 0x696d7066
#define FIT_PLACE 0x706c6163 /* key of the draws within points of mass */

/* A hidden number: its encoding, and both answers. */
typedef struct Cell
{
	float x, network, network_variance, copula, copula_variance;
} Cell;

typedef struct Tried
{
	Cell *cells;
	uint32_t ncells;
	double loss[GRID][GRID]; /* of levels, by the weights of copula and network */
} Tried;

/* The record without the cells of a part. */
static void
hide(const HvSchema *schema, const HvReal *record, uint64_t row, int part, HvReal *hidden)
{
	memcpy(hidden, record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if ((int) (PARTS * hv_uniform(FIT_KEY, HV_STREAM(HV_RNG_MASK, row), j)) != part)
			continue;
		memset(hidden + column->x_at, 0, column->width * sizeof(HvReal));
		hidden[column->m_at] = 0;
	}
}

/* The level of an observed cell. */
static uint32_t
level_of(const HvColumn *column, const HvReal *record)
{
	const HvReal *x = record + column->x_at;
	uint32_t level = 0;

	if (column->kind != HV_CATEGORICAL)
		return (uint32_t) fmax(0, round(x[0] * column->scale + column->center));
	while (level + 1 < column->nlevels && x[level] < (HvReal) 0.5)
		level++;
	return level;
}

static void
note_cell(const HvImputer *imputer, uint32_t j, const HvReal *record, double *room, Tried *tried)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const double *network = imputer->network + imputer->at[j];
	const double *copula = imputer->copula + imputer->at[j];
	bool alone = imputer->model->copula.width == 0;
	uint32_t level;

	if (!hv_has_levels(column))
	{
		if (tried->ncells < MOST_CELLS)
			tried->cells[tried->ncells++] = (Cell){
				(float) record[column->x_at], (float) network[0], (float) network[1],
				(float) (alone ? network : copula)[0], (float) (alone ? network : copula)[1]};
		return;
	}
	level = level_of(column, record);
	for (int a = 0; a < (alone ? 1 : GRID); a++)
		for (int b = 0; b < GRID; b++)
		{
			hv_blend_levels(a * STEP, b * STEP, alone ? network : copula, network, column->nlevels,
			                room);
			tried->loss[a][b] -= log(room[level]);
		}
}

static double
weight_of_numbers(const Tried *tried)
{
	double square = 0, product = 0, pull;

	for (uint32_t i = 0; i < tried->ncells; i++)
	{
		const Cell *cell = &tried->cells[i];
		double d = cell->copula - cell->network;

		square += d * d;
		product += d * (cell->x - cell->network);
	}
	if (!(square > 0))
		return 0.5;
	pull = IMAGINED * square / tried->ncells;
	return fmin(fmax((product + 0.5 * pull) / (square + pull), 0), 1);
}

/* Without a copula (alone) the network's own weight is what is usual. */
static void
weigh_levels(const Tried *tried, bool alone, HvBlend *blend)
{
	double least = INFINITY;

	for (int a = 0; a < (alone ? 1 : GRID); a++)
		for (int b = 0; b < GRID; b++)
		{
			double da = alone ? 0 : a * STEP - USUAL, db = b * STEP - (alone ? 1 : USUAL);
			double loss = tried->loss[a][b] + IMAGINED * 0.2 * (da * da + db * db);

			if (loss < least)
			{
				least = loss;
				blend->copula = (float) (a * STEP);
				blend->network = (float) (b * STEP);
			}
		}
}

/* Ends of the encoded value: those of the point of mass where it is one. */
static void
ends_of(const HvColumn *column, float x, double *low, double *high)
{
	*low = *high = x;
	if (column->transform != HV_SCORES)
		return;
	for (uint32_t i = 0; i < column->nknots; i++)
		if (fabs((column->knots[i].middle - column->center) / column->scale - x) < 1e-4)
		{
			*low = (column->knots[i].low - column->center) / column->scale;
			*high = (column->knots[i].high - column->center) / column->scale;
		}
}

/* Where a hidden number lies in its predicted distribution: the share of that below it. */
static double
place_of(const HvColumn *column, const HvBlend *blend, const Cell *cell, uint32_t i)
{
	double mean = blend->copula * cell->copula + blend->network * cell->network, low, high;
	double variance =
		blend->copula * cell->copula_variance + blend->network * cell->network_variance;
	double sd = blend->stretch * sqrt(fmax(variance, 1e-6)), from, to;

	ends_of(column, cell->x, &low, &high);
	from = hv_normal_cdf((low - mean) / sd);
	to = hv_normal_cdf((high - mean) / sd);
	return from + (to - from) * hv_uniform(FIT_PLACE, HV_STREAM(HV_RNG_USE, i), 0);
}

/* The root of the mean square of error / predicted deviation. */
static float
stretch_of(const Tried *tried, const HvBlend *blend)
{
	double square = IMAGINED;

	for (uint32_t i = 0; i < tried->ncells; i++)
	{
		const Cell *cell = &tried->cells[i];
		double error = cell->x - blend->copula * cell->copula - blend->network * cell->network;
		double variance =
			blend->copula * cell->copula_variance + blend->network * cell->network_variance;

		square += error * error / fmax(variance, 1e-6);
	}
	square /= tried->ncells + IMAGINED;
	return (float) fmin(fmax(sqrt(square), 1.0 / HV_MOST_STRETCH), HV_MOST_STRETCH);
}

static void
sort(double *numbers, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
	{
		double number = numbers[i];
		uint32_t to = i;

		for (; to > 0 && numbers[to - 1] > number; to--)
			numbers[to] = numbers[to - 1];
		numbers[to] = number;
	}
}

/*
 * The quantiles of the places at hv_shares[], with CALIBRATED cells that speak for `usual` (no cells:
 * usual alone). places: room for MOST_CELLS.
 */
static void
calibrate(const HvColumn *column, const Tried *tried, const double *usual, double *places,
          HvBlend *blend)
{
	uint32_t n = tried->ncells;

	for (uint32_t i = 0; i < n; i++)
		places[i] = place_of(column, blend, &tried->cells[i], i);
	sort(places, n);
	for (int s = 0; s < HV_SHARES; s++)
	{
		double at = hv_shares[s] * (n + 1) - 1, share = usual[s];

		if (n > 0)
		{
			uint32_t before = (uint32_t) fmin(fmax(floor(at), 0), n - 1);
			uint32_t behind = before + 1 < n ? before + 1 : before;
			double found =
				places[before] + fmin(fmax(at - before, 0), 1) * (places[behind] - places[before]);

			share = (n * found + CALIBRATED * usual[s]) / (n + CALIBRATED);
		}
		blend->share[s] = (float) fmin(fmax(share, SHARE_MIN), 1 - SHARE_MIN);
	}
}

/* First every column by itself, then again with the mean of all of them as what is usual. */
static void
calibrate_all(HvModel *model, const Tried *tried, double *places)
{
	double usual[HV_SHARES], sum[HV_SHARES] = {0};
	uint32_t counted = 0;

	memcpy(usual, hv_shares, sizeof(usual));
	for (int round = 0; round < 2; round++)
	{
		for (uint32_t j = 0; j < model->schema.ncolumns; j++)
		{
			const HvColumn *column = &model->schema.columns[j];

			if (hv_has_levels(column) || column->kind == HV_EMBEDDING)
				continue;
			calibrate(column, &tried[j], usual, places, &model->blend[j]);
			for (int s = 0; s < HV_SHARES && round == 0; s++)
				sum[s] += model->blend[j].share[s];
			counted += round == 0;
		}
		for (int s = 0; s < HV_SHARES && counted > 0; s++)
			usual[s] = sum[s] / counted;
	}
}

static void
try_row(HvImputer *imputer, const HvReal *record, uint64_t row, HvReal *hidden, double *room,
        Tried *tried)
{
	const HvSchema *schema = &imputer->model->schema;

	for (int part = 0; part < PARTS; part++)
	{
		hide(schema, record, row, part, hidden);
		hv_impute(imputer, hidden);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			const HvColumn *column = &schema->columns[j];

			if (record[column->m_at] != 0 && hidden[column->m_at] == 0 &&
			    column->kind != HV_EMBEDDING)
				note_cell(imputer, j, record, room, &tried[j]);
		}
	}
}

HvStatus
hv_impute_calibrate(HvModel *model, const HvBlas *blas, const HvReal *records, size_t n,
                    const HvHost *host, HvArena *arena)
{
	const HvSchema *schema = &model->schema;
	HvReal *hidden = hv_new(arena, HvReal, schema->width, 1);
	double *room = hv_new(arena, double, MOST_CELLS, 1);
	Tried *tried = hv_new(arena, Tried, schema->ncolumns, 1);
	size_t rows = n < MOST_ROWS ? n : MOST_ROWS;
	bool alone = model->copula.width == 0;
	HvImputer imputer;

	model->blend = hv_new(arena, HvBlend, schema->ncolumns, 1);
	if (!hidden || !room || !tried || !model->blend)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		hv_blend_default(&model->blend[j], !alone);
		tried[j].cells = hv_new(arena, Cell, MOST_CELLS, 1);
		if (tried[j].cells == NULL)
			return HV_NO_MEMORY;
	}
	HV_TRY(hv_imputer_init(&imputer, model, blas, arena));
	for (size_t i = 0; i < rows; i++)
	{
		hv_check(host);
		try_row(&imputer, records + i * n / rows * schema->width, i, hidden, room, tried);
	}
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (column->kind == HV_EMBEDDING)
			continue;
		if (hv_has_levels(column))
			weigh_levels(&tried[j], alone, &model->blend[j]);
		else if (!alone)
		{
			model->blend[j].copula = (float) weight_of_numbers(&tried[j]);
			model->blend[j].network = 1 - model->blend[j].copula;
		}
		if (!hv_has_levels(column))
			model->blend[j].stretch = stretch_of(&tried[j], &model->blend[j]);
	}
	calibrate_all(model, tried, room);
	return HV_OK;
}
