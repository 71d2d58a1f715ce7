/*
 * profile.c: vae_profile, what a training would see in each column, and what it would leave out.
 */
#include "hadvice.h"

#include <math.h>

#include "spi.h"
#include "table.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define COLUMNS 13

PG_FUNCTION_INFO_V1(vae_profile);

static void
put_text(Datum *values, bool *nulls, int at, const char *text)
{
	nulls[at] = text == NULL || text[0] == '\0';
	if (!nulls[at])
		values[at] = CStringGetTextDatum(text);
}

static void
put_number(Datum *values, bool *nulls, int at, double number)
{
	nulls[at] = isnan(number);
	values[at] = Float8GetDatum(number);
}

static Datum
levels_of(const HvColumn *column)
{
	Datum *levels = palloc(sizeof(Datum) * Max(column->nlevels, 1));

	for (uint32_t i = 0; i < column->nlevels; i++)
		levels[i] = CStringGetTextDatum(column->levels[i]);
	return PointerGetDatum(
		construct_array(levels, (int) column->nlevels, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The numbers of a column whose type cannot be used have never been looked at: all NULL. */
static void
put_row(ReturnSetInfo *rsinfo, const HvColumn *column, bool seen)
{
	double cells = (double) (column->observed + column->missing);
	bool levels = column->used && hv_has_levels(column);
	Datum values[COLUMNS] = {0};
	bool nulls[COLUMNS] = {false};
	NameData name;

	namestrcpy(&name, column->name);
	values[0] = NameGetDatum(&name);
	put_text(values, nulls, 1, column->used ? hv_kind_name(column->kind) : NULL);
	put_text(values, nulls, 2, hv_role_name(column->role));
	put_text(values, nulls, 3, column->feature);
	put_text(values, nulls, 4, column->unit);
	put_number(values, nulls, 5, seen && cells > 0 ? (double) column->missing / cells : NAN);
	nulls[6] = !seen;
	values[6] = Int32GetDatum((int32) Min(column->distinct, PG_INT32_MAX));
	put_number(values, nulls, 7, seen ? column->mean : NAN);
	put_number(values, nulls, 8, seen ? column->sd : NAN);
	put_number(values, nulls, 9, seen ? column->min : NAN);
	put_number(values, nulls, 10, seen ? column->max : NAN);
	nulls[11] = !levels;
	values[11] = levels ? levels_of(column) : (Datum) 0;
	put_text(values, nulls, 12, column->note);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

Datum
vae_profile(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext cxt =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice profile", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before;
	HvArena arena;
	HvTable *table;

	if (PG_ARGISNULL(0))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("source must not be NULL"));
	InitMaterializedSRF(fcinfo, 0);
	hv_arena_in(&arena, cxt, hv_work_limit());
	hv_spi_connect();
	before = MemoryContextSwitchTo(cxt);
	table = hv_table_open(PG_GETARG_OID(0), NULL, NULL);
	(void) hv_table_statistics(table, &arena, false);
	for (uint32_t i = 0; i < table->schema.ncolumns; i++)
		put_row(rsinfo, &table->schema.columns[i], table->readers[i].form != HV_FORM_NONE);
	MemoryContextSwitchTo(before);
	hv_spi_finish();
	MemoryContextDelete(cxt);
	return (Datum) 0;
}
