/*
 * schema.c: the positions of a schema's columns, and look-ups in it.
 *
 * Owns: which columns stay, their order, and where each one's slots and features are. The idea:
 * columns are grouped by stage, and each stage's features are followed by its mask bits, so that
 * "all before stage k" is a prefix of the record.
 *
 * Worked example: age (real, stage 0), sbp (real, stage 2), race (3 levels, stage 0). Stage 1 has
 * no column, so stage 2 closes up to 1, and race moves before sbp:
 *
 *     column  stage  value_at  x_at  m_at        record
 *     age     0      0         0     4           | age race race race | m m | sbp | m |
 *     race    0      1         1     5             0   1    2    3      4 5   6     7
 *     sbp     1      2         6     7
 *
 *     stages: {begin 0, mask 4, end 6}, {begin 6, mask 7, end 8}; nvalues 3, width 8
 */
#include "schema.h"

#include <math.h>
#include <string.h>

/* Keeps the used columns, in their order. */
static void
drop_unused(HvSchema *schema)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		if (!schema->columns[i].used)
			continue;
		if (kept != i)
			schema->columns[kept] = schema->columns[i];
		kept++;
	}
	schema->ncolumns = kept;
}

/* Stable, in place: the core has no memory to spare here, and few columns are out of order. */
static void
order_by_stage(HvSchema *schema)
{
	HvColumn *columns = schema->columns;

	for (uint32_t i = 1; i < schema->ncolumns; i++)
	{
		HvColumn moved = columns[i];
		uint32_t to = i;

		while (to > 0 && columns[to - 1].stage > moved.stage)
			to--;
		if (to == i)
			continue;
		memmove(columns + to + 1, columns + to, (i - to) * sizeof(HvColumn));
		columns[to] = moved;
	}
}

/* The width of a column by its kind, within the limits. */
static HvStatus
settle_width(HvColumn *column)
{
	if (column->kind <= HV_KIND_AUTO || column->kind >= HV_KINDS)
		return HV_BAD_ARGUMENT;
	if (column->stage < 0 || column->stage >= HV_MAX_STAGES)
		return HV_BAD_ARGUMENT;
	if (hv_has_levels(column))
	{
		if (column->nlevels > HV_MAX_LEVELS)
			return HV_TOO_LARGE;
		if (column->nlevels < 2 || (column->kind == HV_BINARY && column->nlevels != 2))
			return HV_BAD_ARGUMENT;
	}
	if (column->kind == HV_EMBEDDING)
	{
		if (column->width < 1)
			return HV_BAD_ARGUMENT;
		return column->width <= HV_MAX_EMBEDDING ? HV_OK : HV_TOO_LARGE;
	}
	column->width = column->kind == HV_CATEGORICAL ? column->nlevels : 1;
	return HV_OK;
}

/* Lays out columns first … of one stage behind `at`; returns the position behind the stage. */
static uint32_t
lay_stage(HvSchema *schema, uint32_t first, uint32_t at)
{
	HvStage *stage = &schema->stages[schema->nstages];
	int number = schema->columns[first].stage;
	uint32_t i;

	stage->first = first;
	stage->begin = at;
	for (i = first; i < schema->ncolumns && schema->columns[i].stage == number; i++)
	{
		HvColumn *column = &schema->columns[i];

		column->value_at = schema->nvalues;
		schema->nvalues += column->kind == HV_EMBEDDING ? column->width : 1;
		column->x_at = at;
		at += column->width;
	}
	stage->last = i;
	stage->mask = at;
	for (i = stage->first; i < stage->last; i++)
	{
		schema->columns[i].m_at = at++;
		schema->columns[i].stage = (int) schema->nstages;
	}
	stage->end = at;
	schema->nstages++;
	return at;
}

HvStatus
hv_schema_layout(HvSchema *schema)
{
	uint32_t at = 0;
	size_t width = 0;

	schema->nstages = schema->nvalues = schema->width = 0;
	memset(schema->stages, 0, sizeof(schema->stages));
	drop_unused(schema);
	if (schema->ncolumns == 0)
		return HV_NO_DATA;
	if (schema->ncolumns > HV_MAX_COLUMNS)
		return HV_TOO_LARGE;
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		HV_TRY(settle_width(&schema->columns[i]));
		width += (size_t) schema->columns[i].width + 1;
	}
	if (width > HV_MAX_WIDTH)
		return HV_TOO_LARGE;

	order_by_stage(schema);
	while (schema->nstages == 0 || schema->stages[schema->nstages - 1].last < schema->ncolumns)
	{
		uint32_t first = schema->nstages == 0 ? 0 : schema->stages[schema->nstages - 1].last;

		at = lay_stage(schema, first, at);
	}
	schema->width = at;
	return HV_OK;
}

int
hv_schema_find(const HvSchema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		if (strcmp(schema->columns[i].name, name) == 0)
			return (int) i;
	return -1;
}

const char *
hv_kind_name(HvKind kind)
{
	switch (kind)
	{
		case HV_KIND_AUTO: return "auto";
		case HV_REAL: return "real";
		case HV_POSITIVE: return "positive";
		case HV_COUNT: return "count";
		case HV_ORDINAL: return "ordinal";
		case HV_BINARY: return "binary";
		case HV_CATEGORICAL: return "categorical";
		case HV_DATE: return "date/time";
		case HV_EMBEDDING: return "embedding";
		case HV_AMOUNT: return "amount";
		case HV_KINDS: break;
	}
	return "unknown";
}

const char *
hv_role_name(HvRole role)
{
	switch (role)
	{
		case HV_CONTEXT: return "context";
		case HV_ACTION: return "action";
		case HV_OUTCOME: return "outcome";
		case HV_ROLES: break;
	}
	return "unknown";
}

/*
 * Levels stand in the caller's order where it gave one, so this is a scan; its first test fails on
 * the first byte for nearly all of the at most 256 levels. A level is zero-terminated, hence
 * strncmp stops in time on the shorter of the two.
 */
double
hv_level_of_text(const HvColumn *column, const char *text, size_t length)
{
	for (uint32_t i = 0; i < column->nlevels; i++)
	{
		const char *level = column->levels[i];

		if (strncmp(level, text, length) == 0 && level[length] == '\0')
			return i;
	}
	return NAN;
}

double
hv_level_of_number(const HvColumn *column, double number)
{
	uint32_t low = 0, high = column->nlevels;

	if (column->level_values == NULL)
		return NAN;
	/* Codes mostly count up from the first one. */
	if (high > 0 && number >= column->level_values[0] &&
	    number - column->level_values[0] < (double) high)
	{
		uint32_t level = (uint32_t) (number - column->level_values[0]);

		if (column->level_values[level] == number)
			return level;
	}
	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;

		if (column->level_values[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < column->nlevels && column->level_values[low] == number)
		return low;
	return NAN;
}
