/*
 * stats_fixture.h: one column and its statistics, for the tests of them.
 */
#ifndef STATS_FIXTURE_H
#define STATS_FIXTURE_H

#include "hv_columns.h"
#include "stats.h"

static HvArena arena;

/* One column and its statistics. */
typedef struct Case
{
	HvColumn column;
	HvSchema schema;
	HvStats *stats;
} Case;

static TEST_UNUSED HvStatus
begin(Case *c, HvColumn column)
{
	c->column = column;
	memset(&c->schema, 0, sizeof(c->schema));
	c->schema.columns = &c->column;
	c->schema.ncolumns = 1;
	return hv_stats_init(&c->stats, &c->schema, &arena);
}

static TEST_UNUSED HvStatus
end(Case *c, bool minmax)
{
	return hv_stats_finish(c->stats, &c->schema, &arena, minmax);
}

static TEST_UNUSED HvColumn
numbers_of(HvColumn column, const double *values, size_t n, bool minmax)
{
	Case c;

	begin(&c, column);
	for (size_t i = 0; i < n; i++)
		hv_stats_number(c.stats, 0, values[i]);
	end(&c, minmax);
	return c.column;
}

static TEST_UNUSED HvColumn
texts_of(HvColumn column, const char *const *texts, size_t n)
{
	Case c;

	begin(&c, column);
	for (size_t i = 0; i < n; i++)
		if (texts[i] == NULL)
			hv_stats_missing(c.stats, 0);
		else
			hv_stats_text(c.stats, 0, texts[i], strlen(texts[i]));
	end(&c, false);
	return c.column;
}

static TEST_UNUSED HvColumn
number(HvKind wish)
{
	HvColumn column = column_of("x", HV_CELL_NUMBER);

	column.kind = wish;
	return column;
}

static TEST_UNUSED HvColumn
integer(HvKind wish)
{
	HvColumn column = number(wish);

	column.integer = true;
	return column;
}

static TEST_UNUSED bool
left_out(const HvColumn *column, const char *note)
{
	return !column->used && column->note != NULL && strcmp(column->note, note) == 0;
}

static TEST_UNUSED bool
noted(const HvColumn *column, const char *note)
{
	return column->used && column->note != NULL && strcmp(column->note, note) == 0;
}

#endif
