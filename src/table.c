/*
 * table.c: a relation as a source of training rows.
 *
 * A training reads its table twice, first for the statistics, then for the records, and a training
 * with the same seed must see the same rows in the same order: both passes use one plan and one
 * snapshot, start at the table's first page, and do not run in parallel. The query runs as the
 * caller, so privileges and row security are the executor's business, not ours.
 */
#include "hadvice.h"

#include "table.h"

#include "progress.h"

#include "columns.h"
#include "feature.h"
#include "spi.h"

#include "core/stats.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rls.h"

/* Rows in the same order each time; see the head of this file. */
static const char *const scan_settings[] = {"synchronize_seqscans", "off",
                                            "max_parallel_workers_per_gather", "0", NULL};

#define PROGRESS_ROWS 8192 /* rows between two reports of progress */

typedef struct ScanReceiver
{
	DestReceiver pub;
	HvTable *table;
	HvRowFn row;
	void *ctx;
	HvRaw *cells;
	MemoryContext row_cxt;
	uint64 rows;
} ScanReceiver;

/* ---- the scan ---- */

static void
start_scan(DestReceiver *self, int operation, TupleDesc desc)
{
	(void) self, (void) operation, (void) desc;
}

static void
end_scan(DestReceiver *self)
{
	(void) self;
}

/* The query's columns are the table's usable ones, in their order. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	ScanReceiver *scan = (ScanReceiver *) self;
	HvTable *table = scan->table;
	MemoryContext before = MemoryContextSwitchTo(scan->row_cxt);
	int at = 0;

	slot_getallattrs(slot);
	for (uint32_t i = 0; i < table->schema.ncolumns; i++)
	{
		if (table->readers[i].form == HV_FORM_NONE)
			continue;
		hv_reader_read(&table->readers[i], slot->tts_values[at], slot->tts_isnull[at],
		               &scan->cells[i]);
		at++;
	}
	scan->row(scan->ctx, scan->cells);
	if (++scan->rows % PROGRESS_ROWS == 0)
		hv_progress_rows((int64) scan->rows, 0);
	MemoryContextSwitchTo(before);
	MemoryContextReset(scan->row_cxt);
	return true;
}

uint64
hv_table_scan(HvTable *table, HvRowFn row, void *ctx)
{
	/* Not DestNone, which SPI takes for a discarded result. */
	ScanReceiver scan = {.pub = {.receiveSlot = receive_row,
	                             .rStartup = start_scan,
	                             .rShutdown = end_scan,
	                             .rDestroy = end_scan,
	                             .mydest = DestTuplestore},
	                     .table = table,
	                     .row = row,
	                     .ctx = ctx};
	SPIExecuteOptions options = {.read_only = true, .dest = &scan.pub};
	MemoryContext cxt = CurrentMemoryContext;
	int level, result;

	scan.cells = palloc(sizeof(HvRaw) * Max(table->schema.ncolumns, 1));
	for (uint32_t i = 0; i < table->schema.ncolumns; i++)
		scan.cells[i] = (HvRaw){.missing = true};
	scan.row_cxt =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice row", ALLOCSET_DEFAULT_SIZES);
	level = hv_settings_push(scan_settings);
	result = SPI_execute_plan_extended(table->plan, &options);
	hv_settings_restore(level);
	MemoryContextSwitchTo(cxt);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	MemoryContextDelete(scan.row_cxt);
	return scan.rows;
}

/* ---- opening ---- */

/*
 * The caller's search_path stays in force: every name we write is qualified, and a view may call
 * functions that rely on it. It is the caller's own query, with the caller's own rights.
 */
