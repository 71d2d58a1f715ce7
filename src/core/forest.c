/*
 * forest.c: growing an isolation forest, and walking it.
 *
 * Worked example, one feature, rows 1 2 3 100: the first threshold is uniform between 1 and 100 and
 * nearly always leaves 100 alone after one step, the others after two or three.
 */
#include "forest.h"

#include <math.h>
#include <stdbool.h>

#include "rng.h"

#define EULER 0.5772156649015329
#define GUESSES 8 /* random features that are tried for a cut */

HvStatus
hv_forest_init(HvForest *forest, uint32_t trees, uint32_t features, HvArena *arena)
{
	size_t nodes = (size_t) trees * HV_FOREST_NODES;

	forest->trees = trees;
	forest->features = features;
	forest->feature = hv_new(arena, uint16_t, trees, HV_FOREST_NODES);
	forest->threshold = hv_new(arena, float, trees, HV_FOREST_NODES);
	forest->steps = hv_new(arena, float, trees, HV_FOREST_LEAVES);
	if (!forest->feature || !forest->threshold || !forest->steps)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < nodes; i++)
		forest->threshold[i] = INFINITY;
	return HV_OK;
}

/* A leaf of n rows would have gone on for as long as a search in a random binary tree of n fails. */
float
hv_forest_steps(uint32_t depth, uint32_t rows)
{
	double n = rows;

	if (rows < 2)
		return (float) depth;
	return (float) (depth + (rows == 2 ? 1 : 2 * (log(n - 1) + EULER) - 2 * (n - 1) / n));
}

/* ---- growing ---- */

typedef struct Growing
{
	HvForest *forest;
	const float *rows;
	uint64_t seed;
	uint32_t tree;
	uint64_t drawn;   /* random numbers of this tree so far */
	uint32_t *chosen; /* its rows, those of a node side by side */
	uint32_t *room;
} Growing;

static double
draw(Growing *growing)
{
	return hv_uniform(growing->seed, HV_STREAM(HV_RNG_FOREST, growing->tree), growing->drawn++);
}

static float
cell(const Growing *growing, uint32_t row, uint32_t feature)
{
	return growing->rows[(size_t) row * growing->forest->features + feature];
}

/* Range of a feature over n rows; false when it has less than two values there. */
static bool
range_of(const Growing *growing, const uint32_t *rows, uint32_t n, uint32_t feature, float *low,
         float *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (uint32_t i = 0; i < n; i++)
	{
		float x = cell(growing, rows[i], feature);

		*low = x < *low ? x : *low;
		*high = x > *high ? x : *high;
	}
	return *low < *high;
}

/* A random one of the features that can be cut at a node; false when there is none. */
static bool
choose_cut(Growing *growing, const uint32_t *rows, uint32_t n, uint32_t *feature, float *threshold)
{
	uint32_t features = growing->forest->features, tries = 0;
	float low = 0, high = 0;
	bool found = false;

	/* at random for a while, then one after the other */
	for (; tries < features + GUESSES && !found; tries++)
	{
		*feature =
			tries < GUESSES ? (uint32_t) (draw(growing) * features) : (*feature + 1) % features;
		found = range_of(growing, rows, n, *feature, &low, &high);
	}
	if (!found)
		return false;
	*threshold = low + (float) draw(growing) * (high - low);
	/* rounded up to the highest, nothing would be above it */
	*threshold = *threshold < high ? *threshold : low;
	return true;
}

/* Rows above the threshold to the end, missing ones among those below; returns how many stay. */
static uint32_t
part_rows(Growing *growing, uint32_t *rows, uint32_t n, uint32_t feature, float threshold,
          bool missing_above)
{
	uint32_t below = 0, above = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		float x = cell(growing, rows[i], feature);

		if (isnan(x) ? missing_above : x > threshold)
			growing->room[above++] = rows[i];
		else
			rows[below++] = rows[i];
	}
	for (uint32_t i = 0; i < above; i++)
		rows[below + i] = growing->room[i];
	return below;
}

/* Whether more of the rows lie above the threshold than below. */
static bool
mostly_above(const Growing *growing, const uint32_t *rows, uint32_t n, uint32_t feature,
             float threshold)
{
	uint32_t below = 0, above = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		float x = cell(growing, rows[i], feature);

		above += x > threshold;
		below += x <= threshold;
	}
	return above > below;
}

