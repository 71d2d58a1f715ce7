/*
 * hv_columns.h: columns as a caller of the statistics hands them over, for tests.
 */
#ifndef HV_COLUMNS_H
#define HV_COLUMNS_H

#include "hv_test.h"
#include "schema.h"

/* Nothing is known of the column but its name and what its cells are. */
static TEST_UNUSED HvColumn
column_of(const char *name, HvCell cell)
{
	HvColumn column;

	memset(&column, 0, sizeof(column));
	column.name = name;
	column.type = cell == HV_CELL_TEXT ? "text" : cell == HV_CELL_VECTOR ? "real[]" : "real";
	column.feature = column.unit = "";
	column.cell = cell;
	column.low = -INFINITY;
	column.high = INFINITY;
	column.factor = 1;
	return column;
}

/* A column as the statistics leave it, to be laid out. */
static TEST_UNUSED HvColumn
settled_column(const char *name, HvKind kind, int stage)
{
	HvColumn column = column_of(name, kind == HV_EMBEDDING ? HV_CELL_VECTOR : HV_CELL_NUMBER);

	column.kind = kind;
	column.stage = stage;
	column.used = true;
	column.scale = column.width = 1;
	if (kind == HV_BINARY)
		column.nlevels = 2;
	if (kind == HV_ORDINAL || kind == HV_CATEGORICAL)
		column.nlevels = 3;
	column.min = -1e6;
	column.max = 1e6;
	return column;
}

#endif
