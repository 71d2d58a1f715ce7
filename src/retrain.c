/*
 * retrain.c: vae_retrain and vae_drift.
 *
 *     champion   the current version: its model, source and options
 *     is it due  if_new_rows, if_drift: either of them is reason enough
 *     learn      a challenger, from the champion's weights where they fit
 *     judge      both on the rows held out, which a hash of their content keeps held out for life
 *     register   the challenger, as the current version or as a candidate; a line in the log
 *
 * All in the caller's transaction: readers see the champion until it commits.
 */
#include "hadvice.h"

#include <math.h>

#include "champion.h"
#include "change.h"
#include "learn.h"
#include "progress.h"
#include "spi.h"
#include "store.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define RESULT_COLUMNS 15

PG_FUNCTION_INFO_V1(vae_retrain);
PG_FUNCTION_INFO_V1(vae_drift);

/* What came of it. */
typedef struct Outcome
{
	int version; /* the new one; the champion's when nothing was trained */
	int epochs;
	double seconds;
	bool trained, promoted;
	double champion, challenger; /* NaN: not judged */
	char *reason;
} Outcome;

/* ---- is it due ---- */

static double
threshold_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	double value;

	if (PG_ARGISNULL(argument))
		return NAN;
	value = PG_GETARG_FLOAT8(argument);
	if (!(value >= 0 && isfinite(value)))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("%s must be at least 0, not %g", name, value));
	return value;
}

/* The row of the largest index; NULL when there is none. */
static const HvDriftRow *
most_drifted(const HvDriftReport *report)
{
	const HvDriftRow *most = NULL;

	for (int i = 0; i < report->n; i++)
		if (!isnan(report->row[i].psi) && (most == NULL || report->row[i].psi > most->psi))
			most = &report->row[i];
	return most;
}

static int64
count_rows(Oid relid)
{
	char *sql = psprintf("SELECT pg_catalog.count(*) FROM %s",
	                     quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
	                                                get_rel_name(relid)));
	MemoryContext cxt = CurrentMemoryContext;
	bool isnull;
	int64 rows;

	hv_spi_connect();
	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not count the rows of \"%s\"", get_rel_name(relid));
	rows = DatumGetInt64(hv_spi_datum(0, 1, &isnull));
	hv_spi_finish();
	MemoryContextSwitchTo(cxt);
	return rows;
}

/* The reason not to train, or NULL. Counting is cheaper than measuring, and is done first. */
static char *
not_due(const HvChampion *champion, double if_drift, double if_new_rows)
{
	StringInfoData reason;

	if (isnan(if_drift) && isnan(if_new_rows))
		return NULL;
	initStringInfo(&reason);
	appendStringInfoString(&reason, "not retrained: ");
	if (!isnan(if_new_rows))
	{
		int64 rows = count_rows(champion->source);
		double share = (double) (rows - champion->rows) / (double) Max(champion->rows, 1);

		if (share >= if_new_rows)
			return NULL;
		appendStringInfo(&reason, "%.1f %% more rows than at the training, %.1f %% are asked for",
		                 100 * share, 100 * if_new_rows);
	}
	if (!isnan(if_drift))
	{
		HvDriftReport report;
		const HvDriftRow *most;

		hv_drift_report(champion, champion->source, &report);
		most = most_drifted(&report);
		if (most != NULL && most->psi >= if_drift)
			return NULL;
		appendStringInfo(&reason, "%slargest drift %.3f (%s), %g is asked for",
		                 isnan(if_new_rows) ? "" : "; ", most != NULL ? most->psi : 0,
		                 most != NULL ? most->column : "none", if_drift);
	}
	return reason.data;
}

/* ---- what is said of it ---- */

/* Columns that were not compared, as a list; NULL when there are none. */
static char *
not_compared(const HvTrained *trained)
{
	const HvSchema *schema = &trained->model.schema;
	StringInfoData list;

	initStringInfo(&list);
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		if (trained->retraining.kinship.kin[i] != HV_KIN_SAME)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", schema->columns[i].name);
	return list.len > 0 ? list.data : NULL;
}

