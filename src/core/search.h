/*
 * search.h: from a person and the catalogue's limits to the few changes worth advising.
 *
 * The search runs in action space (SCIENCE 0.1: latent search invents effects): single changes on
 * a grid of practical units, then a beam of combinations. The members of the ensemble are split:
 * the first half searches, the others report, so that what is promised was not picked for being
 * the largest (the winner's curse). Example with one goal, systolic < 130, person at 142:
 *
 *     sodium 3900 -> 2300     expected 140.1    gain .19   (in scaled units over the goal)
 *     exercise 0 -> 150       expected 139.2    gain .28   best single
 *     both                    expected 137.5    gain .45   best pair, neither can be left out
 */
#ifndef HV_SEARCH_H
#define HV_SEARCH_H

#include "effect.h"

#define HV_MAX_GRID 12
#define HV_BEAM 5

/* An outcome that should lie in [low, high] (catalogue units). In the order of the case's. */
typedef struct HvGoal
{
	double low, high;
	double scale;  /* a clinically meaningful amount of it */
	double weight; /* priority */
} HvGoal;

/* What trials say: `slope` outcome units per unit of the action, known to ± sd. */
typedef struct HvPrior
{
	uint32_t action, outcome;
	double slope, sd;
} HvPrior;

/* The effect of a plan on one outcome; low … high is a 90 % interval. */
typedef struct HvEffect
{
	double mean, low, high;
	double probability; /* of being an improvement; NAN when no direction improves */
	double model;       /* mean of the model alone, before a trial prior was weighed in */
	bool prior;         /* a trial prior was weighed in */
} HvEffect;

typedef struct HvSearch
{
	HvCase *person;
	const HvGoal *goals; /* person->noutcomes of them */
	const HvPrior *priors;
	size_t npriors;
	uint32_t max_items;
} HvSearch;

/*
 * The best plan by model and goals; plan->n = 0 when no change is worth its effort. Every target
 * has passed hv_bounds_allow.
 */
HvStatus hv_search(const HvSearch *search, HvArena *arena, HvPlan *plan);

/* effects[outcome] of a plan, by the members that do not search, fused with the trial priors. */
HvStatus hv_plan_effects(const HvSearch *search, const HvPlan *plan, HvArena *arena,
                         HvEffect *effects);

/* +1 when more of the outcome is better for a value, -1 when less is, 0 when it is in range. */
int hv_goal_direction(const HvGoal *goal, double value);

/* How far outside the goal a value is, in scaled and weighted units; 0 inside. */
double hv_goal_distance(const HvGoal *goal, double value);

#endif
