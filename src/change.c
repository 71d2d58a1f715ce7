/*
 * change.c: how far a table is from the rows that a model was trained on.
 *
 * The model keeps statistics of its rows (core/format.c, STAT and DRFT), not the rows. One pass over
 * the table counts its cells into the same bins (core/drift.c), and keeps a random sample of encoded
 * rows, whose latent codes are compared with those of the training (core/latent.c).
 */
#include "hadvice.h"

#include "change.h"

#include <math.h>

#include "openblas.h"
#include "spi.h"
#include "table.h"

#include "core/drift.h"
#include "core/encode.h"
#include "core/latent.h"
#include "core/rng.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define SAMPLE_ROWS 8192
#define SAMPLE_BYTES ((size_t) 16 << 20)
#define LATENT_BATCH 256
#define LATENT_NAME "(latent)"
#define GONE_LEVEL 0.01 /* share of a level whose disappearance is told */
#define TOLD 0.1        /* index from which on it is told what has moved */

typedef struct Change
{
	const HvChampion *champion;
	const HvSchema *schema; /* of the model */
	HvTable *table;
	HvArena arena;
	HvDrift *drift; /* per column of the model */
	int *cell;      /* per column of the model: its number in the table; -1: it cannot be read */
	const char **broken; /* per column of the model: why it cannot */
	double *values;
	HvReal *sample; /* records, a reservoir */
	size_t room, nsample;
	uint64 rows;
} Change;

/* ---- the pass ---- */

/* Reservoir sampling (algorithm R): each row has the same chance to stay. */
static void
sample_row(Change *change, const HvRaw *cells)
{
	const HvSchema *schema = change->schema;
	size_t place = change->nsample;
	HvReal *record;

	if (place == change->room)
		place = (size_t) (hv_uniform(0, HV_STREAM(HV_RNG_SAMPLE, 0), change->rows) *
		                  (double) (change->rows + 1));
	if (place >= change->room)
		return;
	if (place == change->nsample)
		change->nsample++;
	record = change->sample + place * schema->width;
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		static const HvRaw missing = {.missing = true};
		int cell = change->cell[i];

		hv_values_of_raw(&schema->columns[i], cell >= 0 ? &cells[cell] : &missing,
		                 change->values + schema->columns[i].value_at);
	}
	memset(record, 0, schema->width * sizeof(HvReal));
	(void) hv_encode_row(schema, change->values, record);
}

static void
add_row(void *ctx, const HvRaw *cells)
{
	Change *change = ctx;

	for (uint32_t i = 0; i < change->schema->ncolumns; i++)
	{
		HvDrift *drift = &change->drift[i];
		const HvRaw *raw = change->cell[i] >= 0 ? &cells[change->cell[i]] : NULL;

		if (raw == NULL || raw->missing)
			hv_drift_missing(drift);
		else if (drift->column->cell == HV_CELL_NUMBER)
			hv_drift_number(drift, raw->number);
		else if (drift->column->cell == HV_CELL_TEXT)
			hv_drift_text(drift, raw->text, raw->n);
		else
			hv_drift_vector(drift, raw->vector, raw->n);
	}
	sample_row(change, cells);
	change->rows++;
}

/* The model's columns that the relation has, as name[]. */
static ArrayType *
known_columns(const HvSchema *schema, Oid relid)
{
	Datum *names = palloc(sizeof(Datum) * schema->ncolumns);
	int n = 0;

	for (uint32_t i = 0; i < schema->ncolumns; i++)
		if (get_attnum(relid, schema->columns[i].name) > 0)
			names[n++] = DirectFunctionCall1(namein, CStringGetDatum(schema->columns[i].name));
	if (n == 0)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
		        errmsg("\"%s\" has no column that the model knows", get_rel_name(relid)));
	return construct_array(names, n, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR);
}

static void
match_columns(Change *change)
{
	for (uint32_t i = 0; i < change->schema->ncolumns; i++)
	{
		const HvColumn *column = &change->schema->columns[i];
		int number = hv_schema_find(&change->table->schema, column->name);

		HV_CHECK(hv_drift_init(&change->drift[i], column, &change->arena), "measuring drift");
		change->cell[i] = -1;
		if (number < 0)
			change->broken[i] = "the column is gone";
		else if (change->table->schema.columns[number].cell != column->cell)
			change->broken[i] = psprintf("the column is now of type %s, it was %s",
			                             change->table->schema.columns[number].type, column->type);
		else
			change->cell[i] = number;
	}
}

