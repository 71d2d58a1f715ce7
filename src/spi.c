/*
 * spi.c: SQL from C.
 *
 * Every statement of the extension's own runs with search_path = pg_catalog, pg_temp: an operator
 * or function that somebody has put into another schema is never picked up, even where a name is
 * not qualified. pg_temp is named last since it would otherwise be searched first for tables.
 */
#include "hadvice.h"

#include "spi.h"

#include "utils/builtins.h"
#include "utils/guc.h"

static const char *const safe_path[] = {"search_path", "pg_catalog, pg_temp", NULL};

void
hv_spi_connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
hv_spi_finish(void)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

uint64
hv_spi_query(const char *sql, bool read_only, int nparams, const HvParam *params)
{
	Oid *types = palloc(sizeof(Oid) * (nparams + 1));
	Datum *values = palloc(sizeof(Datum) * (nparams + 1));
	char *nulls = palloc0(nparams + 1);
	MemoryContext cxt = CurrentMemoryContext;
	int level, result;

	for (int i = 0; i < nparams; i++)
	{
		types[i] = params[i].type;
		values[i] = params[i].value;
		nulls[i] = params[i].null ? 'n' : ' ';
	}
	level = hv_settings_push(safe_path);
	result = SPI_execute_with_args(sql, nparams, types, values, nulls, read_only, 0);
	hv_settings_restore(level);
	MemoryContextSwitchTo(cxt); /* SPI leaves us in its own, which ends with the connection */
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

char *
hv_spi_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

Datum
hv_spi_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

int32
hv_spi_int(uint64 row, int column)
{
	bool isnull;
	Datum value = hv_spi_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

double
hv_spi_float(uint64 row, int column, double null)
{
	bool isnull;
	Datum value = hv_spi_datum(row, column, &isnull);

	return isnull ? null : DatumGetFloat8(value);
}

int
hv_settings_push(const char *const *pairs)
{
	int level = NewGUCNestLevel();

	for (; *pairs != NULL; pairs += 2)
		(void) set_config_option(pairs[0], pairs[1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
		                         true, 0, false);
	return level;
}

void
hv_settings_restore(int level)
{
	AtEOXact_GUC(true, level);
}
