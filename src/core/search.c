/*
 * search.c: candidates, beam, pruning, and the effects that are reported.
 *
 * A plan's worth is the expected decrease of the distance to the goals, summed over goals, less an
 * effort for every step of every action:
 *
 *     gain(plan) = sum_k E[d_k(unchanged) - d_k(changed)] - EFFORT * sum_i cost_i steps_i - ITEM n
 *
 * A beam of HV_BEAM plans grows by one action at a time; pruning then drops every action whose
 * removal loses less than 5 % of the gain, so nothing in a plan is redundant.
 */
#include "search.h"

#include <math.h>
#include <string.h>

#define EFFORT 0.002 /* of a scaled unit per practical step */
#define ITEM 0.005   /* of a scaled unit per action in the plan */
#define REDUNDANT 0.05
#define Z90 1.6448536   /* the normal's 95 % quantile: a two-sided 90 % interval */
#define CONFOUNDING 0.5 /* sd of hidden confounding as a share of the effect (SCIENCE 3.3) */

/* Buffers of one search. */
typedef struct Beam
{
	const HvSearch *search;
	HvPlan *candidates;
	size_t ncandidates, most;
	double *values;
	HvPlan *singles; /* the two best targets of each action */
	size_t nsingles;
} Beam;

double
hv_goal_distance(const HvGoal *goal, double value)
{
	double out = value < goal->low    ? goal->low - value
	             : value > goal->high ? value - goal->high
	                                  : 0;

	return goal->weight * out / goal->scale;
}

int
hv_goal_direction(const HvGoal *goal, double value)
{
	return value < goal->low ? 1 : value > goal->high ? -1 : 0;
}

/* Members that search: the first half; an ensemble of one does both. */
static uint32_t
searchers(const HvCase *person)
{
	return person->members > 1 ? person->members / 2 : 1;
}

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

/* Sets the gain of n plans, from the searching members. */
static void
score(Beam *beam, HvPlan *plans, size_t n)
{
	HvCase *person = beam->search->person;
	uint32_t members = searchers(person), outcomes = person->noutcomes;

	for (size_t i = 0; i < n; i++)
		plans[i].gain = -effort(person, &plans[i]);
	for (uint32_t m = 0; m < members; m++)
	{
		const double *before = person->unchanged + (size_t) m * person->draws * outcomes;

		hv_case_values(person, m, plans, n, beam->values);
		for (size_t i = 0; i < n; i++)
			for (uint32_t d = 0; d < person->draws; d++)
				for (uint32_t k = 0; k < outcomes; k++)
				{
					const HvGoal *goal = &beam->search->goals[k];
					double after = beam->values[(i * person->draws + d) * outcomes + k];
					double gain = hv_goal_distance(goal, before[d * outcomes + k]) -
					              hv_goal_distance(goal, after);

					plans[i].gain += gain / (members * person->draws);
				}
	}
}

/* Every action alone at every grid value. */
static void
single_changes(Beam *beam)
{
	const HvCase *person = beam->search->person;

	beam->ncandidates = 0;
	for (uint32_t a = 0; a < person->nactions; a++)
	{
		const HvAction *action = &person->actions[a];
		double targets[HV_MAX_GRID];
		size_t n = hv_bounds_grid(&action->bounds, action->recommended_low,
		                          action->recommended_high, action->step, targets, HV_MAX_GRID);

		for (size_t i = 0; i < n && beam->ncandidates < beam->most; i++)
			if (hv_bounds_allow(&action->bounds, targets[i]))
				beam->candidates[beam->ncandidates++] =
					(HvPlan){.n = 1, .items = {{.action = a, .target = targets[i]}}};
	}
	score(beam, beam->candidates, beam->ncandidates);
}

/* Keeps the two best targets of every action: what combinations are made of. */
static void
keep_singles(Beam *beam)
{
	beam->nsingles = 0;
	for (size_t i = 0; i < beam->ncandidates; i++)
	{
		const HvPlan *plan = &beam->candidates[i];
		size_t better = 0;

		for (size_t j = 0; j < beam->ncandidates; j++)
		{
			const HvPlan *other = &beam->candidates[j];

			if (other->items[0].action == plan->items[0].action &&
			    (other->gain > plan->gain || (other->gain == plan->gain && j < i)))
				better++;
		}
		if (better < 2 && plan->gain > -ITEM)
			beam->singles[beam->nsingles++] = *plan;
	}
}