static void
read_table(Change *change, Oid relid)
{
	const HvSchema *schema = change->schema;
	size_t width = schema->width * sizeof(HvReal);

	change->table = hv_table_open_plain(relid, known_columns(schema, relid), NULL);
	change->drift = palloc_extended(sizeof(HvDrift) * schema->ncolumns, MCXT_ALLOC_HUGE);
	change->cell = palloc(sizeof(int) * schema->ncolumns);
	change->broken = palloc0(sizeof(char *) * schema->ncolumns);
	change->values = palloc(sizeof(double) * schema->nvalues);
	change->room = Max(1, Min(SAMPLE_ROWS, SAMPLE_BYTES / width));
	change->sample = palloc_extended(change->room * width, MCXT_ALLOC_HUGE);
	match_columns(change);
	(void) hv_table_scan(change->table, add_row, change);
	if (change->rows == 0)
		ereport(ERROR, errcode(ERRCODE_NO_DATA), errmsg("%s has no rows", change->table->name),
		        change->table->row_security
		            ? errhint("Row-level security shows you only some of its rows.")
		            : 0);
}

/* ---- notes ---- */

/* Starts the next remark of a note. */
static void
next(StringInfo note)
{
	if (note->len > 0)
		appendStringInfoString(note, "; ");
}

static void
note_new_levels(StringInfo note, const HvDrift *drift)
{
	uint64 named = 0;

	if (drift->unknown == 0)
		return;
	next(note);
	appendStringInfoString(note, "new: ");
	for (uint32_t i = 0; i < drift->ntexts; i++)
	{
		const HvDriftText *text = &drift->texts[i];
		int length = pg_mbcliplen(text->text, (int) text->length, HV_DRIFT_BYTES - 1);

		appendStringInfo(note, "%s\"%.*s\" (%.1f %%)", i > 0 ? ", " : "", length, text->text,
		                 100.0 * text->count / drift->observed);
		named += text->count;
	}
	if (named < drift->unknown)
		appendStringInfo(note, "%s%.1f %% of the cells", named > 0 ? ", and others, in all " : "",
		                 100.0 * drift->unknown / drift->observed);
}

static void
note_levels(StringInfo note, const HvDrift *drift, double psi)
{
	const HvColumn *column = drift->column;
	uint32_t most = 0;
	double moved = 0;

	note_new_levels(note, drift);
	for (uint32_t i = 0; i < column->nlevels; i++)
	{
		double share = (double) drift->levels[i] / drift->observed - column->level_shares[i];

		if (drift->levels[i] == 0 && column->level_shares[i] >= GONE_LEVEL)
		{
			next(note);
			appendStringInfo(note, "gone: \"%s\"", column->levels[i]);
		}
		else if (fabs(share) > fabs(moved))
		{
			most = i;
			moved = share;
		}
	}
	if (!(psi >= TOLD) || moved == 0)
		return;
	next(note);
	appendStringInfo(note, "\"%s\": %.1f %%, it was %.1f %%", column->levels[most],
	                 100.0 * drift->levels[most] / drift->observed,
	                 100 * column->level_shares[most]);
}

/* The frequent value whose share has changed most. */
static void
note_mass(StringInfo note, const HvDrift *drift)
{
	const HvColumn *column = drift->column;
	double n = (double) drift->observed, moved = 0;
	uint32_t most = 0;

	for (uint32_t i = 0; i < column->nmasses; i++)
	{
		double change = fabs((double) drift->masses[i] / n - column->masses[i].share);

		if (change > moved)
		{
			most = i;
			moved = change;
		}
	}
	if (moved < 0.02)
		return;
	next(note);
	appendStringInfo(note, "%s: %.1f %%, it was %.1f %%",
	                 hv_value_text(column, column->masses[most].value),
	                 100.0 * drift->masses[most] / n, 100 * column->masses[most].share);
}

static void
note_numbers(StringInfo note, const HvDrift *drift, double psi)
{
	if (psi >= TOLD && drift->column->cell == HV_CELL_NUMBER)
	{
		next(note);
		appendStringInfo(note, "mean %s, it was %s", hv_value_text(drift->column, drift->mean),
		                 hv_value_text(drift->column, drift->column->mean));
		note_mass(note, drift);
	}
	if (drift->outside * 100 >= drift->observed && drift->outside > 0)
	{
		next(note);
		appendStringInfo(note, "%.1f %% outside of the range seen in training",
		                 100.0 * drift->outside / drift->observed);
	}
}

static char *
note_of(const HvDrift *drift, const HvDriftMeasures *measures)
{
	const HvColumn *column = drift->column;
	double cells = (double) Max(drift->observed + drift->missing, 1);
	StringInfoData note;

	initStringInfo(&note);
	if (drift->observed == 0)
		appendStringInfoString(&note, "the column is empty");
	else if (hv_has_levels(column))
		note_levels(&note, drift, measures->psi);
	else
		note_numbers(&note, drift, measures->psi);
	if (fabs(measures->missing_change) >= 0.05 || measures->missing_psi >= TOLD)
	{
		next(&note);
		appendStringInfo(&note, "missing %.1f %%, it was %.1f %%", 100 * drift->missing / cells,
		                 100 * (drift->missing / cells - measures->missing_change));
	}
	return note.len > 0 ? note.data : NULL;
}