static void
prepare_scan(HvTable *table)
{
	MemoryContext cxt = CurrentMemoryContext;
	StringInfoData query;
	const char *comma = "";

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (uint32_t i = 0; i < table->schema.ncolumns; i++)
	{
		if (table->readers[i].form == HV_FORM_NONE)
			continue;
		appendStringInfo(&query, "%st.%s", comma, quote_identifier(table->schema.columns[i].name));
		comma = ", ";
	}
	appendStringInfo(&query, " FROM %s AS t", table->qualified);
	table->plan = SPI_prepare(query.data, 0, NULL);
	MemoryContextSwitchTo(cxt);
	if (table->plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
}

/*
 * Whether the caller sees any relation behind the source through row security. Views are looked
 * through; one with another owner may be judged too strictly, which only makes the note broader.
 */
static bool
under_row_security(const HvTable *table)
{
	ListCell *source_cell, *oid_cell;

	foreach (source_cell, SPI_plan_get_plan_sources(table->plan))
	{
		CachedPlanSource *source = lfirst(source_cell);

		if (!source->dependsOnRLS)
			continue;
		foreach (oid_cell, source->relationOids)
			if (check_enable_rls(lfirst_oid(oid_cell), InvalidOid, true) == RLS_ENABLED)
				return true;
	}
	return false;
}

/* The different texts of a column as they are in the table, at most one more than may be levels. */
static List *
observed_texts(const HvTable *table, const HvColumn *column)
{
	const char *name = quote_identifier(column->name);
	/* no cast in the query: it could be one that the table's owner has made for his type */
	char *sql = psprintf("SELECT DISTINCT t.%s FROM %s AS t"
	                     " WHERE t.%s IS NOT NULL LIMIT %d",
	                     name, table->qualified, name, HV_MAX_LEVELS + 1);
	MemoryContext cxt = CurrentMemoryContext;
	List *texts = NIL;
	int level = hv_settings_push(scan_settings);

	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the levels of column \"%s\"", column->name);
	hv_settings_restore(level);
	MemoryContextSwitchTo(cxt);
	for (uint64 row = 0; row < SPI_processed; row++)
		texts = lappend(texts, hv_spi_text(row, 1));
	return texts;
}

/* The labels of an enum in their order. */
static List *
enum_labels(Oid type)
{
	HvParam param = {OIDOID, ObjectIdGetDatum(type), false};
	List *labels = NIL;
	uint64 n = hv_spi_query("SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = $1"
	                        " ORDER BY enumsortorder",
	                        true, 1, &param);

	for (uint64 row = 0; row < n; row++)
		labels = lappend(labels, hv_spi_text(row, 1));
	return labels;
}

/* Words are the same in any case, and with spaces, hyphens or underscores between their parts. */
static bool
same_word(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
	{
		bool gap_a = *a == ' ' || *a == '-' || *a == '_';
		bool gap_b = *b == ' ' || *b == '-' || *b == '_';

		if (gap_a != gap_b ||
		    (!gap_a && pg_tolower((unsigned char) *a) != pg_tolower((unsigned char) *b)))
			return false;
	}
	return *a == *b;
}

/*
 * Gives a text column the order of its levels, where an enum or an ordinal feature of the catalogue
 * has one, as the table spells them. Only levels that occur become levels of the model. A column
 * with any other word than those of the feature is left to the statistics.
 */
static void
order_levels(const HvTable *table, HvColumn *column, const List *ordered)
{
	List *observed = observed_texts(table, column);
	const char **levels = palloc(sizeof(char *) * (list_length(observed) + 1));
	int n = 0;
	ListCell *word, *text;

	foreach (word, ordered)
	{
		foreach (text, observed)
		{
			if (!same_word(lfirst(word), lfirst(text)))
				continue;
			levels[n++] = lfirst(text);
			observed = foreach_delete_current(observed, text);
		}
	}
	if (n < 2 || n > HV_MAX_LEVELS || observed != NIL)
	{
		column->kind = HV_KIND_AUTO;
		return;
	}
	column->levels = levels;
	column->nlevels = (uint32_t) n;
	column->fixed_levels = true;
}