static bool
contains(const HvPlan *plan, uint32_t action)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (plan->items[i].action == action)
			return true;
	return false;
}

/* Whether two plans change the same things to the same values, in whatever order. */
static bool
same_plan(const HvPlan *a, const HvPlan *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
	{
		bool found = false;

		for (uint32_t j = 0; j < b->n; j++)
			found = found || (a->items[i].action == b->items[j].action &&
			                  a->items[i].target == b->items[j].target);
		if (!found)
			return false;
	}
	return true;
}

/* The best HV_BEAM different plans of the candidates, best first. */
static size_t
choose(const Beam *beam, HvPlan *best)
{
	size_t n = 0;

	for (size_t i = 0; i < beam->ncandidates; i++)
	{
		HvPlan plan = beam->candidates[i];
		bool known = false;
		size_t at = n;

		for (size_t j = 0; j < n; j++)
			known = known || same_plan(&best[j], &plan);
		if (known)
			continue;
		while (at > 0 && best[at - 1].gain < plan.gain)
			at--;
		if (at >= HV_BEAM)
			continue;
		n = n < HV_BEAM ? n + 1 : HV_BEAM;
		memmove(best + at + 1, best + at, (n - 1 - at) * sizeof(HvPlan));
		best[at] = plan;
	}
	return n;
}

/* Every plan of the beam with every single change of another action added. */
static void
extend(Beam *beam, const HvPlan *plans, size_t n)
{
	beam->ncandidates = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < beam->nsingles && beam->ncandidates < beam->most; j++)
		{
			HvPlan plan = plans[i];

			if (contains(&plan, beam->singles[j].items[0].action))
				continue;
			plan.items[plan.n++] = beam->singles[j].items[0];
			beam->candidates[beam->ncandidates++] = plan;
		}
	score(beam, beam->candidates, beam->ncandidates);
}

/* Drops the actions that the plan does not need. */
static void
prune(Beam *beam, HvPlan *plan)
{
	for (bool dropped = true; dropped && plan->n > 1;)
	{
		size_t best = 0;

		beam->ncandidates = plan->n;
		for (uint32_t i = 0; i < plan->n; i++)
		{
			HvPlan less = *plan;

			memmove(less.items + i, less.items + i + 1, (less.n - i - 1) * sizeof(HvItem));
			less.n--;
			beam->candidates[i] = less;
		}
		score(beam, beam->candidates, beam->ncandidates);
		for (size_t i = 1; i < beam->ncandidates; i++)
			if (beam->candidates[i].gain > beam->candidates[best].gain)
				best = i;
		dropped = beam->candidates[best].gain >= (1 - REDUNDANT) * plan->gain;
		if (dropped)
			*plan = beam->candidates[best];
	}
}

static HvStatus
beam_init(Beam *beam, const HvSearch *search, HvArena *arena)
{
	const HvCase *person = search->person;
	size_t singles = (size_t) person->nactions * HV_MAX_GRID + 1;

	memset(beam, 0, sizeof(*beam));
	beam->search = search;
	beam->most = singles + (size_t) HV_BEAM * 2 * person->nactions;
	beam->candidates = hv_new(arena, HvPlan, beam->most, 1);
	beam->singles = hv_new(arena, HvPlan, singles, 1);
	beam->values = hv_new(arena, double, beam->most * person->draws, person->noutcomes + 1);
	return beam->candidates && beam->singles && beam->values ? HV_OK : HV_NO_MEMORY;
}

HvStatus
hv_search(const HvSearch *search, HvArena *arena, HvPlan *plan)
{
	Beam beam;
	HvPlan best[HV_BEAM + 1], longer[HV_BEAM + 1];
	size_t n;

	*plan = (HvPlan){.n = 0};
	if (search->person->nactions == 0 || search->person->noutcomes == 0)
		return HV_OK;
	if (search->max_items < 1 || search->max_items > HV_MAX_ITEMS)
		return HV_BAD_ARGUMENT;
	HV_TRY(beam_init(&beam, search, arena));
	single_changes(&beam);
	keep_singles(&beam);
	n = choose(&beam, best);
	if (n == 0 || best[0].gain <= 0)
		return HV_OK;
	*plan = best[0];
	for (uint32_t size = 2; size <= search->max_items; size++)
	{
		extend(&beam, best, n);
		n = choose(&beam, longer);
		if (n == 0 || longer[0].gain <= plan->gain)
			break;
		memcpy(best, longer, n * sizeof(HvPlan));
		*plan = best[0];
	}
	prune(&beam, plan);
	for (uint32_t i = 0; i < plan->n; i++)
		if (!hv_bounds_allow(&search->person->actions[plan->items[i].action].bounds,
		                     plan->items[i].target))
			*plan = (HvPlan){.n = 0}; /* cannot happen; safety is not left to that */
	return HV_OK;
}