static char *
reason_of(const HvTrained *trained)
{
	const HvRetraining *retraining = &trained->retraining;
	const HvComparison *c = &retraining->comparison;
	const char *others = not_compared(trained);
	StringInfoData reason;

	initStringInfo(&reason);
	if (c->rows == 0)
		appendStringInfoString(
			&reason, c->columns == 0 ? "kept as a candidate: no column is left to compare by"
									 : "kept as a candidate: no row is held out to compare by");
	else
		appendStringInfo(&reason,
		                 "%s: %.3f nats a row against %.3f (standard error of the difference %.3f)"
		                 " on " UINT64_FORMAT " held-out rows",
		                 hv_not_worse(c) ? "promoted" : "kept as a candidate", c->challenger,
		                 c->champion, c->standard_error, c->rows);
	if (retraining->warm)
		appendStringInfoString(&reason, "; started from the weights of the version before");
	else
		appendStringInfo(&reason, "; started anew, since %s", retraining->cold);
	if (c->rows > 0 && others != NULL)
		appendStringInfo(&reason, "; compared without columns the two do not encode alike: %s",
		                 others);
	return reason.data;
}

/* ---- all of it ---- */

/* Whoever has promoted or dropped a version meanwhile has had a reason that we do not know. */
static void
check_champion(const HvChampion *champion, Outcome *outcome)
{
	int current = hv_store_current(champion->name);

	if (current == 0)
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		        errmsg("model \"%s\" was dropped while it was retrained", champion->name));
	if (!outcome->promoted || current == champion->version)
		return;
	outcome->promoted = false;
	outcome->reason = psprintf("kept as a candidate, since version %d became current meanwhile; %s",
	                           current, outcome->reason);
}

static void
train(const HvChampion *champion, int64 max_usecs, Outcome *outcome)
{
	HvOptions options = champion->options;
	HvTrained trained;

	options.max_usecs = max_usecs;
	hv_learn(champion->source, champion->name, &options, &champion->model, &trained);
	outcome->trained = true;
	outcome->epochs = trained.fit.epochs;
	outcome->seconds = trained.seconds;
	outcome->promoted = hv_not_worse(&trained.retraining.comparison);
	outcome->reason = reason_of(&trained);
	if (trained.retraining.comparison.rows > 0)
	{
		outcome->champion = trained.retraining.comparison.champion;
		outcome->challenger = trained.retraining.comparison.challenger;
	}
	check_champion(champion, outcome);
	outcome->version = hv_store_add(champion->name, champion->source, &trained, &champion->options,
	                                champion->version, outcome->promoted);
	hv_progress_end();
}

static HvParam
float_param(double number)
{
	return (HvParam){FLOAT8OID, Float8GetDatum(number), isnan(number)};
}

