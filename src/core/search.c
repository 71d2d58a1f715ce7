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

#define EFFORT 0.0001   /* of risk, per practical step */
#define ITEM 0.0005     /* of risk, per action in the plan */
#define LEAST_RATE 1e-4 /* of risk, that a nat is worth at least where they are scarce */
#define REDUNDANT 0.05
#define COUPLED                                                                                    \
	0.5 /* share of a gain by arithmetic: who weighs less has less BMI, that is no find */

/* A combination of single changes, in increasing order of their numbers. */
typedef struct Node
{
	uint32_t n;
	uint32_t single[HV_MAX_ITEMS];
	double gain, price;
} Node;

/* Buffers of one search. */
typedef struct Beam
{
	const HvSearch *search;
	double missed;   /* sum of the weights of goals that are missed */
	HvPlan *singles; /* single changes, later those that do good */
	size_t nsingles, most;
	double *price;   /* singles: nats */
	bool *best;      /* singles: whether combinations are made of it */
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

/* The gain of a plan whose effects on the outcomes are known. */
static double
gain_of(const Beam *beam, const HvPlan *plan, const double *effect)
{
	const HvCase *person = beam->search->person;
	double gain = wished(person, plan) - effort(person, plan);

	for (uint32_t k = 0; k < person->noutcomes; k++)
	{
		const HvGoal *goal = &beam->search->goals[k];
		double value = person->value[k];
		double better = hv_goal_risk(goal, value) - hv_goal_risk(goal, value + effect[k]);

		if (coupled(person, plan, k))
			better *= COUPLED;
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
			effect[k] =
				hv_item_belief(beam->search, &single->items[0], k, change, 0, hv_searchers(c), NULL)
					.mean;
			beam->network[i * c->noutcomes + k] = searching_mean(c, change, k);
		}
		single->items[0].gain = gain_of(beam, single, effect);
		single->gain = single->items[0].gain * c->actions[single->items[0].action].wish;
	}
}

/* Drops the single changes that do no good, and prices the others in nats. */
static void
keep_good(Beam *beam)
{
	HvCase *c = beam->search->person;
	size_t kept = 0, outcomes = c->noutcomes;
	HvPlan nothing = {.n = 0};
	double own;

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
	hv_case_strangeness(c, &nothing, 1, &own);
	hv_case_strangeness(c, beam->singles, kept, beam->price);
	for (size_t i = 0; i < kept; i++)
		beam->price[i] = fmax(0, beam->price[i] - own);
}

/* The target of every action that is worth the most at a price of `rate` a nat: beam->best. */
static void
choose_targets(Beam *beam, double rate)
{
	for (size_t i = 0; i < beam->nsingles; i++)
	{
		double own = beam->singles[i].gain - rate * beam->price[i];

		beam->best[i] = own > 0;
		for (size_t j = 0; j < beam->nsingles && beam->best[i]; j++)
		{
			double other = beam->singles[j].gain - rate * beam->price[j];

			if (beam->singles[j].items[0].action == beam->singles[i].items[0].action &&
			    (other > own || (other == own && j < i)))
				beam->best[i] = false;
		}
	}
}

/* ---- combinations ---- */

/* The plan of a node, the most useful item first. */
static HvPlan
plan_of(const Beam *beam, const Node *node)
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
	node->price = 0;
	for (uint32_t i = 0; i < node->n; i++)
		node->price += beam->price[node->single[i]];
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

static double
worth(const Node *node, double rate)
{
	return node->gain - rate * node->price;
}

/* Puts a node among the best HV_BEAM, best first, unless it is there. */
static size_t
keep_node(Node *best, size_t n, const Node *node, double rate)
{
	size_t at = n;

	for (size_t j = 0; j < n; j++)
		if (best[j].n == node->n &&
		    memcmp(best[j].single, node->single, node->n * sizeof(uint32_t)) == 0)
			return n;
	while (at > 0 && worth(&best[at - 1], rate) < worth(node, rate))
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
extend(const Beam *beam, const Node *nodes, size_t n, double rate, Node *best, double *sum)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < beam->nsingles; j++)
		{
			Node node;

			if (!beam->best[j] || has_action(beam, &nodes[i], beam->singles[j].items[0].action))
				continue;
			node = grown(&nodes[i], j);
			score(beam, &node, NULL, sum);
			kept = keep_node(best, kept, &node, rate);
		}
	return kept;
}

/* The best combination when a nat costs `rate`. */
static Node
grow(Beam *beam, double rate)
{
	Node best[HV_BEAM + 1], longer[HV_BEAM + 1], found = {.n = 0};
	size_t n = 1;

	choose_targets(beam, rate);
	best[0] = found;
	for (uint32_t size = 1; size <= beam->search->max_items; size++)
	{
		n = extend(beam, best, n, rate, longer, beam->values);
		if (n == 0 || worth(&longer[0], rate) <= worth(&found, rate))
			break;
		memcpy(best, longer, n * sizeof(Node));
		found = best[0];
	}
	return found;
}

/*
 * The best combination that the room for strangeness allows: the price of a nat is doubled until it
 * does, and then lowered again as far as it goes.
 */
static Node
grow_within(Beam *beam)
{
	double room = beam->search->room, low, high;
	Node found = grow(beam, 0);

	if (found.price <= room)
		return found;
	low = 0;
	high = LEAST_RATE;
	for (int i = 0; i < 10 && found.price > room; i++)
	{
		low = high;
		high *= 2;
		found = grow(beam, high);
	}
	for (int i = 0; i < 3; i++)
	{
		double middle = (low + high) / 2;
		Node node = grow(beam, middle);

		if (node.price <= room)
			high = middle;
		else
			low = middle;
		if (node.price <= room && node.gain > found.gain)
			found = node;
	}
	return found;
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
	beam->change = hv_new(arena, double, beam->most *draws, outcomes + 1);
	beam->effect = hv_new(arena, double, beam->most, outcomes + 1);
	beam->network = hv_new(arena, double, beam->most, outcomes + 1);
	for (uint32_t k = 0; k < outcomes; k++)
		beam->missed += hv_goal_share(&search->goals[k], person->value[k]);
	beam->best = hv_new(arena, bool, beam->most, 1);
	beam->price = hv_new(arena, double, beam->most, 1);
	return beam->best && beam->price && beam->singles && beam->values && beam->change &&
	               beam->effect && beam->network
	           ? HV_OK
	           : HV_NO_MEMORY;
}

HvStatus
hv_search(const HvSearch *search, HvArena *arena, HvPlan *plan)
{
	Beam beam;
	Node found;

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
	keep_good(&beam);
	found = grow_within(&beam);
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
