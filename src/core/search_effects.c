/*
 * search_effects.c: what is believed of an effect, and what of it is reported.
 *
 * Each item of a plan has a belief per outcome: the networks and the line are averaged, shrunk
 * towards the small benefit that the guideline expects, and joined with trials (evidence.h). A plan's
 * effect is the sum over its items plus what the networks say of their interaction.
 *
 * The interval adds what no witness can know: that the association is confounded (SCIENCE 3.3).
 */
#include <math.h>
#include <string.h>

#include "scores.h"
#include "search.h"

#define Z90 1.6448536 /* the normal's 95 % quantile: a two-sided 90 % interval */

/* sd of a network's effect that the spread of the members does not show; as HV_EXPECTED_SD */
#define NOISE 0.1

#define CONFOUNDING 0.25 /* sd of hidden confounding as a share of the effect */
#define LEAST 1e-6       /* of a standard deviation: no belief is firmer */

double
hv_goal_risk(const HvGoal *goal, double own, double value)
{
	double out = own < goal->low ? goal->low - own : own >= goal->high ? own - goal->high : 0;
	double noise = hypot(goal->sd, out);

	return hv_normal_cdf((value - goal->high) / noise) + hv_normal_cdf((goal->low - value) / noise);
}

int
hv_goal_direction(const HvGoal *goal, double value)
{
	return value < goal->low ? 1 : value >= goal->high ? -1 : 0;
}

int
hv_goal_side(const HvGoal *goal, double value)
{
	return goal->high - value < value - goal->low ? -1 : 1;
}

double
hv_goal_share(const HvGoal *goal, double value)
{
	double noise = goal->scale / 2;

	return goal->weight * (hv_normal_cdf((value - goal->high) / noise) +
	                       hv_normal_cdf((goal->low - value) / noise));
}

uint32_t
hv_searchers(const HvCase *person)
{
	return person->members > 1 ? person->members / 2 : 1;
}

/* Mean over members [first, last), with the variance of that mean as all members show it. */
static HvBelief
of_networks(const HvCase *c, const double *difference, uint32_t outcome, uint32_t first,
            uint32_t last)
{
	double all = 0, between = 0;
	double by_member[HV_MAX_MEMBERS];
	HvBelief belief = {0, 0};

	for (uint32_t m = 0; m < c->members; m++)
	{
		by_member[m] = 0;
		for (uint32_t d = 0; d < c->draws; d++)
			by_member[m] +=
				difference[(m * c->draws + d) * c->noutcomes + outcome] / (double) c->draws;
		all += by_member[m] / c->members;
		if (m >= first && m < last)
			belief.mean += by_member[m] / (last - first);
	}
	for (uint32_t m = 0; m < c->members; m++)
		between += pow(by_member[m] - all, 2) / (c->members > 1 ? c->members - 1 : 1);
	belief.variance = between / (last - first);
	return belief;
}

static const HvPrior *
find_prior(const HvSearch *search, uint32_t action, uint32_t outcome)
{
	for (size_t p = 0; p < search->npriors; p++)
		if (search->priors[p].action == action && search->priors[p].outcome == outcome)
			return &search->priors[p];
	return NULL;
}

HvBelief
hv_item_belief(const HvSearch *search, const HvItem *item, uint32_t outcome,
               const double *difference, uint32_t first, uint32_t last, HvEffect *effect)
{
	const HvCase *c = search->person;
	const HvGoal *goal = &search->goals[outcome];
	const HvPrior *prior = find_prior(search, item->action, outcome);
	double unit = hv_case_move(c, item) * goal->sd;
	int side = hv_goal_side(goal, c->value[outcome]);
	HvBelief belief = of_networks(c, difference, outcome, first, last), line, guided;
	bool lined;

	belief.variance += pow(LEAST * goal->sd, 2);
	if (hv_case_coupled(c, item->action, outcome))
		return belief;
	belief.variance += pow(NOISE * unit, 2);
	lined = hv_case_line(c, item, outcome, &line, &guided);
	if (effect != NULL)
	{
		HvBelief model = lined ? hv_belief_average(belief, line) : belief;

		effect->model += model.mean;
		effect->contrary = side * model.mean < -Z90 * sqrt(model.variance);
		effect->prior = prior != NULL;
	}
	belief = hv_belief_shrink(belief, side * HV_EXPECTED * unit, HV_EXPECTED_SD * unit);
	if (lined)
		belief = hv_belief_average(belief, guided);
	if (prior != NULL)
	{
		double change = item->target - c->actions[item->action].bounds.current;

		belief = hv_belief_join(belief,
		                        hv_belief_slope(prior->slope, prior->sd, change, !prior->realised));
	}
	return belief;
}

