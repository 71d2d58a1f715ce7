/*
 * search.c: from single changes to the finished plan.
 *
 * Single changes are evaluated by the networks in one batch, and their effects are then what is
 * believed of them (search_effects.c). They are combined (search_grow.c) by what the plan is worth
 * (search_gain.c). The networks look at the finished plan again, for what its actions do to each other,
 * and pruning drops every action whose removal loses less than 5 % of the gain, so nothing is redundant.
 */
#include <math.h>
#include <string.h>

#include "search_beam.h"

#define REDUNDANT 0.05

/* ---- single changes ---- */

/* Every action alone at every grid value. */
static void
list_singles(HvBeam *beam)
{
	const HvCase *person = beam->search->person;

	for (uint32_t a = 0; a < person->nactions; a++)
	{
		const HvAction *action = &person->actions[a];
		double targets[HV_MAX_GRID];
		size_t n = hv_bounds_grid(&action->bounds, action->recommended_low,
		                          action->recommended_high, action->step, targets, HV_MAX_GRID);

		for (size_t i = 0; i < n; i++)
			if (hv_bounds_allow(&action->bounds, targets[i]))
				beam->singles[beam->nsingles++] =
					(HvPlan){.n = 1, .items = {{.action = a, .target = targets[i]}}};
	}
}

/* What every network says of every single change, in one batch each. */
static void
ask_networks(HvBeam *beam)
{
	HvCase *c = beam->search->person;
	size_t n = (size_t) c->draws * c->noutcomes;

	for (uint32_t m = 0; m < c->members; m++)
	{
		hv_case_values(c, m, beam->singles, beam->nsingles, beam->values);
		for (size_t i = 0; i < beam->nsingles; i++)
			for (size_t j = 0; j < n; j++)
				beam->change[(i * c->members + m) * n + j] =
					beam->values[i * n + j] - c->unchanged[m * n + j];
	}
	for (size_t i = 0; i < beam->nsingles; i++)
		beam->asked[i] = beam->singles[i].items[0];
	c->nasked = beam->nsingles;
	c->asked = beam->asked;
	c->answers = beam->change;
}

/* Mean over the searching members of one change, of an outcome. */
static double
searching_mean(const HvCase *c, const double *change, uint32_t outcome)
{
	uint32_t n = hv_searchers(c) * c->draws;
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += change[i * c->noutcomes + outcome];
	return sum / n;
}

static void
believe_singles(HvBeam *beam)
{
	const HvCase *c = beam->search->person;
	size_t n = (size_t) c->members * c->draws * c->noutcomes;

	for (size_t i = 0; i < beam->nsingles; i++)
	{
		HvPlan *single = &beam->singles[i];
		const double *change = beam->change + i * n;
		double *effect = beam->effect + i * c->noutcomes;

		for (uint32_t k = 0; k < c->noutcomes; k++)
		{
			effect[k] =
				hv_item_belief(beam->search, &single->items[0], k, change, 0, hv_searchers(c), NULL)
					.mean;
			beam->network[i * c->noutcomes + k] = searching_mean(c, change, k);
		}
		single->items[0].gain = hv_beam_gain(beam, single, effect);
		single->gain = single->items[0].gain * c->actions[single->items[0].action].wish;
	}
}

/* Drops the single changes that do no good, and prices the others in nats. */
static void
keep_good(HvBeam *beam)
{
	HvCase *c = beam->search->person;
	size_t kept = 0, outcomes = c->noutcomes;

	for (size_t i = 0; i < beam->nsingles; i++)
	{
		if (beam->singles[i].gain <= 0)
			continue;
		beam->singles[kept] = beam->singles[i];
		memmove(beam->effect + kept * outcomes, beam->effect + i * outcomes,
		        outcomes * sizeof(double));
		memmove(beam->network + kept * outcomes, beam->network + i * outcomes,
		        outcomes * sizeof(double));
		kept++;
	}
	beam->nsingles = kept;
	hv_case_strangeness(c, beam->singles, kept, beam->price);
	for (size_t i = 0; i < kept; i++)
		beam->price[i] -= beam->search->own;
}

/* ---- the finished plan ---- */

