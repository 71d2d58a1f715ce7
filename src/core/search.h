/*
 * search.h: from a person and the catalogue's limits to the few changes worth advising.
 *
 * The search runs in action space (SCIENCE 0.1: latent search invents effects): single changes on
 * a grid of practical units, each with what is believed of its effects (evidence.h), then a beam of
 * combinations. What counts is the risk of being out of range, not the distance from it: 150 mmHg
 * can hardly become 129, and 133 can. Example with one goal, systolic < 130, sd 18, person at 138:
 *
 *     today                            risk of 130 or more .67
 *     sodium 3900 -> 2300     -1.2     .65    gain .024
 *     exercise 0 -> 150       -1.9     .63    gain .040, best single
 *     both                    -3.1     .61    gain .063, best pair, neither can be left out
 *
 * The members of the ensemble are split: the first half searches, the others report, so that what is
 * promised was not picked for being the largest (the winner's curse).
 */
#ifndef HV_SEARCH_H
#define HV_SEARCH_H

#include "effect.h"

#define HV_BEAM 5

/* An outcome that should lie in [low, high] (catalogue units). In the order of the case's. */
typedef struct HvGoal
{
	double low, high;
	double scale;  /* a clinically meaningful amount of it */
	double sd;     /* between people; about the noise of a value that is measured once */
	double weight; /* priority */
} HvGoal;

/* What trials say: `slope` outcome units per unit of the action, known to ± sd. */
typedef struct HvPrior
{
	uint32_t action, outcome;
	double slope, sd;
	bool realised; /* seen among these very people: nothing has to be carried over */
} HvPrior;

/* The effect of a plan on one outcome; low … high is a 90 % interval. */
typedef struct HvEffect
{
	double mean, low, high;
	double probability; /* of being an improvement; NAN when no direction improves */
	double risk;        /* decrease of the weighted risk, as the searching members see it */
	double model;       /* mean of the model alone: networks and line */
	bool prior;         /* a trial prior was weighed in */
	bool contrary;      /* the model alone speaks against what the guideline expects */
} HvEffect;

typedef struct HvSearch
{
	HvCase *person;
	const HvGoal *goals; /* person->noutcomes of them */
	const HvPrior *priors;
	size_t npriors;
	uint32_t max_items;
	double own;  /* how strange the person is today, nats (hv_case_strangeness) */
	double room; /* nats by which the person may become stranger */
} HvSearch;

/*
 * The best plan by model and goals; plan->n = 0 when no change is worth its effort. Every target
 * has passed hv_bounds_allow.
 */
HvStatus hv_search(const HvSearch *search, HvArena *arena, HvPlan *plan);

/*
 * effects[outcome] of a plan, by the members that do not search, joined with the other witnesses.
 * search_effects.c.
 */
HvStatus hv_plan_effects(const HvSearch *search, const HvPlan *plan, HvArena *arena,
                         HvEffect *effects);

/* +1 when more of the outcome is better for a value, -1 when less is, 0 when it is in range. */
int hv_goal_direction(const HvGoal *goal, double value);

/* The same, but in the range away from the nearer bound. */
int hv_goal_side(const HvGoal *goal, double value);

/*
 * Probability that a measurement of someone whose value is `value` is out of range. The noise of one who
 * was `own` is no less than that is out of range, so that a step from far away counts as well.
 */
double hv_goal_risk(const HvGoal *goal, double own, double value);

/* Share of a goal in the gain of a plan: its weight, less where it is reached already. */
double hv_goal_share(const HvGoal *goal, double value);

/*
 * For the two files of the search: what members [first, last) and all other witnesses make of the
 * effect of one item on an outcome; difference[member][draw][outcome] for all members.
 */
HvBelief hv_item_belief(const HvSearch *search, const HvItem *item, uint32_t outcome,
                        const double *difference, uint32_t first, uint32_t last, HvEffect *effect);

/* Members that search: the first half; an ensemble of one does both. */
uint32_t hv_searchers(const HvCase *person);

#endif
