/*
 * search_grow.c: combinations of single changes.
 *
 * A beam of HV_BEAM plans grows by one action at a time, effects adding up. Where the plan makes the
 * person too strange its actions stay, as a plan of others would be another one for every small error
 * of measurement, but strangeness gets a price and they go less far. Nats of single changes add up well
 * enough to choose targets by; whether it fits is asked of the plan. Example, 9 nats of room: the best
 * five changes cost 14; at .0004 of risk a nat saturated fat goes from 30 to 20 and no longer to 13,
 * and they cost 8.7.
 */
#include <math.h>
#include <string.h>

#include "search_beam.h"

#define LEAST_RATE 0.004 /* of the gain, that a nat is worth at least where they are scarce */
#define DOUBLINGS 14
#define HALVINGS 3

/* The target of every action that is worth the most at a price of `rate` a nat: beam->best. */
static void
choose_targets(HvBeam *beam, double rate)
{
	for (size_t i = 0; i < beam->nsingles; i++)
	{
		double own = beam->singles[i].gain - rate * fmax(beam->price[i], 0);

		beam->best[i] = own > 0 && beam->open[beam->singles[i].items[0].action];
		for (size_t j = 0; j < beam->nsingles && beam->best[i]; j++)
		{
			double other = beam->singles[j].gain - rate * fmax(beam->price[j], 0);

			if (beam->singles[j].items[0].action == beam->singles[i].items[0].action &&
			    (other > own || (other == own && j < i)))
				beam->best[i] = false;
		}
	}
}

static bool
has_action(const HvBeam *beam, const HvNode *node, uint32_t action)
{
	for (uint32_t i = 0; i < node->n; i++)
		if (beam->singles[node->single[i]].items[0].action == action)
			return true;
	return false;
}

/* A node with one more single change, in its place. */
static HvNode
grown(const HvNode *node, uint32_t single)
{
	HvNode more = *node;
	uint32_t at = more.n++;

	for (; at > 0 && more.single[at - 1] > single; at--)
		more.single[at] = more.single[at - 1];
	more.single[at] = single;
	return more;
}

static double
worth(const HvNode *node, double rate)
{
	return node->gain - rate * fmax(node->price, 0); /* to become usual is no aim */
}

/* Puts a node among the best HV_BEAM, best first, unless it is there. */
static size_t
keep_node(HvNode *best, size_t n, const HvNode *node, double rate)
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
	memmove(best + at + 1, best + at, (n - 1 - at) * sizeof(HvNode));
	best[at] = *node;
	return n;
}

/* The best of all nodes with one action more than these. */
static size_t
extend(const HvBeam *beam, const HvNode *nodes, size_t n, double rate, HvNode *best, double *sum)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < beam->nsingles; j++)
		{
			HvNode node;

			if (!beam->best[j] || has_action(beam, &nodes[i], beam->singles[j].items[0].action))
				continue;
			node = grown(&nodes[i], j);
			hv_beam_score(beam, &node, NULL, sum);
			kept = keep_node(best, kept, &node, rate);
		}
	return kept;
}

/* The best combination when a nat costs `rate`. */
static HvNode
grow(HvBeam *beam, double rate)
{
	HvNode best[HV_BEAM + 1], longer[HV_BEAM + 1], found = {.n = 0};
	size_t n = 1;

	choose_targets(beam, rate);
	best[0] = found;
	for (uint32_t size = 1; size <= beam->search->max_items; size++)
	{
		n = extend(beam, best, n, rate, longer, beam->values);
		if (n == 0 || worth(&longer[0], rate) <= worth(&found, rate))
			break;
		memcpy(best, longer, n * sizeof(HvNode));
		found = best[0];
	}
	return found;
}

/* The best combination when a nat costs `rate`, with what it really costs: prices do not add up. */
static HvNode
grow_at(HvBeam *beam, double rate)
{
	HvNode node = grow(beam, rate);
	HvPlan plan = hv_beam_plan(beam, &node);

	if (node.n == 0)
		return node;
	hv_case_strangeness(beam->search->person, &plan, 1, &node.price);
	return node;
}

/* The price of a nat is doubled until the plan has room, and then lowered again as far as it goes. */
static HvNode
ease(HvBeam *beam, double high)
{
	double room = beam->search->room, low = 0;
	HvNode found = {.price = INFINITY};

	for (int i = 0; i < DOUBLINGS && found.price > room; i++)
	{
		found = grow_at(beam, high);
		if (found.price > room)
		{
			low = high;
			high *= 2;
		}
	}
	for (int i = 0; i < HALVINGS; i++)
	{
		double middle = (low + high) / 2;
		HvNode node = grow_at(beam, middle);

		if (node.price <= room)
			high = middle;
		else
			low = middle;
		if (node.price <= room && node.gain > found.gain)
			found = node;
	}
	return found;
}

/* Opens the actions of a plan only. */
static void
open_only(HvBeam *beam, const HvNode *node)
{
	memset(beam->open, false, beam->search->person->nactions);
	for (uint32_t i = 0; i < node->n; i++)
		beam->open[beam->singles[node->single[i]].items[0].action] = true;
}

HvNode
hv_beam_grow(HvBeam *beam)
{
	HvNode free, found;

	memset(beam->open, true, beam->search->person->nactions);
	free = grow_at(beam, 0);
	if (free.price <= beam->search->room)
		return free;
	open_only(beam, &free);
	found = ease(beam, LEAST_RATE * free.gain);
	if (found.n > 0 && found.price <= beam->search->room)
		return found;
	/* no step of these has room: others may */
	memset(beam->open, true, beam->search->person->nactions);
	return ease(beam, LEAST_RATE * free.gain);
}