/* The gain with what the searching networks say of the actions' interaction. */
static void
score_jointly(HvBeam *beam, HvNode *node)
{
	HvCase *c = beam->search->person;
	size_t n = (size_t) c->draws * c->noutcomes;
	double *extra = beam->values + n, *sum = extra + c->noutcomes;
	HvPlan plan = hv_beam_plan(beam, node);
	uint32_t searchers = hv_searchers(c);

	for (uint32_t k = 0; k < c->noutcomes; k++)
	{
		extra[k] = 0;
		for (uint32_t i = 0; i < node->n; i++)
			extra[k] -= beam->network[node->single[i] * c->noutcomes + k];
	}
	for (uint32_t m = 0; m < searchers && node->n > 1; m++)
	{
		hv_case_values(c, m, &plan, 1, beam->values);
		for (size_t i = 0; i < n; i++)
			extra[i % c->noutcomes] +=
				(beam->values[i] - c->unchanged[m * n + i]) / (searchers * c->draws);
	}
	hv_beam_score(beam, node, node->n > 1 ? extra : NULL, sum);
}

/* Drops the actions that the plan does not need. */
static void
prune(HvBeam *beam, HvNode *node)
{
	for (bool dropped = true; dropped && node->n > 1;)
	{
		HvNode best = {.gain = -INFINITY};

		for (uint32_t i = 0; i < node->n; i++)
		{
			HvNode less = *node;

			memmove(less.single + i, less.single + i + 1, (less.n - i - 1) * sizeof(uint32_t));
			less.n--;
			score_jointly(beam, &less);
			if (less.gain > best.gain)
				best = less;
		}
		dropped = best.gain >= (1 - REDUNDANT) * node->gain;
		if (dropped)
			*node = best;
	}
}

static HvStatus
beam_init(HvBeam *beam, const HvSearch *search, HvArena *arena)
{
	const HvCase *person = search->person;
	size_t draws = (size_t) person->draws * person->members, outcomes = person->noutcomes;

	memset(beam, 0, sizeof(*beam));
	beam->search = search;
	beam->most = (size_t) person->nactions * HV_MAX_GRID + 1;
	beam->singles = hv_new(arena, HvPlan, beam->most, 1);
	beam->asked = hv_new(arena, HvItem, beam->most, 1);
	beam->values = hv_new(arena, double, (beam->most + 2) * person->draws, outcomes + 1);
	beam->change = hv_new(arena, double, beam->most *draws, outcomes + 1);
	beam->effect = hv_new(arena, double, beam->most, outcomes + 1);
	beam->network = hv_new(arena, double, beam->most, outcomes + 1);
	beam->risk = hv_new(arena, double, outcomes, 1);
	beam->share = hv_new(arena, double, outcomes, 1);
	beam->best = hv_new(arena, bool, beam->most, 1);
	beam->open = hv_new(arena, bool, person->nactions, 1);
	beam->price = hv_new(arena, double, beam->most, 1);
	return beam->asked && beam->best && beam->open && beam->price && beam->singles &&
	               beam->values && beam->change && beam->effect && beam->network && beam->risk &&
	               beam->share
	           ? HV_OK
	           : HV_NO_MEMORY;
}

/* What every change is held against; false when no goal is missed. */
static bool
weigh_goals(HvBeam *beam)
{
	const HvCase *person = beam->search->person;
	double missed = 0;

	for (uint32_t k = 0; k < person->noutcomes; k++)
	{
		const HvGoal *goal = &beam->search->goals[k];

		beam->risk[k] = hv_goal_risk(goal, person->value[k], person->value[k]);
		beam->share[k] = hv_goal_share(goal, person->value[k]);
		missed += beam->share[k];
	}
	for (uint32_t k = 0; k < person->noutcomes && missed > 0; k++)
		beam->share[k] /= missed;
	return missed > 0;
}

HvStatus
hv_search(const HvSearch *search, HvArena *arena, HvPlan *plan)
{
	HvBeam beam;
	HvNode found;

	*plan = (HvPlan){.n = 0};
	if (search->person->nactions == 0 || search->person->noutcomes == 0)
		return HV_OK;
	if (search->max_items < 1 || search->max_items > HV_MAX_ITEMS)
		return HV_BAD_ARGUMENT;
	HV_TRY(beam_init(&beam, search, arena));
	if (!weigh_goals(&beam))
		return HV_OK;
	list_singles(&beam);
	ask_networks(&beam);
	believe_singles(&beam);
	keep_good(&beam);
	found = hv_beam_grow(&beam);
	score_jointly(&beam, &found);
	prune(&beam, &found);
	if (found.gain > 0)
		*plan = hv_beam_plan(&beam, &found);
	for (uint32_t i = 0; i < plan->n; i++)
		if (!hv_bounds_allow(&search->person->actions[plan->items[i].action].bounds,
		                     plan->items[i].target))
			*plan = (HvPlan){.n = 0}; /* cannot happen; safety is not left to that */
	return HV_OK;
}
