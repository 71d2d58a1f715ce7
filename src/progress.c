/*
 * progress.c: progress of trainings through the server's own progress counters.
 *
 * Every backend has a command number and 20 counters in shared memory, meant for VACUUM, COPY and
 * the like. A command number of our own makes them ours, without shared memory of our own and so
 * without a preload; the core's views pass over a number they do not know. Numbers that are not
 * integers go in as bits, the name of the model as its bytes:
 *
 *     0 phase  1 epoch  2 epochs in all  3 rows done  4 rows in all  5 ELBO (bits of a double)
 *     6 start of the training  7 start of the epochs  8 … 15 name of the model, 64 bytes
 */
#include "hadvice.h"

#include <math.h>

#include "catalog/pg_authid.h"
#include "commands/progress.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/acl.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "progress.h"

#define COMMAND ((ProgressCommandType) 4711)

enum
{
	P_PHASE,
	P_EPOCH,
	P_EPOCHS,
	P_ROWS,
	P_ROWS_TOTAL,
	P_ELBO,
	P_START,
	P_EPOCHS_START,
	P_NAME,
	P_NAME_END = P_NAME + 8
};

#define NAME_BYTES ((P_NAME_END - P_NAME) * sizeof(int64))

PG_FUNCTION_INFO_V1(vae_training_progress);

void
hv_progress_start(Oid source, const char *model)
{
	char name[NAME_BYTES] = {0};

	pgstat_progress_start_command(COMMAND, source);
	if (model != NULL)
		memcpy(name, model, pg_mbcliplen(model, strlen(model), NAME_BYTES - 1));
	for (int i = P_NAME; i < P_NAME_END; i++)
	{
		int64 word;

		memcpy(&word, name + (i - P_NAME) * sizeof(word), sizeof(word));
		pgstat_progress_update_param(i, word);
	}
	pgstat_progress_update_param(P_START, GetCurrentTimestamp());
}

void
hv_progress_end(void)
{
	pgstat_progress_end_command();
}

void
hv_progress_phase(HvTrainingPhase phase)
{
	if (phase == HV_PHASE_TRAINING)
		pgstat_progress_update_param(P_EPOCHS_START, GetCurrentTimestamp());
	pgstat_progress_update_param(P_PHASE, phase);
}

void
hv_progress_rows(int64 done, int64 total)
{
	pgstat_progress_update_param(P_ROWS, done);
	pgstat_progress_update_param(P_ROWS_TOTAL, total);
}

void
hv_progress_epoch(int epoch, int epochs_total, double elbo)
{
	int64 bits;

	memcpy(&bits, &elbo, sizeof(bits));
	pgstat_progress_update_param(P_ELBO, bits);
	pgstat_progress_update_param(P_EPOCHS, epochs_total);
	pgstat_progress_update_param(P_EPOCH, epoch);
}

/* Columns of the function; the view puts names of relations and roles to them. */
enum
{
	C_PID,
	C_DATID,
	C_SOURCE,
	C_MODEL,
	C_PHASE,
	C_EPOCH,
	C_EPOCHS,
	C_ROWS,
	C_ROWS_TOTAL,
	C_ELBO,
	C_ELAPSED,
	C_REMAINING,
	C_COLUMNS
};

/* From the pace of the epochs so far. */
static double
seconds_remaining(const int64 *p, TimestampTz now)
{
	double spent = (double) (now - p[P_EPOCHS_START]) / USECS_PER_SEC;

	if (p[P_PHASE] != HV_PHASE_TRAINING || p[P_EPOCH] < 1)
		return NAN;
	return Max(0, spent * (double) (p[P_EPOCHS] - p[P_EPOCH]) / (double) p[P_EPOCH]);
}

static Datum
interval_of_seconds(double seconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = (TimeOffset) rint(seconds * USECS_PER_SEC);
	return IntervalPGetDatum(interval);
}

static void
emit(ReturnSetInfo *result, const PgBackendStatus *entry)
{
	static const char *const phases[] = {"starting", "reading statistics", "encoding", "training",
	                                     "finishing"};
	const int64 *p = entry->st_progress_param;
	TimestampTz now = GetCurrentTimestamp();
	double remaining = seconds_remaining(p, now), elbo;
	char name[NAME_BYTES];
	Datum values[C_COLUMNS] = {0};
	bool nulls[C_COLUMNS] = {false};

	memcpy(&elbo, &p[P_ELBO], sizeof(elbo));
	memcpy(name, &p[P_NAME], sizeof(name));
	name[NAME_BYTES - 1] = '\0';
	values[C_PID] = Int32GetDatum(entry->st_procpid);
	values[C_DATID] = ObjectIdGetDatum(entry->st_databaseid);
	values[C_SOURCE] = ObjectIdGetDatum(entry->st_progress_command_target);
	/* whoever may not see another role's query sees that it trains, and no more */
	if (has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ||
	    has_privs_of_role(GetUserId(), entry->st_userid))
	{
		values[C_MODEL] = CStringGetTextDatum(name);
		nulls[C_MODEL] = name[0] == '\0';
		values[C_PHASE] = CStringGetTextDatum(
			phases[p[P_PHASE] >= 0 && p[P_PHASE] < (int64) lengthof(phases) ? p[P_PHASE] : 0]);
		values[C_EPOCH] = Int32GetDatum((int32) p[P_EPOCH]);
		values[C_EPOCHS] = Int32GetDatum((int32) p[P_EPOCHS]);
		values[C_ROWS] = Int64GetDatum(p[P_ROWS]);
		values[C_ROWS_TOTAL] = Int64GetDatum(p[P_ROWS_TOTAL]);
		values[C_ELBO] = Float8GetDatum(elbo);
		nulls[C_ELBO] = p[P_EPOCH] < 1 || isnan(elbo);
		values[C_ELAPSED] = interval_of_seconds((double) (now - p[P_START]) / USECS_PER_SEC);
		nulls[C_REMAINING] = isnan(remaining);
		if (!nulls[C_REMAINING])
			values[C_REMAINING] = interval_of_seconds(remaining);
	}
	else
		memset(nulls + C_MODEL, true, C_COLUMNS - C_MODEL);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* SETOF record: the trainings that run now, in any session. */
Datum
vae_training_progress(PG_FUNCTION_ARGS)
{
	int n = pgstat_fetch_stat_numbackends();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 1; i <= n; i++)
	{
		LocalPgBackendStatus *local = pgstat_fetch_stat_local_beentry(i);

		if (local != NULL && local->backendStatus.st_progress_command == COMMAND)
			emit((ReturnSetInfo *) fcinfo->resultinfo, &local->backendStatus);
	}
	return (Datum) 0;
}