/*
 * The subtree at heap position `at` for n rows. Where the upper side is the larger one, the cut is on
 * the negated feature: -x > -t sends the lower side right (but for x = t, so t is moved up a little).
 */
static void
grow(Growing *growing, uint32_t at, uint32_t depth, uint32_t *rows, uint32_t n)
{
	HvForest *forest = growing->forest;
	size_t node = (size_t) growing->tree * HV_FOREST_NODES + at;
	uint32_t feature, below;
	float threshold;
	bool turned;

	if (depth == HV_FOREST_DEPTH || n < 2 || !choose_cut(growing, rows, n, &feature, &threshold))
	{
		uint32_t left = ((at + 1) << (HV_FOREST_DEPTH - depth)) - 1 - HV_FOREST_NODES;

		forest->steps[(size_t) growing->tree * HV_FOREST_LEAVES + left] = hv_forest_steps(depth, n);
		return;
	}
	turned = mostly_above(growing, rows, n, feature, threshold);
	below = part_rows(growing, rows, n, feature, threshold, turned);
	forest->feature[node] = (uint16_t) (turned ? forest->features + feature : feature);
	forest->threshold[node] = turned ? -nextafterf(threshold, INFINITY) : threshold;
	if (turned)
	{
		grow(growing, 2 * at + 1, depth + 1, rows + below, n - below);
		grow(growing, 2 * at + 2, depth + 1, rows, below);
		return;
	}
	grow(growing, 2 * at + 1, depth + 1, rows, below);
	grow(growing, 2 * at + 2, depth + 1, rows + below, n - below);
}

HvStatus
hv_forest_grow(HvForest *forest, const float *rows, size_t n, uint32_t features, uint64_t seed,
               const HvHost *host, HvArena *arena)
{
	uint32_t size = n < HV_FOREST_ROWS ? (uint32_t) n : HV_FOREST_ROWS;
	Growing growing = {.forest = forest, .rows = rows, .seed = seed};
	uint32_t *all = hv_new(arena, uint32_t, n, 1);

	growing.room = hv_new(arena, uint32_t, HV_FOREST_ROWS, 1);
	if (all == NULL || growing.room == NULL)
		return HV_NO_MEMORY;
	HV_TRY(hv_forest_init(forest, HV_FOREST_TREES, features, arena));
	for (size_t i = 0; i < n; i++)
		all[i] = (uint32_t) i;
	for (growing.tree = 0; growing.tree < forest->trees; growing.tree++)
	{
		hv_check(host);
		growing.drawn = 0;
		/* the first `size` of a shuffle, whatever order the last tree left */
		for (uint32_t i = 0; i < size; i++)
		{
			size_t other = i + (size_t) (draw(&growing) * (double) (n - i));
			uint32_t moved = all[i];

			all[i] = all[other];
			all[other] = moved;
		}
		grow(&growing, 0, 0, all, size);
	}
	return HV_OK;
}

/* ---- walking ---- */

#define TOGETHER 8 /* trees walked at once: their steps do not wait for each other */

float
hv_forest_walk(const HvForest *forest, float *x)
{
	const uint16_t *feature = forest->feature;
	const float *threshold = forest->threshold, *steps = forest->steps;
	uint32_t at[TOGETHER], trees = forest->trees;
	float sum = 0;

	for (uint32_t f = 0; f < forest->features; f++)
		x[forest->features + f] = -x[f];
	for (uint32_t first = 0; first < trees; first += TOGETHER)
	{
		uint32_t n = trees - first < TOGETHER ? trees - first : TOGETHER;

		for (uint32_t t = 0; t < n; t++)
			at[t] = 0;
		for (int depth = 0; depth < HV_FOREST_DEPTH; depth++)
			for (uint32_t t = 0; t < n; t++)
			{
				size_t node = (size_t) t * HV_FOREST_NODES + at[t];

				at[t] = 2 * at[t] + 1 + (x[feature[node]] > threshold[node]);
			}
		for (uint32_t t = 0; t < n; t++)
			sum += steps[(size_t) t * HV_FOREST_LEAVES + at[t] - HV_FOREST_NODES];
		feature += (size_t) TOGETHER * HV_FOREST_NODES;
		threshold += (size_t) TOGETHER * HV_FOREST_NODES;
		steps += (size_t) TOGETHER * HV_FOREST_LEAVES;
	}
	return sum / (float) trees;
}
