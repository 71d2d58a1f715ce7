/*
 * plausible.c: easing a plan that would make the record implausible.
 *
 * Strangeness is -ELBO of context and behaviour (hv_case_strangeness). While a plan has too much of
 * it, the item that costs the most nats for its gain goes half the way back, or out. Example, 3.1 nats
 * of room: sugar 140 -> 20 costs 4.0 and exercise 0 -> 300 costs 1.2 for the same gain, so sugar goes
 * back to 80.
 */
#include "hadvice.h"

#include <math.h>

#include "plausible.h"

/*
 * Half the way of an item, on the grid of its practical unit; false when that is less than a step.
 */
static bool
halve(const HvAction *action, HvItem *item)
{
	double c = action->bounds.current, way = (item->target - c) / 2;
	double target = action->step * (way > 0 ? floor : ceil)((c + way) / action->step);

	if (fabs(way) < action->step || (target - c) * way <= 0 ||
	    !hv_bounds_allow(&action->bounds, target))
		return false;
	item->target = target;
	item->gain /= 2;
	return true;
}

/* Takes half of, or all of, the item that costs the most plausibility for what it is worth. */
static void
ease(HvPlanner *p, HvPlan *plan, double strange)
{
	HvPlan less[HV_MAX_ITEMS];
	double nats[HV_MAX_ITEMS];
	uint32_t worst = 0;
	double most = -INFINITY;

	for (uint32_t i = 0; i < plan->n; i++)
	{
		less[i] = *plan;
		less[i].n--;
		memmove(less[i].items + i, less[i].items + i + 1, (less[i].n - i) * sizeof(HvItem));
	}
	hv_case_strangeness(&p->person_case, less, plan->n, nats);
	for (uint32_t i = 0; i < plan->n; i++)
	{
		double price = (strange - nats[i]) / Max(plan->items[i].gain, 1e-6);

		if (price > most)
		{
			most = price;
			worst = i;
		}
	}
	if (halve(&p->actions[plan->items[worst].action], &plan->items[worst]))
		return;
	p->of_action[plan->items[worst].action]->status = "would make the record implausible";
	memmove(plan->items + worst, plan->items + worst + 1, (plan->n - worst - 1) * sizeof(HvItem));
	plan->n--;
}

double
hv_make_plausible(HvPlanner *p, HvPlan *plan)
{
	const HvCase *c = &p->person_case;
	double after = 0;

	for (;;)
	{
		hv_case_strangeness(&p->person_case, plan, 1, &after);
		if (plan->n == 0 || after <= p->search.room)
			break;
		ease(p, plan, after);
	}
	if (c->known == 0)
		return NAN;
	return 1 - hv_percentile(p->question->model->provenance.first_surprise,
	                         (c->strange + after) / c->known);
}