/* Mean of the reporting members and variance between and within all members, of one outcome. */
static void
model_effect(const HvCase *person, const double *difference, uint32_t outcome, double *mean,
             double *variance)
{
	uint32_t members = person->members, draws = person->draws, outcomes = person->noutcomes;
	uint32_t first = members > 1 ? searchers(person) : 0;
	double all = 0, between = 0, within = 0, reported = 0;
	double by_member[HV_MAX_MEMBERS];

	for (uint32_t m = 0; m < members; m++)
	{
		by_member[m] = 0;
		for (uint32_t d = 0; d < draws; d++)
			by_member[m] += difference[(m * draws + d) * outcomes + outcome] / draws;
		for (uint32_t d = 0; d < draws; d++)
		{
			double x = difference[(m * draws + d) * outcomes + outcome] - by_member[m];

			within += x * x / (members * draws);
		}
		all += by_member[m] / members;
		if (m >= first)
			reported += by_member[m] / (members - first);
	}
	for (uint32_t m = 0; m < members; m++)
		between += (by_member[m] - all) * (by_member[m] - all) / (members > 1 ? members - 1 : 1);
	*mean = reported;
	*variance = between + within;
}

/* Trial evidence about a plan's effect on an outcome: slopes add up over the actions. */
static bool
trial_effect(const HvSearch *search, const HvPlan *plan, uint32_t outcome, double *mean,
             double *variance)
{
	uint32_t covered = 0;

	*mean = *variance = 0;
	for (uint32_t i = 0; i < plan->n; i++)
		for (size_t p = 0; p < search->npriors; p++)
		{
			const HvPrior *prior = &search->priors[p];
			uint32_t action = plan->items[i].action;
			double change = plan->items[i].target - search->person->actions[action].bounds.current;

			if (prior->action != action || prior->outcome != outcome)
				continue;
			*mean += prior->slope * change;
			*variance += prior->sd * prior->sd * change * change;
			covered++;
			break;
		}
	return plan->n > 0 && covered == plan->n && *variance > 0;
}

HvStatus
hv_plan_effects(const HvSearch *search, const HvPlan *plan, HvArena *arena, HvEffect *effects)
{
	HvCase *person = search->person;
	size_t n = (size_t) person->draws * person->noutcomes;
	double *difference = hv_new(arena, double, person->members, n + 1);

	if (difference == NULL)
		return HV_NO_MEMORY;
	for (uint32_t m = 0; m < person->members; m++)
	{
		hv_case_values(person, m, plan, 1, difference + m * n);
		for (size_t i = 0; i < n; i++)
			difference[m * n + i] -= person->unchanged[m * n + i];
	}
	for (uint32_t k = 0; k < person->noutcomes; k++)
	{
		HvEffect *effect = &effects[k];
		int direction = hv_goal_direction(&search->goals[k], person->value[k]);
		double mean, variance, trial = 0, trial_variance;

		model_effect(person, difference, k, &mean, &variance);
		*effect = (HvEffect){.model = mean, .probability = NAN};
		effect->prior = trial_effect(search, plan, k, &trial, &trial_variance);
		/* an association of zero may be confounded as much as the effect that trials found */
		variance += pow(CONFOUNDING * fmax(fabs(mean), fabs(trial)), 2);
		if (effect->prior)
		{
			/* precision-weighted (SCIENCE 3.3) */
			mean = (mean / variance + trial / trial_variance) / (1 / variance + 1 / trial_variance);
			variance = 1 / (1 / variance + 1 / trial_variance);
		}
		effect->mean = mean;
		effect->low = mean - Z90 * sqrt(variance);
		effect->high = mean + Z90 * sqrt(variance);
		if (direction != 0 && variance > 0)
			effect->probability = 0.5 * erfc(-direction * mean / sqrt(2 * variance));
		else if (direction != 0)
			effect->probability = direction * mean > 0 ? 1 : 0.5;
	}
	return HV_OK;
}