/* Writes the log, and reads the row of the result from the registry. */
static Datum
result_row(FunctionCallInfo fcinfo, const HvChampion *champion, const Outcome *outcome)
{
	HvParam params[] = {{TEXTOID, CStringGetTextDatum(champion->name), false},
	                    {INT4OID, Int32GetDatum(outcome->version), false},
	                    {INT4OID, Int32GetDatum(outcome->epochs), false},
	                    {FLOAT8OID, Float8GetDatum(outcome->seconds), false},
	                    float_param(outcome->champion),
	                    float_param(outcome->challenger),
	                    {BOOLOID, BoolGetDatum(outcome->promoted), false},
	                    {TEXTOID, CStringGetTextDatum(outcome->reason), false},
	                    {INT4OID, Int32GetDatum(champion->version), false},
	                    {BOOLOID, BoolGetDatum(outcome->trained), false}};
	Datum values[RESULT_COLUMNS];
	bool nulls[RESULT_COLUMNS];
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "vae_retrain must return a composite type");
	desc = BlessTupleDesc(desc);
	hv_spi_connect();
	hv_spi_query("INSERT INTO hadvice.retrainings"
	             "  (model, version, challenger, champion_elbo, challenger_elbo, promoted, reason)"
	             " SELECT $1, $9, CASE WHEN $10 THEN $2 END, $5, $6, $7, $8",
	             false, lengthof(params), params);
	hv_spi_query("DELETE FROM hadvice.retrainings AS r WHERE r.model = $1 AND r.at <"
	             " (SELECT o.at FROM hadvice.retrainings AS o WHERE o.model = $1"
	             "   ORDER BY o.at DESC OFFSET 99 LIMIT 1)",
	             false, 1, params);
	if (hv_spi_query("SELECT m.name, m.version, m.source, m.rows, (m.metrics ->> 'columns')::int,"
	                 "       (m.metrics ->> 'parameters')::bigint, $3,"
	                 "       (m.metrics ->> 'train_elbo')::float8,"
	                 "       (m.metrics ->> 'validation_elbo')::float8, $4, m.is_current,"
	                 "       $5, $6, $7, $8"
	                 "  FROM hadvice.models AS m WHERE m.name = $1 AND m.version = $2",
	                 false, 8, params) != 1 ||
	    SPI_tuptable->tupdesc->natts != RESULT_COLUMNS || desc->natts != RESULT_COLUMNS)
		elog(ERROR, "version %d of model \"%s\" is not in the registry", outcome->version,
		     champion->name);
	/* a copy outside of SPI's memory, which the values point into */
	heap_deform_tuple(SPI_copytuple(SPI_tuptable->vals[0]), SPI_tuptable->tupdesc, values, nulls);
	hv_spi_finish();
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/* vae_retrain(model, max_duration, if_drift, if_new_rows) */
Datum
vae_retrain(PG_FUNCTION_ARGS)
{
	TimestampTz began = GetCurrentTimestamp();
	double if_drift = threshold_argument(fcinfo, 2, "if_drift");
	double if_new_rows = threshold_argument(fcinfo, 3, "if_new_rows");
	int64 max_usecs = hv_duration_option(fcinfo, 1, "max_duration");
	MemoryContext training =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(training);
	HvChampion champion;
	Outcome outcome = {.champion = NAN, .challenger = NAN};
	Datum row;
	char *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be NULL"));
	PreventCommandIfReadOnly("vae_retrain()");
	PreventCommandIfParallelMode("vae_retrain()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	hv_store_lock(name);
	/* what another session's retraining has made current before we got the lock */
	PushActiveSnapshot(GetLatestSnapshot());
	hv_champion_read(name, true, &champion);
	PopActiveSnapshot();
	outcome.version = champion.version;
	outcome.reason = not_due(&champion, if_drift, if_new_rows);
	if (outcome.reason == NULL)
		train(&champion, max_usecs, &outcome);
	else
		outcome.seconds = (double) (GetCurrentTimestamp() - began) / USECS_PER_SEC;
	MemoryContextSwitchTo(before);
	row = result_row(fcinfo, &champion, &outcome);
	MemoryContextDelete(training);
	PG_RETURN_DATUM(row);
}

/* vae_drift(model, source) → TABLE(column_name, psi, ks, missing_change, note) */
Datum
vae_drift(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	HvChampion champion;
	HvDriftReport report;

	if (PG_ARGISNULL(0))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be NULL"));
	InitMaterializedSRF(fcinfo, 0);
	hv_champion_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_ARGISNULL(1), &champion);
	hv_drift_report(&champion, PG_ARGISNULL(1) ? champion.source : PG_GETARG_OID(1), &report);
	for (int i = 0; i < report.n; i++)
	{
		const HvDriftRow *row = &report.row[i];
		Datum values[] = {DirectFunctionCall1(namein, CStringGetDatum(row->column)),
		                  Float8GetDatum(row->psi), Float8GetDatum(row->ks),
		                  Float8GetDatum(row->missing_change),
		                  row->note != NULL ? CStringGetTextDatum(row->note) : (Datum) 0};
		bool nulls[] = {false, isnan(row->psi), isnan(row->ks), isnan(row->missing_change),
		                row->note == NULL};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