static void
describe_columns(HvTable *table)
{
	HvSchema *schema = &table->schema;
	List **words = palloc0(sizeof(List *) * Max(schema->ncolumns, 1));

	hv_features_find(table->relid, schema->columns, schema->ncolumns, words);
	hv_kinds_find(table->relid, schema->columns, schema->ncolumns, words);
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		HvColumn *column = &schema->columns[i];
		const HvReader *reader = &table->readers[i];

		if (reader->form == HV_FORM_NONE)
			continue;
		if (hv_form_date(reader->form))
			column->kind = HV_DATE;
		if (column->cell == HV_CELL_TEXT && column->insisted && column->kind != HV_ORDINAL)
			continue;
		if (reader->form == HV_FORM_OUTPUT && get_typtype(reader->base) == TYPTYPE_ENUM)
			order_levels(table, column, enum_labels(reader->base));
		else if (column->cell == HV_CELL_TEXT && column->kind == HV_ORDINAL)
			order_levels(table, column, words[i]);
	}
}

HvTable *
hv_table_open_plain(Oid relid, ArrayType *columns, ArrayType *exclude)
{
	HvTable *table = palloc0(sizeof(HvTable));
	char *schema_name = get_namespace_name(get_rel_namespace(relid));
	char *name = get_rel_name(relid);

	if (name == NULL || schema_name == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
		        errmsg("relation with OID %u does not exist", relid));
	table->relid = relid;
	table->qualified = quote_qualified_identifier(schema_name, name);
	table->name = RelationIsVisible(relid) ? quote_identifier(name) : table->qualified;
	table->readers = hv_columns_of_relation(relid, columns, exclude, &table->schema);
	prepare_scan(table);
	table->row_security = under_row_security(table);
	return table;
}

HvTable *
hv_table_open(Oid relid, ArrayType *columns, ArrayType *exclude)
{
	HvTable *table = hv_table_open_plain(relid, columns, exclude);

	describe_columns(table);
	return table;
}

/* ---- statistics ---- */

typedef struct StatsPass
{
	HvTable *table;
	HvStats *stats;
} StatsPass;

static void
add_row(void *ctx, const HvRaw *cells)
{
	StatsPass *pass = ctx;
	const HvSchema *schema = &pass->table->schema;

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[i];
		const HvRaw *raw = &cells[i];
		HvStatus status = HV_OK;

		if (raw->missing)
			hv_stats_missing(pass->stats, i);
		else if (column->cell == HV_CELL_NUMBER)
			hv_stats_number(pass->stats, i, raw->number);
		else if (column->cell == HV_CELL_TEXT)
			status = hv_stats_text(pass->stats, i, raw->text, raw->n);
		else
			status = hv_stats_vector(pass->stats, i, raw->vector, raw->n);
		if (status == HV_BAD_ARGUMENT && column->cell == HV_CELL_VECTOR)
			ereport(ERROR, errcode(ERRCODE_DATA_EXCEPTION),
			        errmsg("vectors of different lengths in column \"%s\"", column->name),
			        errhint("Leave the column out with exclude."));
		if (status != HV_OK)
			hv_raise(status, psprintf("column \"%s\" of %s", column->name, pass->table->name));
	}
}

uint64
hv_table_statistics(HvTable *table, HvArena *arena, bool minmax)
{
	StatsPass pass = {.table = table};
	uint64 rows;

	HV_CHECK(hv_stats_init(&pass.stats, &table->schema, arena), table->name);
	rows = hv_table_scan(table, add_row, &pass);
	HV_CHECK(hv_stats_finish(pass.stats, &table->schema, arena, minmax), table->name);
	for (uint32_t i = 0; i < table->schema.ncolumns; i++)
	{
		HvColumn *column = &table->schema.columns[i];

		if (table->readers[i].form != HV_FORM_NONE)
			continue;
		column->used = false;
		column->note = psprintf("type %s is not supported", column->type);
	}
	return rows;
}
