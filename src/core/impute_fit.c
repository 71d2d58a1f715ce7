/*
 * impute_fit.c: how far the copula is trusted beside the network, and how wide an interval must be.
 *
 * Cells of rows are hidden as they may be missing later (a share HIDE of the observed ones), both
 * answers are asked for, and for every column
 *   trust   of a number, the weight a that makes a copula + (1 - a) network nearest to what was
 *           hidden, in closed form; of levels, the weight of a grid with the least log loss; both
 *           drawn towards 1/2 by some imagined cells, as columns with few cells are
 *   spread  the half-width, in standard deviations as predicted, that holds 90 % of the hidden cells.
 *           A point of mass counts as held when the interval touches it.
 */
#include <math.h>
#include <string.h>

#include "impute.h"
#include "rng.h"
#include "scores.h"

#define TRIALS 1500 /* rows with cells hidden; a row may be used several times */
#define HIDE 0.2
#define MOST_CELLS 500 /* remembered of a column */
#define GRID 11
#define IMAGINED 10 /* cells that speak for trust 1/2 */
#define SPREAD 1.6448536269514722
#define LEAST_CELLS 20 /* below, the spread is that of the normal distribution */
#define FIT_KEY 0x696d7066

/* A hidden number: its encoding, and both answers. */
typedef struct Cell
{
	float x, network, network_variance, copula, copula_variance;
} Cell;

typedef struct Tried
{
	Cell *cells;
	uint32_t ncells;
	double loss[GRID]; /* of levels */
	uint32_t nlevels;  /* cells that were counted there */
} Tried;

static void
hide(const HvSchema *schema, const HvReal *record, uint64_t trial, HvReal *hidden)
{
	memcpy(hidden, record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (hv_uniform(FIT_KEY, HV_STREAM(HV_RNG_MASK, trial), j) >= HIDE)
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
note_cell(const HvImputer *imputer, uint32_t j, const HvReal *record, Tried *tried)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const double *network = imputer->network + imputer->at[j];
	const double *copula = imputer->copula + imputer->at[j];
	uint32_t level;

	if (!hv_has_levels(column))
	{
		if (tried->ncells < MOST_CELLS)
			tried->cells[tried->ncells++] =
				(Cell){(float) record[column->x_at], (float) network[0], (float) network[1],
			           (float) copula[0], (float) copula[1]};
		return;
	}
	level = level_of(column, record);
	tried->nlevels++;
	for (int g = 0; g < GRID; g++)
	{
		double a = g / (double) (GRID - 1);

		tried->loss[g] -= log(fmax(a * copula[level] + (1 - a) * network[level], 1e-4));
	}
}

static float
trust_of_numbers(const Tried *tried)
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
		return 0.5f;
	pull = IMAGINED * square / tried->ncells;
	return (float) fmin(fmax((product + 0.5 * pull) / (square + pull), 0), 1);
}

/* The pull towards 1/2 is that of a beta distribution: IMAGINED cells, half for each. */
static float
trust_of_levels(const Tried *tried)
{
	int best = GRID / 2;
	double least = INFINITY;

	for (int g = 0; g < GRID; g++)
	{
		double a = g / (double) (GRID - 1),
			   loss = tried->loss[g] + IMAGINED * 0.2 * (a - 0.5) * (a - 0.5);

		if (loss < least)
		{
			least = loss;
			best = g;
		}
	}
	return (float) best / (GRID - 1);
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

/* The 90 % point of what each cell needs; `need` is room. */
static float
spread_of_numbers(const HvColumn *column, const Tried *tried, double trust, double *need)
{
	uint32_t n = tried->ncells;

	if (n < LEAST_CELLS)
		return (float) SPREAD;
	for (uint32_t i = 0; i < n; i++)
	{
		const Cell *cell = &tried->cells[i];
		double mean = trust * cell->copula + (1 - trust) * cell->network, low, high, least;
		double variance = trust * cell->copula_variance + (1 - trust) * cell->network_variance;
		uint32_t to = i;

		ends_of(column, cell->x, &low, &high);
		least = fmax(0, fmax(low - mean, mean - high)) / sqrt(fmax(variance, 1e-6));
		for (; to > 0 && need[to - 1] > least; to--)
			need[to] = need[to - 1];
		need[to] = least;
	}
	return (float) fmin(fmax(need[(uint32_t) (0.9 * n)], 0.1), 10);
}

static HvStatus
try_rows(HvImputer *imputer, const HvReal *records, size_t n, const HvHost *host, Tried *tried,
         HvReal *hidden)
{
	const HvSchema *schema = &imputer->model->schema;

	for (uint64_t trial = 0; trial < TRIALS; trial++)
	{
		const HvReal *record = records + (trial * 7919 % n) * schema->width;

		if (trial % 16 == 0)
			hv_check(host);
		hide(schema, record, trial, hidden);
		hv_impute(imputer, hidden);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			const HvColumn *column = &schema->columns[j];

			if (record[column->m_at] != 0 && hidden[column->m_at] == 0 &&
			    column->kind != HV_EMBEDDING)
				note_cell(imputer, j, record, &tried[j]);
		}
	}
	return HV_OK;
}

HvStatus
hv_impute_calibrate(HvModel *model, const HvBlas *blas, const HvReal *records, size_t n,
                    const HvHost *host, HvArena *arena)
{
	const HvSchema *schema = &model->schema;
	HvReal *hidden = hv_new(arena, HvReal, schema->width, 1);
	double *need = hv_new(arena, double, MOST_CELLS, 1);
	Tried *tried = hv_new(arena, Tried, schema->ncolumns, 1);
	HvImputer imputer;

	model->trust = hv_new(arena, float, schema->ncolumns, 1);
	model->spread = hv_new(arena, float, schema->ncolumns, 1);
	if (!hidden || !need || !tried || !model->trust || !model->spread)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		tried[j].cells = hv_new(arena, Cell, MOST_CELLS, 1);
		if (tried[j].cells == NULL)
			return HV_NO_MEMORY;
		model->trust[j] = model->copula.width > 0 ? 0.5f : 0;
		model->spread[j] = (float) SPREAD;
	}
	HV_TRY(hv_imputer_init(&imputer, model, blas, arena));
	if (n > 0)
		HV_TRY(try_rows(&imputer, records, n, host, tried, hidden));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (column->kind == HV_EMBEDDING)
			continue;
		if (model->copula.width > 0)
			model->trust[j] =
				hv_has_levels(column) ? trust_of_levels(&tried[j]) : trust_of_numbers(&tried[j]);
		if (!hv_has_levels(column))
			model->spread[j] = spread_of_numbers(column, &tried[j], model->trust[j], need);
	}
	return HV_OK;
}
