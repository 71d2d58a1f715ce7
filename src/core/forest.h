/*
 * forest.h: an isolation forest (Liu, Ting, Zhou, ICDM 2008): what is alone is soon alone.
 *
 * Each tree cuts a few rows at random, a feature and a threshold at a time. A row far from all others
 * is cut off after few steps; the mean number of steps over the trees says how much it stands out.
 *
 * A tree is a complete binary tree in heap order, whose missing nodes lead on to the left: every walk
 * takes HV_FOREST_DEPTH steps and no pointers. A node sends a row right when
 *
 *     x[feature] > threshold
 *
 * A missing cell is NaN, compares false and goes left; left is where most of the node's rows went. So a
 * row of gaps looks common, not strange. For that to hold whichever side is the larger one, every
 * feature stands there twice, as it is and negated: x[f] and x[features + f] = -x[f].
 */
#ifndef HV_FOREST_H
#define HV_FOREST_H

#include "arena.h"

#define HV_FOREST_TREES 128
#define HV_FOREST_ROWS 128 /* that a tree is grown on */
#define HV_FOREST_DEPTH 7  /* log2 of that: deeper, rows are common anyway */
#define HV_FOREST_NODES ((1 << HV_FOREST_DEPTH) - 1)
#define HV_FOREST_LEAVES (1 << HV_FOREST_DEPTH)

typedef struct HvForest
{
	uint32_t trees;    /* 0: none */
	uint32_t features; /* a row has twice as many numbers */
	uint16_t *feature; /* trees × HV_FOREST_NODES, below 2 features */
	float *threshold;  /* likewise; infinity where the tree has no such node */
	float *steps;      /* trees × HV_FOREST_LEAVES: steps until alone, as expected at that leaf */
} HvForest;

/* Room for a forest whose nodes all lead left. */
HvStatus hv_forest_init(HvForest *forest, uint32_t trees, uint32_t features, HvArena *arena);

/* Grown on n rows of `features` numbers each (NaN: missing); memory from `arena`. */
HvStatus hv_forest_grow(HvForest *forest, const float *rows, size_t n, uint32_t features,
                        uint64_t seed, const HvHost *host, HvArena *arena);

/* Expected steps of a leaf of `rows` rows in depth `depth`. */
float hv_forest_steps(uint32_t depth, uint32_t rows);

/* Mean steps of a row: x[2 features], of which x[features …) are filled here. Few are strange. */
float hv_forest_walk(const HvForest *forest, float *x);

#endif
