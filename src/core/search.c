/*
 * search.c: candidates, beam, pruning.
 *
 * A plan's gain is the expected decrease of risk, a weighted mean over the goals that are missed,
 * less an effort for every step of every action:
 *
 *     gain(plan) = sum_k share_k (risk_k(y_k) - risk_k(y_k + effect_k)) - EFFORT sum_i cost_i steps_i
 *                  - ITEM n
 *
 * Single changes are evaluated by the networks in one batch, and their effects are then what is
 * believed of them (search_effects.c). A beam of HV_BEAM plans grows by one action at a time, effects
 * adding up. The networks look at the finished plan again, for what its actions do to each other, and
 * pruning drops every action whose removal loses less than 5 % of the gain, so nothing is redundant.
 *
 * An effect in the wrong direction counts as none: every target lies in the direction that the
 * guidelines call safe, and where the data say it harms (drinkers have more HDL), that is the
 * confounding that the catalogue's directions are there for (SCIENCE 3.3).
 */
#include "search.h"

#include <math.h>
#include <string.h>

#define EFFORT 0.0001 /* of risk, per practical step */
#define ITEM 0.0005   /* of risk, per action in the plan */
#define REDUNDANT 0.05

/* A combination of single changes, in increasing order of their numbers. */
typedef struct Node
{
	uint32_t n;
	uint32_t single[HV_MAX_ITEMS];
	double gain;
} Node;

/* Buffers of one search. */
typedef struct Beam
{
	const HvSearch *search;
	double missed;   /* sum of the weights of goals that are missed */
	HvPlan *singles; /* single changes, later the best two of every action */
	size_t nsingles, most;
	bool *best; /* singles */
	double *values;  /* singles×draws×outcomes, of one member */
	double *change;  /* singles×members×draws×outcomes: effects by every network */
	double *effect;  /* singles×outcomes: what is believed */
	double *network; /* singles×outcomes: what the searching networks say */
} Beam;

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

/* The gain of a plan whose effects on the outcomes are known. */
static double
gain_of(const Beam *beam, const HvPlan *plan, const double *effect)
{
	const HvCase *person = beam->search->person;
	double gain = -effort(person, plan);

	for (uint32_t k = 0; k < person->noutcomes; k++)
	{
		const HvGoal *goal = &beam->search->goals[k];
		double value = person->value[k];
		double better = hv_goal_risk(goal, value) - hv_goal_risk(goal, value + effect[k]);

		if (better > 0)
			gain += hv_goal_share(goal, value) / beam->missed * better;
	}
	return gain;
}

/* ---- single changes ---- */

/* Every action alone at every grid value. */
static void
list_singles(Beam *beam)
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
ask_networks(Beam *beam)
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
believe_singles(Beam *beam)
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
			effect[k] = hv_item_belief(beam->search, &single->items[0], k, change, 0,
			                           hv_searchers(c), NULL)
			                .mean;
			beam->network[i * c->noutcomes + k] = searching_mean(c, change, k);
		}
		single->gain = gain_of(beam, single, effect);
	}
}

/* Whether no more than one other target of the same action is better. */
static bool
among_best(const Beam *beam, size_t i)
{
	const HvPlan *plan = &beam->singles[i];
	int better = 0;

	for (size_t j = 0; j < beam->nsingles; j++)
	{
		const HvPlan *other = &beam->singles[j];

		if (other->items[0].action == plan->items[0].action &&
		    (other->gain > plan->gain || (other->gain == plan->gain && j < i)))
			better++;
	}
	return better < 2 && plan->gain > 0;
}

/* Keeps the two best targets of every action: what combinations are made of. */
static void
keep_best(Beam *beam)
{
	size_t kept = 0, outcomes = beam->search->person->noutcomes;

	for (size_t i = 0; i < beam->nsingles; i++)
		beam->best[i] = among_best(beam, i);
	for (size_t i = 0; i < beam->nsingles; i++)
	{
		if (!beam->best[i])
			continue;
		beam->singles[kept] = beam->singles[i];
		memmove(beam->effect + kept * outcomes, beam->effect + i * outcomes,
		        outcomes * sizeof(double));
		memmove(beam->network + kept * outcomes, beam->network + i * outcomes,
		        outcomes * sizeof(double));
		kept++;
	}
	beam->nsingles = kept;
}

/* ---- combinations ---- */

static HvPlan
plan_of(const Beam *beam, const Node *node)
{
	HvPlan plan = {.n = node->n, .gain = node->gain};

	for (uint32_t i = 0; i < node->n; i++)
		plan.items[i] = beam->singles[node->single[i]].items[0];
	return plan;
}

/* The gain of a combination; `extra` is added to the sum of effects, and may be NULL. */
static void
score(const Beam *beam, Node *node, const double *extra, double *sum)
{
	uint32_t outcomes = beam->search->person->noutcomes;
	HvPlan plan = plan_of(beam, node);

	for (uint32_t k = 0; k < outcomes; k++)
	{
		sum[k] = extra != NULL ? extra[k] : 0;
		for (uint32_t i = 0; i < node->n; i++)
			sum[k] += beam->effect[node->single[i] * outcomes + k];
	}
	node->gain = gain_of(beam, &plan, sum);
}

