/*
 * table.h: a relation as a source of training rows: its columns and a repeatable scan.
 */
#ifndef HV_TABLE_H
#define HV_TABLE_H

#include "hadvice.h"
#include "reader.h"

#include "executor/spi.h"
#include "utils/array.h"

typedef struct HvTable
{
	Oid relid;
	const char *name;      /* as a user would write it: quoted and qualified where needed */
	const char *qualified; /* always qualified */
	bool row_security;     /* the caller sees it through row security */
	HvSchema schema;       /* every column asked for, in the table's order */
	HvReader *readers;     /* per column; form is HV_FORM_NONE when the type cannot be used */
	SPIPlanPtr plan;       /* SELECT of the columns that can */
} HvTable;

/*
 * Opens a table, view, materialized view, partitioned or foreign table. `columns` and `exclude`
 * are name[] or NULL. Fills the caller's part of the schema, catalogue included. Needs a
 * connection to SPI, as the others here do; memory comes from the current context.
 */
HvTable *hv_table_open(Oid relid, ArrayType *columns, ArrayType *exclude);

/* The same without the catalogue: for who knows kinds, roles and levels from elsewhere. */
HvTable *hv_table_open_plain(Oid relid, ArrayType *columns, ArrayType *exclude);

/*
 * Calls `row` for every row, as the caller and under the active snapshot, in the same order each
 * time. cells[i] is the cell of schema.columns[i] (missing where the type cannot be used), valid
 * during the call, which runs in a context that is reset after each row. Returns the rows seen.
 */
typedef void (*HvRowFn)(void *ctx, const HvRaw *cells);
uint64 hv_table_scan(HvTable *table, HvRowFn row, void *ctx);

/*
 * One pass for the statistics: settles kinds, levels, scales and which columns are left out, into
 * table->schema, which keeps all its columns. Returns the rows seen.
 */
uint64 hv_table_statistics(HvTable *table, HvArena *arena, bool minmax);

#endif
