/*
 * effect_line.c: what the straight line says of one person's effects.
 *
 * line.h gives slopes per encoded unit; here they are taken along the way that an item goes and into
 * the outcome's unit at the person's own value. Example: sodium 3,900 -> 2,300 is -1.1 encoded units, the
 * guided slope of systolic pressure .03, one unit is 17 mmHg at 138: -0.6 mmHg.
 */
#include "effect.h"

#include <math.h>

#include "encode.h"

/* +1 when the way of an action goes up on the encoded scale, -1 when down, 0 when there is none. */
static int
way_of(const HvCase *c, uint32_t a)
{
	const HvAction *action = &c->actions[a];
	double end;

	if (hv_bounds_grid(&action->bounds, action->recommended_low, action->recommended_high,
	                   action->step, &end, 1) == 0)
		return 0;
	return (end > action->bounds.current) == (c->model->schema.columns[action->column].factor > 0)
	           ? 1
	           : -1;
}

/* What one encoded unit of a column is at a value: over half a unit to either side, as values may be few. */
static double
unit_at(const HvColumn *column, double value)
{
	double x = hv_encode_catalogue(column, value);

	return fabs(hv_decode_catalogue(column, (HvReal) (x + 0.5)) -
	            hv_decode_catalogue(column, (HvReal) (x - 0.5)));
}

HvStatus
hv_case_lines(HvCase *c, HvArena *arena)
{
	const HvSchema *schema = &c->model->schema;
	size_t n = (size_t) (c->nactions + 1) * (c->noutcomes + 1);
	uint32_t *actions = hv_new(arena, uint32_t, c->nactions + 1, 1);
	int *way = hv_new(arena, int, c->nactions + 1, 1);
	int *better = hv_new(arena, int, c->noutcomes + 1, 1);
	double *answer = hv_new(arena, double, n, 4);

	c->unit = hv_new(arena, double, c->noutcomes + 1, 1);
	if (!actions || !way || !better || !answer || !c->unit)
		return HV_NO_MEMORY;
	for (uint32_t a = 0; a < c->nactions; a++)
	{
		actions[a] = c->actions[a].column;
		way[a] = way_of(c, a);
	}
	for (uint32_t k = 0; k < c->noutcomes; k++)
	{
		const HvColumn *column = &schema->columns[c->outcomes[k]];

		better[k] = column->factor > 0 ? c->better[k] : -c->better[k];
		c->unit[k] = unit_at(column, c->value[k]);
	}
	c->line = (HvLines){.copula = &c->model->copula,
	                    .schema = schema,
	                    .rows = (double) c->model->provenance.rows,
	                    .nactions = c->nactions,
	                    .noutcomes = c->noutcomes,
	                    .actions = actions,
	                    .outcomes = c->outcomes,
	                    .way = way,
	                    .better = better,
	                    .slope = answer,
	                    .sd = answer + n,
	                    .guided = answer + 2 * n,
	                    .guided_sd = answer + 3 * n};
	c->lines = hv_lines_fit(&c->line, arena);
	return HV_OK;
}

/* From the present value to the target, in encoded units. */
static double
signed_move(const HvCase *c, const HvItem *item)
{
	return hv_case_x(c, item->action, item->target) - c->grid[item->action].current;
}

double
hv_case_move(const HvCase *c, const HvItem *item)
{
	return fabs(signed_move(c, item));
}

bool
hv_case_coupled(const HvCase *c, uint32_t action, uint32_t outcome)
{
	for (uint32_t i = 0; i < c->actions[action].ncoupled; i++)
		if (c->actions[action].coupled[i].column == c->outcomes[outcome])
			return true;
	return false;
}

/* A slope over a move of an item; standard errors are carried over with the ratio of the means. */
static HvBelief
along(double slope, double sd, double way)
{
	return (HvBelief){slope * way, sd * sd * way * way};
}

bool
hv_case_line(const HvCase *c, const HvItem *item, uint32_t outcome, HvBelief *alone,
             HvBelief *guided)
{
	const HvColumn *column = &c->model->schema.columns[c->outcomes[outcome]];
	size_t at = (size_t) item->action * c->noutcomes + outcome;
	double move;

	if (!c->lines || c->line.sd[at] <= 0 || hv_case_coupled(c, item->action, outcome))
		return false;
	move = signed_move(c, item) * c->unit[outcome];
	if (column->factor < 0)
		move = -move;
	*alone = along(c->line.slope[at], c->line.sd[at], move);
	*guided = along(c->line.guided[at], c->line.guided_sd[at], move);
	return true;
}