static bool
has_action(const Beam *beam, const Node *node, uint32_t action)
{
	for (uint32_t i = 0; i < node->n; i++)
		if (beam->singles[node->single[i]].items[0].action == action)
			return true;
	return false;
}

/* A node with one more single change, in its place. */
static Node
grown(const Node *node, uint32_t single)
{
	Node more = *node;
	uint32_t at = more.n++;

	for (; at > 0 && more.single[at - 1] > single; at--)
		more.single[at] = more.single[at - 1];
	more.single[at] = single;
	return more;
}

/* Puts a node among the best HV_BEAM, best first, unless it is there. */
static size_t
keep_node(Node *best, size_t n, const Node *node)
{
	size_t at = n;

	for (size_t j = 0; j < n; j++)
		if (best[j].n == node->n &&
		    memcmp(best[j].single, node->single, node->n * sizeof(uint32_t)) == 0)
			return n;
	while (at > 0 && best[at - 1].gain < node->gain)
		at--;
	if (at >= HV_BEAM)
		return n;
	n = n < HV_BEAM ? n + 1 : HV_BEAM;
	memmove(best + at + 1, best + at, (n - 1 - at) * sizeof(Node));
	best[at] = *node;
	return n;
}

/* The best of all nodes with one action more than these. */
static size_t
extend(const Beam *beam, const Node *nodes, size_t n, Node *best, double *sum)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < beam->nsingles; j++)
		{
			Node node;

			if (has_action(beam, &nodes[i], beam->singles[j].items[0].action))
				continue;
			node = grown(&nodes[i], j);
			score(beam, &node, NULL, sum);
			kept = keep_node(best, kept, &node);
		}
	return kept;
}

/* ---- the finished plan ---- */

/* The gain with what the searching networks say of the actions' interaction. */
static void
score_jointly(Beam *beam, Node *node)
{
	HvCase *c = beam->search->person;
	size_t n = (size_t) c->draws * c->noutcomes;
	double *extra = beam->values + n, *sum = extra + c->noutcomes;
	HvPlan plan = plan_of(beam, node);
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
	score(beam, node, node->n > 1 ? extra : NULL, sum);
}

/* Drops the actions that the plan does not need. */
static void
prune(Beam *beam, Node *node)
{
	for (bool dropped = true; dropped && node->n > 1;)
	{
		Node best = {.gain = -INFINITY};

		for (uint32_t i = 0; i < node->n; i++)
		{
			Node less = *node;

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
beam_init(Beam *beam, const HvSearch *search, HvArena *arena)
{
	const HvCase *person = search->person;
	size_t draws = (size_t) person->draws * person->members, outcomes = person->noutcomes;

	memset(beam, 0, sizeof(*beam));
	beam->search = search;
	beam->most = (size_t) person->nactions * HV_MAX_GRID + 1;
	beam->singles = hv_new(arena, HvPlan, beam->most, 1);
	beam->values = hv_new(arena, double, (beam->most + 2) * person->draws, outcomes + 1);
	beam->change = hv_new(arena, double, beam->most * draws, outcomes + 1);
	beam->effect = hv_new(arena, double, beam->most, outcomes + 1);
	beam->network = hv_new(arena, double, beam->most, outcomes + 1);
	for (uint32_t k = 0; k < outcomes; k++)
		if (hv_goal_direction(&search->goals[k], person->value[k]) != 0)
			beam->missed += search->goals[k].weight;
	beam->best = hv_new(arena, bool, beam->most, 1);
	return beam->best && beam->singles && beam->values && beam->change && beam->effect && beam->network
	           ? HV_OK
	           : HV_NO_MEMORY;
}

HvStatus
hv_search(const HvSearch *search, HvArena *arena, HvPlan *plan)
{
	Beam beam;
	Node best[HV_BEAM + 1], longer[HV_BEAM + 1], found = {.n = 0};
	size_t n;

	*plan = (HvPlan){.n = 0};
	if (search->person->nactions == 0 || search->person->noutcomes == 0)
		return HV_OK;
	if (search->max_items < 1 || search->max_items > HV_MAX_ITEMS)
		return HV_BAD_ARGUMENT;
	HV_TRY(beam_init(&beam, search, arena));
	if (beam.missed <= 0)
		return HV_OK;
	list_singles(&beam);
	ask_networks(&beam);
	believe_singles(&beam);
	keep_best(&beam);
	n = 1;
	best[0] = found;
	for (uint32_t size = 1; size <= search->max_items; size++)
	{
		n = extend(&beam, best, n, longer, beam.values);
		if (n == 0 || longer[0].gain <= found.gain)
			break;
		memcpy(best, longer, n * sizeof(Node));
		found = best[0];
	}
	score_jointly(&beam, &found);
	prune(&beam, &found);
	if (found.gain > 0)
		*plan = plan_of(&beam, &found);
	for (uint32_t i = 0; i < plan->n; i++)
		if (!hv_bounds_allow(&search->person->actions[plan->items[i].action].bounds,
		                     plan->items[i].target))
			*plan = (HvPlan){.n = 0}; /* cannot happen; safety is not left to that */
	return HV_OK;
}
