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
#define MOST_CELLS MOST_ROWS
#define MOST_SEEN (PARTS * MOST_ROWS) /* training rows, each with one part hidden */
#define SEEN_COLUMNS                                                                               \
	500 /* only in tables with at most so many columns */ /* remembered of a column */
#define GRID 7                                            /* weights of levels: 0, 1/4, … 3/2 */
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

typedef struct Cells
{
	Cell *list; /* MOST_CELLS */
	uint32_t n;
} Cells;

typedef struct Tried
{
	Cells held, seen;        /* numbers of held-out rows; of training rows, for calibration only */
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
note_cell(const HvImputer *imputer, uint32_t j, const HvReal *record, bool held, double *room,
          Tried *tried)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	bool alone = imputer->model->copula.width == 0;
	const double *network = imputer->network + imputer->at[j];
	const double *copula = alone ? network : imputer->copula + imputer->at[j];
	Cells *cells = held ? &tried->held : &tried->seen;
	uint32_t level;

	if (!hv_has_levels(column))
	{
		if (cells->n < MOST_CELLS)
			cells->list[cells->n++] =
				(Cell){(float) record[column->x_at], (float) network[0], (float) network[1],
			           (float) copula[0], (float) copula[1]};
		return;
	}
	level = level_of(column, record);
	for (int a = 0; a < (alone ? 1 : GRID); a++)
		for (int b = 0; b < GRID; b++)
		{
			hv_blend_levels(a * STEP, b * STEP, copula, network, column->nlevels, room);
			tried->loss[a][b] -= log(room[level]);
		}
}

static double
weight_of_numbers(const Cells *cells)
{
	double square = 0, product = 0, pull;

	for (uint32_t i = 0; i < cells->n; i++)
	{
		const Cell *cell = &cells->list[i];
		double d = cell->copula - cell->network;

		square += d * d;
		product += d * (cell->x - cell->network);
	}
	if (!(square > 0))
		return 0.5;
	pull = IMAGINED * square / cells->n;
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
stretch_of(const Cells *cells, const HvBlend *blend)
{
	double square = IMAGINED;

	for (uint32_t i = 0; i < cells->n; i++)
	{
		const Cell *cell = &cells->list[i];
		double error = cell->x - blend->copula * cell->copula - blend->network * cell->network;
		double variance =
			blend->copula * cell->copula_variance + blend->network * cell->network_variance;

		square += error * error / fmax(variance, 1e-6);
	}
	square /= cells->n + IMAGINED;
	return (float) fmin(fmax(sqrt(square), 1.0 / HV_MOST_STRETCH), HV_MOST_STRETCH);
}

/* Shell's sort, with gaps of Ciura. */
static void
sort(double *numbers, uint32_t n)
{
	static const uint32_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++)
		for (uint32_t gap = gaps[g], i = gap; i < n; i++)
		{
			double number = numbers[i];
			uint32_t to = i;

			for (; to >= gap && numbers[to - gap] > number; to -= gap)
				numbers[to] = numbers[to - gap];
			numbers[to] = number;
		}
}

/*
 * The quantiles of the places at hv_shares[], with CALIBRATED cells that speak for `usual` (no cells:
 * usual alone). Cells of training rows are nearer to what is predicted: they have a stretch of their
 * own, and add to the shape only. places: room for 2 MOST_CELLS.
 */
