/*
 * choice.c: features of the cells, and levels drawn from them.
 *
 * Worked example: w_10 = -1, two features (1, 0.5) with w_1 = (2, 1): the second level has the odds
 * exp(-1 + 2 + 0.5) = 4.5 : 1, and is drawn for u >= 1 / 5.5 = .18.
 */
#include "choice.h"

#include <math.h>
#include <string.h>

#include "encode.h"

static const float knots[HV_CHOICE_KNOTS] = {0, 1, 1.5f};

static uint32_t
features_of(const HvColumn *column)
{
	if (hv_is_choice(column))
		return column->kind == HV_BINARY ? 1 : column->nlevels;
	/* too many levels to have a feature each: in order they are like a number */
	if (column->kind == HV_EMBEDDING || column->kind == HV_CATEGORICAL)
		return 0;
	return 1 + HV_CHOICE_KNOTS;
}

HvStatus
hv_choice_plan(HvChoicePlan *plan, const HvSchema *schema, HvArena *arena)
{
	uint32_t n = 0;

	memset(plan, 0, sizeof(*plan));
	plan->order = hv_new(arena, uint32_t, schema->ncolumns, 1);
	plan->first = hv_new(arena, uint32_t, schema->ncolumns, 1);
	plan->at = hv_new(arena, size_t, schema->ncolumns, 1);
	if (!plan->order || !plan->first || !plan->at)
		return HV_NO_MEMORY;
	for (int last = 0; last <= 1; last++)
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			const HvColumn *column = &schema->columns[j];

			if (hv_is_choice(column) != (last == 1))
				continue;
			plan->order[n++] = j;
			plan->first[j] = plan->width;
			plan->at[j] = plan->weights;
			if (last == 1)
				plan->weights += (size_t) (column->nlevels - 1) * (1 + plan->width);
			plan->width += features_of(column);
		}
	return HV_OK;
}

bool
hv_choice_able(const HvChoicePlan *plan)
{
	return plan->weights > 0 && plan->width <= HV_MAX_CHOICE && plan->weights <= HV_CHOICE_WEIGHTS;
}

uint32_t
hv_choice_features(const HvColumn *column, const HvReal *record, float *features)
{
	uint32_t n = features_of(column);

	if (hv_is_choice(column))
	{
		uint32_t level = hv_decode_level(column, record + column->x_at);

		for (uint32_t f = 0; f < n; f++)
			features[f] = level == (n == 1 ? 1 : f);
		return n;
	}
	if (n == 0)
		return 0;
	features[0] = (float) record[column->x_at];
	for (uint32_t k = 0; k < HV_CHOICE_KNOTS; k++)
		features[1 + k] = fmaxf(0, features[0] - knots[k]);
	return n;
}

uint32_t
hv_choose(const HvChoice *choice, const HvChoicePlan *plan, const HvColumn *column, uint32_t j,
          const float *features, double u)
{
	uint32_t width = plan->first[j], k = 0;
	const float *weight = choice->weight + plan->at[j];
	double odds[HV_MOST_CHOICE] = {0}, most = 0, sum = 0;

	for (uint32_t level = 1; level < column->nlevels; level++, weight += 1 + width)
	{
		float dot = weight[0];

		for (uint32_t f = 0; f < width; f++)
			dot += weight[1 + f] * features[f];
		odds[level] = (double) dot;
		most = fmax(most, odds[level]);
	}
	for (uint32_t level = 0; level < column->nlevels; level++)
		sum += odds[level] = exp(odds[level] - most);
	u *= sum;
	for (; k + 1 < column->nlevels && u >= odds[k]; k++)
		u -= odds[k];
	return k;
}
