/*
 * effect_strange.c: how strange a plan would make the person.
 *
 * Strangeness is -ELBO of context and behaviour. Some columns go with what is changed: who eats less
 * saturated fat eats less fat in all and less energy, by arithmetic, and other minerals with other
 * food. To hold the plan against their old values would call every change of a diet implausible, so
 * the columns of `follows` that a plan does not set are left out, before the change as well as after.
 *
 * Example: saturated fat 33 -> 20 g beside 90 g of fat and 2,300 kcal costs 4.1 nats, but 1.6 nats
 * where fat and energy are free to follow.
 */
#include <string.h>

#include "effect.h"
#include "predict.h"

/* Strangeness of the first n rows of c->records. */
static void
measure(HvCase *c, size_t n, double *nats)
{
	hv_check(c->host);
	hv_row_elbo(&c->model->vae, c->blas, c->records, n, 1, HV_SURPRISE_DRAWS, &c->work, c->weight,
	            nats, c->cells);
	for (size_t r = 0; r < n; r++)
		nats[r] = -nats[r];
}

static bool
sets(const HvCase *c, const HvPlan *plan, uint32_t column)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (c->actions[plan->items[i].action].column == column)
			return true;
	return false;
}

/* Leaves out of a record what follows a plan. */
static void
let_follow(const HvCase *c, const HvPlan *plan, HvReal *record)
{
	for (uint32_t i = 0; i < c->nfollows; i++)
	{
		const HvColumn *column = &c->model->schema.columns[c->follows[i]];

		if (sets(c, plan, c->follows[i]))
			continue;
		memset(record + column->x_at, 0, column->width * sizeof(HvReal));
		record[column->m_at] = 0;
	}
}

/* What the person's record is like today in the columns that count for a plan. */
static double
today(HvCase *c, const HvPlan *plan)
{
	double nats = c->followed;

	for (uint32_t i = 0; i < c->nfollows; i++)
		if (sets(c, plan, c->follows[i]))
		{
			memcpy(c->records, c->record, c->model->schema.width * sizeof(HvReal));
			let_follow(c, plan, c->records);
			measure(c, 1, &nats);
			break;
		}
	return nats;
}

void
hv_case_today(HvCase *c)
{
	size_t width = c->model->schema.width;
	HvPlan nothing = {.n = 0};
	double nats[2];

	for (int r = 0; r < 2; r++)
		memcpy(c->records + r * width, c->record, width * sizeof(HvReal));
	let_follow(c, &nothing, c->records + width);
	measure(c, 2, nats);
	c->strange = nats[0];
	c->followed = nats[1];
	c->known = c->cells[0];
}

void
hv_case_strangeness(HvCase *c, const HvPlan *plans, size_t nplans, double *nats)
{
	size_t width = c->model->schema.width;

	for (size_t first = 0; first < nplans; first += c->rows)
	{
		size_t n = nplans - first < c->rows ? nplans - first : c->rows;

		for (size_t r = 0; r < n; r++)
		{
			hv_case_record(c, &plans[first + r], c->records + r * width);
			let_follow(c, &plans[first + r], c->records + r * width);
		}
		measure(c, n, nats + first);
	}
	for (size_t i = 0; i < nplans; i++)
		nats[i] -= today(c, &plans[i]);
}