static void
calibrate(const HvColumn *column, const Tried *tried, const double *usual, double *places,
          HvBlend *blend)
{
	uint32_t n = 0;
	HvBlend seen = *blend;

	seen.stretch = stretch_of(&tried->seen, blend);
	for (uint32_t i = 0; i < tried->held.n; i++, n++)
		places[n] = place_of(column, blend, &tried->held.list[i], n);
	for (uint32_t i = 0; i < tried->seen.n; i++, n++)
		places[n] = place_of(column, &seen, &tried->seen.list[i], n);
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

/* Whether a cell was hidden whose answer will be noted: of training rows only those of numbers. */
static bool
wanted(const HvColumn *column, const HvReal *record, const HvReal *hidden, bool held)
{
	return record[column->m_at] != 0 && hidden[column->m_at] == 0 && column->kind != HV_EMBEDDING &&
	       (held || !hv_has_levels(column));
}

/* One part of a row hidden, and asked for. */
static void
try_part(HvImputer *imputer, const HvReal *record, uint64_t row, int part, bool held,
         HvReal *hidden, double *room, Tried *tried)
{
	const HvSchema *schema = &imputer->model->schema;
	bool any = false;

	hide(schema, record, row, part, hidden);
	for (uint32_t j = 0; j < schema->ncolumns && !any; j++)
		any = wanted(&schema->columns[j], record, hidden, held);
	if (!any)
		return;
	hv_impute(imputer, hidden);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		if (wanted(&schema->columns[j], record, hidden, held))
			note_cell(imputer, j, record, held, room, &tried[j]);
}

static HvStatus
try_rows(HvImputer *imputer, const HvHeldRows *held, const HvHost *host, HvArena *arena,
         Tried *tried)
{
	const HvSchema *schema = &imputer->model->schema;
	size_t width = schema->width, rows = held->n < MOST_ROWS ? held->n : MOST_ROWS;
	size_t seen = schema->ncolumns > SEEN_COLUMNS ? 0
	              : held->nseen < MOST_SEEN       ? held->nseen
	                                              : MOST_SEEN;
	HvReal *hidden = hv_new(arena, HvReal, width, 1);
	double *room = hv_new(arena, double, HV_MAX_LEVELS, 1);

	if (hidden == NULL || room == NULL)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		tried[j].held.list = hv_new(arena, Cell, MOST_CELLS, 1);
		tried[j].seen.list = seen > 0 ? hv_new(arena, Cell, MOST_CELLS, 1) : NULL;
		if (tried[j].held.list == NULL || (seen > 0 && tried[j].seen.list == NULL))
			return HV_NO_MEMORY;
	}
	for (size_t i = 0; i < rows * PARTS; i++)
	{
		size_t row = i / PARTS * held->n / rows;

		hv_check(host);
		try_part(imputer, held->rows + row * width, i / PARTS, (int) (i % PARTS), true, hidden,
		         room, tried);
	}
	for (size_t i = 0; i < seen; i++)
	{
		hv_check(host);
		try_part(imputer, held->seen + i * held->nseen / seen * width, MOST_ROWS + i,
		         (int) (i % PARTS), false, hidden, room, tried);
	}
	return HV_OK;
}

HvStatus
hv_impute_calibrate(HvModel *model, const HvBlas *blas, const HvHeldRows *held, const HvHost *host,
                    HvArena *arena)
{
	const HvSchema *schema = &model->schema;
	double *places = hv_new(arena, double, MOST_CELLS, 2);
	Tried *tried = hv_new(arena, Tried, schema->ncolumns, 1);
	bool alone = model->copula.width == 0;
	HvImputer imputer;

	model->blend = hv_new(arena, HvBlend, schema->ncolumns, 1);
	if (!places || !tried || !model->blend)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		hv_blend_default(&model->blend[j], !alone);
	HV_TRY(hv_imputer_init(&imputer, model, blas, arena));
	HV_TRY(try_rows(&imputer, held, host, arena, tried));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		HvBlend *blend = &model->blend[j];

		if (column->kind == HV_EMBEDDING)
			continue;
		if (hv_has_levels(column))
		{
			weigh_levels(&tried[j], alone, blend);
			continue;
		}
		if (!alone)
		{
			blend->copula = (float) weight_of_numbers(&tried[j].held);
			blend->network = 1 - blend->copula;
		}
		blend->stretch = stretch_of(&tried[j].held, blend);
	}
	calibrate_all(model, tried, places);
	return HV_OK;
}
