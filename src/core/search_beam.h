/*
 * search_beam.h: what the files of the search share: single changes, and combinations of them.
 *
 * search.c lists and judges single changes and finishes the plan, search_gain.c says what a plan is
 * worth, search_grow.c combines. Nobody else includes this.
 */
#ifndef HV_SEARCH_BEAM_H
#define HV_SEARCH_BEAM_H

#include "search.h"

/* A combination of single changes, in increasing order of their numbers. */
typedef struct HvNode
{
	uint32_t n;
	uint32_t single[HV_MAX_ITEMS];
	double gain, price;
} HvNode;

/* Buffers of one search. */
typedef struct HvBeam
{
	const HvSearch *search;
	double *risk;    /* goals: that of the person today */
	double *share;   /* goals: weight of each, sums to 1 */
	HvPlan *singles; /* single changes, later those that do good */
	size_t nsingles, most;
	HvItem *asked;   /* all single changes, as the networks were asked about them */
	double *price;   /* singles: nats that one adds, or takes away */
	bool *open;      /* actions: whether it may be in a plan */
	bool *best;      /* singles: whether combinations are made of it */
	double *values;  /* singles×draws×outcomes, of one member */
	double *change;  /* singles×members×draws×outcomes: effects by every network */
	double *effect;  /* singles×outcomes: what is believed */
	double *network; /* singles×outcomes: what the searching networks say */
} HvBeam;

/* search_gain.c: the gain of a plan whose effects on the outcomes are known. */
double hv_beam_gain(const HvBeam *beam, const HvPlan *plan, const double *effect);

/* The plan of a node, the most useful item first. */
HvPlan hv_beam_plan(const HvBeam *beam, const HvNode *node);

/* Sets a node's gain; `extra` is added to the sum of effects, and may be NULL; sum[outcomes] is room. */
void hv_beam_score(const HvBeam *beam, HvNode *node, const double *extra, double *sum);

/* search_grow.c: the best combination that the room for strangeness allows. */
HvNode hv_beam_grow(HvBeam *beam);

#endif