/* ---- rows ---- */

static HvDriftRow
column_row(const Change *change, uint32_t i)
{
	HvDriftMeasures measures;
	HvDriftRow row = {.column = change->schema->columns[i].name};

	hv_drift_finish(&change->drift[i], &measures);
	row.psi = measures.psi;
	row.ks = measures.ks;
	row.missing_change = measures.missing_change;
	row.rank = fmax(isnan(measures.psi) ? 0 : measures.psi, measures.missing_psi);
	row.note = note_of(&change->drift[i], &measures);
	if (change->cell[i] < 0)
	{
		row.note = change->broken[i];
		row.rank = INFINITY;
	}
	return row;
}

static HvDriftRow
latent_row(Change *change)
{
	const HvLatent *then = &change->champion->model.latent;
	HvDriftRow row = {.column = LATENT_NAME, .ks = NAN, .missing_change = NAN, .psi = NAN};
	HvLatent now;
	HvWork work;
	uint32_t worst;

	if (then->n == 0)
	{
		row.note = "not known: the model was trained by a version that did not measure its codes";
		return row;
	}
	HV_CHECK(hv_work_init(&work, &change->champion->model.vae, LATENT_BATCH, false, &change->arena),
	         "measuring drift");
	HV_CHECK(hv_latent_measure(&now, &change->champion->model.vae, hv_openblas(), change->sample,
	                           change->nsample, &work, &hv_interrupts, &change->arena),
	         "measuring drift");
	worst = hv_latent_drift(then, &now, &row.psi);
	row.rank = row.psi;
	if (row.psi >= TOLD)
		row.note =
			psprintf("dimension %u of %u: mean %.2f, it was %.2f; variance %.2f, it was %.2f",
		             worst + 1, then->n, now.mean[worst], then->mean[worst], now.variance[worst],
		             then->variance[worst]);
	return row;
}

/* Columns of the relation that a training with the same options would look at. */
static uint64
find_new_columns(const Change *change, Oid relid)
{
	const HvSchema *schema = change->schema;
	Datum *names = palloc(sizeof(Datum) * schema->ncolumns);
	HvParam params[3] = {{TEXTOID, CStringGetTextDatum(change->champion->name), false},
	                     {OIDOID, ObjectIdGetDatum(relid), false}};

	for (uint32_t i = 0; i < schema->ncolumns; i++)
		names[i] = CStringGetTextDatum(schema->columns[i].name);
	params[2].type = TEXTARRAYOID;
	params[2].value = PointerGetDatum(
		construct_array(names, (int) schema->ncolumns, TEXTOID, -1, false, TYPALIGN_INT));
	return hv_spi_query("SELECT a.attname::text FROM pg_attribute AS a, hadvice.models AS m"
	                    " WHERE m.name = $1 AND m.is_current AND a.attrelid = $2 AND a.attnum > 0"
	                    "   AND NOT a.attisdropped AND a.attname::text <> ALL ($3)"
	                    "   AND jsonb_typeof(coalesce(m.options -> 'columns', 'null')) <> 'array'"
	                    "   AND NOT coalesce(m.options -> 'exclude' ? a.attname::text, false)"
	                    "   AND NOT coalesce(m.metrics -> 'left_out' ? a.attname::text, false)"
	                    " ORDER BY a.attnum",
	                    true, 3, params);
}

static int
compare_rows(const void *a, const void *b)
{
	const HvDriftRow *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return strcmp(x->column, y->column);
}

void
hv_drift_report(const HvChampion *champion, Oid relid, HvDriftReport *report)
{
	MemoryContext cxt = CurrentMemoryContext;
	const HvSchema *schema = &champion->model.schema;
	Change change = {.champion = champion, .schema = schema};
	uint64 added;

	hv_arena_in(&change.arena, cxt, hv_work_limit());
	hv_spi_connect();
	MemoryContextSwitchTo(cxt);
	read_table(&change, relid);
	added = find_new_columns(&change, relid);
	report->rows = change.rows;
	report->n = 0;
	report->row = palloc(sizeof(HvDriftRow) * (schema->ncolumns + added + 1));
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		report->row[report->n++] = column_row(&change, i);
	for (uint64 i = 0; i < added; i++)
		report->row[report->n++] = (HvDriftRow){.column = hv_spi_text(i, 1),
		                                        .psi = NAN,
		                                        .ks = NAN,
		                                        .missing_change = NAN,
		                                        .rank = -1,
		                                        .note = "a new column, not in the model"};
	hv_spi_finish();
	MemoryContextSwitchTo(cxt);
	report->row[report->n++] = latent_row(&change);
	qsort(report->row, (size_t) report->n, sizeof(HvDriftRow), compare_rows);
}
