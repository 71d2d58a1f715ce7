/*
 * search_gain.c: what a plan is worth.
 *
 * A plan's gain is the expected decrease of risk, a weighted mean over the goals that are missed,
 * less an effort for every step of every action:
 *
 *     gain(plan) = sum_k share_k (risk_k(y_k) - risk_k(y_k + effect_k)) - EFFORT sum_i cost_i steps_i
 *                  - ITEM n
 *
 * An effect in the wrong direction counts as none: every target lies in the direction that the
 * guidelines call safe, and where the data say it harms (drinkers have more HDL), that is the
 * confounding that the catalogue's directions are there for (SCIENCE 3.3).
 */
#include <math.h>

#include "search_beam.h"

#define EFFORT 0.00005   /* of risk, per practical step */
#define ITEM 0.0002      /* of risk, per action in the plan */
#define LEAST_SHARE 1e-6 /* of a goal that is looked at: well within its range it is none */
#define COUPLED 0.2      /* share of a gain by arithmetic */

static double
effort(const HvCase *person, const HvPlan *plan)
{
	double sum = ITEM * plan->n;

	for (uint32_t i = 0; i < plan->n; i++)
	{
		const HvAction *action = &person->actions[plan->items[i].action];
		double steps = fabs(plan->items[i].target - action->bounds.current) / action->step;

		sum += EFFORT * action->cost * steps;
	}
	return sum;
}

/* What wishes add: an action that is wished for twice as much counts twice. */
static double
wished(const HvCase *person, const HvPlan *plan)
{
	double sum = 0;

	for (uint32_t i = 0; i < plan->n; i++)
		sum += (person->actions[plan->items[i].action].wish - 1) * plan->items[i].gain;
	return sum;
}

static bool
coupled(const HvCase *person, const HvPlan *plan, uint32_t outcome)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (hv_case_coupled(person, plan->items[i].action, outcome))
			return true;
	return false;
}

/*
 * What follows by arithmetic is no finding, who weighs less has less BMI; but a weight to lose is a
 * goal of its own (SAFE_RANGES), also where it is the only one.
 */
double
hv_beam_gain(const HvBeam *beam, const HvPlan *plan, const double *effect)
{
	const HvCase *person = beam->search->person;
	double gain = wished(person, plan) - effort(person, plan);

	for (uint32_t k = 0; k < person->noutcomes; k++)
	{
		double value = person->value[k], better;

		if (beam->share[k] < LEAST_SHARE)
			continue;
		better = beam->risk[k] - hv_goal_risk(&beam->search->goals[k], value, value + effect[k]);
		if (coupled(person, plan, k))
			better *= COUPLED;
		if (better > 0)
			gain += beam->share[k] * better;
	}
	return gain;
}

HvPlan
hv_beam_plan(const HvBeam *beam, const HvNode *node)
{
	HvPlan plan = {.n = node->n, .gain = node->gain};

	for (uint32_t i = 0; i < node->n; i++)
	{
		const HvItem *item = &beam->singles[node->single[i]].items[0];
		uint32_t at = i;

		for (; at > 0 && plan.items[at - 1].gain < item->gain; at--)
			plan.items[at] = plan.items[at - 1];
		plan.items[at] = *item;
	}
	return plan;
}

void
hv_beam_score(const HvBeam *beam, HvNode *node, const double *extra, double *sum)
{
	uint32_t outcomes = beam->search->person->noutcomes;
	HvPlan plan = hv_beam_plan(beam, node);

	for (uint32_t k = 0; k < outcomes; k++)
	{
		sum[k] = extra != NULL ? extra[k] : 0;
		for (uint32_t i = 0; i < node->n; i++)
			sum[k] += beam->effect[node->single[i] * outcomes + k];
	}
	node->gain = hv_beam_gain(beam, &plan, sum);
	node->price = 0;
	for (uint32_t i = 0; i < node->n; i++)
		node->price += beam->price[node->single[i]];
}