/* What a search has found out of a single change already; NULL: nothing. */
static const double *
find_answer(const HvCase *c, const HvPlan *plan)
{
	size_t n = (size_t) c->members * c->draws * c->noutcomes;

	for (size_t i = 0; i < c->nasked && plan->n == 1; i++)
		if (c->asked[i].action == plan->items[0].action &&
		    c->asked[i].target == plan->items[0].target)
			return c->answers + i * n;
	return NULL;
}

/* differences[member][draw][outcome] of a plan under every member. */
static void
all_differences(HvCase *c, const HvPlan *plan, double *difference)
{
	size_t n = (size_t) c->draws * c->noutcomes;
	const double *answer = find_answer(c, plan);

	if (answer != NULL)
	{
		memcpy(difference, answer, c->members * n * sizeof(double));
		return;
	}

	for (uint32_t m = 0; m < c->members; m++)
	{
		hv_case_values(c, m, plan, 1, difference + m * n);
		for (size_t i = 0; i < n; i++)
			difference[m * n + i] -= c->unchanged[m * n + i];
	}
}

static void
report(const HvGoal *goal, double value, HvBelief belief, double searched, HvEffect *effect)
{
	int direction = hv_goal_direction(goal, value);
	double sd = sqrt(belief.variance + pow(CONFOUNDING * belief.mean, 2));

	effect->mean = belief.mean;
	effect->low = belief.mean - Z90 * sd;
	effect->high = belief.mean + Z90 * sd;
	effect->risk = hv_goal_share(goal, value) *
	               (hv_goal_risk(goal, value, value) - hv_goal_risk(goal, value, value + searched));
	effect->probability = NAN;
	if (direction != 0)
		effect->probability = hv_normal_cdf(direction * belief.mean / sd);
}

HvStatus
hv_plan_effects(const HvSearch *search, const HvPlan *plan, HvArena *arena, HvEffect *effects)
{
	HvCase *c = search->person;
	size_t n = (size_t) c->members * c->draws * c->noutcomes;
	double *joint = hv_new(arena, double, n + 1, 1), *alone = hv_new(arena, double, n + 1, 1);
	HvBelief *sum = hv_new(arena, HvBelief, c->noutcomes + 1, 1);
	double *searched = hv_new(arena, double, c->noutcomes + 1, 1);
	uint32_t half = hv_searchers(c), first = c->members > 1 ? half : 0;

	if (!joint || !alone || !sum || !searched)
		return HV_NO_MEMORY;
	memset(effects, 0, c->noutcomes * sizeof(HvEffect));
	all_differences(c, plan, joint);
	for (uint32_t i = 0; i < plan->n; i++)
	{
		HvPlan single = {.n = 1, .items = {plan->items[i]}};

		if (plan->n > 1)
			all_differences(c, &single, alone);
		for (uint32_t k = 0; k < c->noutcomes; k++)
		{
			const double *difference = plan->n > 1 ? alone : joint;
			HvBelief belief = hv_item_belief(search, &plan->items[i], k, difference, first,
			                                 c->members, &effects[k]);

			sum[k].mean += belief.mean;
			sum[k].variance += belief.variance;
			searched[k] +=
				hv_item_belief(search, &plan->items[i], k, difference, 0, half, NULL).mean;
			if (plan->n > 1)
				sum[k].mean -= of_networks(c, alone, k, first, c->members).mean;
		}
	}
	for (uint32_t k = 0; k < c->noutcomes; k++)
	{
		if (plan->n > 1)
			sum[k].mean += of_networks(c, joint, k, first, c->members).mean;
		report(&search->goals[k], c->value[k], sum[k], searched[k], &effects[k]);
	}
	return HV_OK;
}
