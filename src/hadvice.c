/*
 * hadvice.c: the library's entry: settings, errors, memory and interrupts for the core, version.
 */
#include "hadvice.h"

#include <limits.h>

#include "json.h"
#include "openblas.h"

#include "miscadmin.h"
#include "storage/pmsignal.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

bool hv_progress = false;
double hv_min_probability = 0.8;
int hv_history_limit = 5000;
int hv_checkpoint_interval = 30000;

void _PG_init(void);

PG_FUNCTION_INFO_V1(vae_version);

void
_PG_init(void)
{
	DefineCustomBoolVariable("hadvice.progress", "Reports every epoch of a training as a notice.",
	                         NULL, &hv_progress, false, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("hadvice.min_probability",
	                         "Least probability that an advised change improves its outcome.",
	                         "Items below it are given only where a guideline carries them.",
	                         &hv_min_probability, 0.8, 0.0, 1.0, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"hadvice.checkpoint_interval", "Time between two checkpoints of a training.",
		"vae_train(..., resume => true) goes on from the last one. 0: after "
		"every epoch; -1: none.",
		&hv_checkpoint_interval, 30000, -1, INT_MAX, PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("hadvice.history_limit",
	                        "Most rows of hadvice.training_history that a model keeps.",
	                        "Those of its oldest versions go first. 0: none; -1: no limit.",
	                        &hv_history_limit, 5000, -1, INT_MAX, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("hadvice");
}

void
hv_raise(HvStatus status, const char *context)
{
	switch (status)
	{
		case HV_NO_MEMORY:
			ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY),
			        errmsg("maintenance_work_mem is too small for %s", context),
			        errhint("Raise it (\"SET maintenance_work_mem = '1GB'\"), "
			                "or leave out columns or rows."));
		case HV_TOO_LARGE:
			ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			        errmsg("too large for a model: %s", context),
			        errhint("Use fewer or narrower columns, or a smaller network."));
		case HV_BAD_ARGUMENT:
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			        errmsg("an option is out of its range in %s", context),
			        errhint("Leave options out: NULL lets the data decide."));
		case HV_NO_DATA:
			ereport(ERROR, errcode(ERRCODE_NO_DATA),
			        errmsg("there is nothing to learn from in %s", context),
			        errhint("vae_profile shows what was found in each column."));
		case HV_DIVERGED:
			ereport(ERROR, errcode(ERRCODE_DATA_EXCEPTION),
			        errmsg("the loss became infinite or undefined in %s", context),
			        errhint("Give a smaller learning_rate."));
		case HV_CORRUPT:
			ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			        errmsg("bytes are not a valid model: %s", context),
			        errhint("They must be all that vae_fit() or a cast to bytea gave, unchanged."));
		case HV_BAD_VERSION:
			ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			        errmsg("the model is of a format this version cannot read: %s", context),
			        errhint("Install a version of hadvice as new as the one that made it."));
		case HV_OK: break;
	}
	elog(ERROR, "unexpected status %d in %s", (int) status, context);
}

/* ---- memory and interrupts ---- */

static void *
more_memory(void *ctx, size_t bytes)
{
	return MemoryContextAllocExtended((MemoryContext) ctx, bytes,
	                                  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
}

void
hv_arena_in(HvArena *arena, MemoryContext cxt, size_t limit)
{
	hv_arena_init(arena, more_memory, cxt, limit);
}

size_t
hv_work_limit(void)
{
	return (size_t) maintenance_work_mem * 1024;
}

/*
 * A server whose postmaster was killed cannot start again while a child of it lives, and a training
 * lives long: it ends here, as a session that waits for its client does.
 */
static void
check_interrupts(void *ctx)
{
	(void) ctx;
	CHECK_FOR_INTERRUPTS();
	if (!PostmasterIsAlive())
		ereport(FATAL, errcode(ERRCODE_ADMIN_SHUTDOWN),
		        errmsg("terminating connection due to unexpected postmaster exit"));
}

const HvHost hv_interrupts = {.check = check_interrupts};

/* ---- vae_version() ---- */

Datum
vae_version(PG_FUNCTION_ARGS)
{
	StringInfoData json;

	(void) fcinfo;
	hv_json_init(&json);
	hv_json_open(&json, '{');
	hv_json_key(&json, "hadvice");
	hv_json_text(&json, HADVICE_VERSION);
	hv_json_key(&json, "postgresql");
	hv_json_text(&json, PG_VERSION);
	hv_json_key(&json, "openblas");
	hv_json_text(&json, hv_openblas_config());
	hv_json_key(&json, "kernels");
	hv_json_text(&json, hv_openblas_core());
	hv_json_close(&json, '}');
	PG_RETURN_DATUM(hv_json_datum(&json));
}
