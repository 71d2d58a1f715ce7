/*
 * watch.c: what a training does between and beside its steps: it looks for interrupts and at the clock,
 * writes its log, tells how far it is, and keeps checkpoints.
 */
#include "hadvice.h"

#include "learning.h"

#include <math.h>

#include "keeper.h"
#include "progress.h"

#include "core/rng.h"

#include "miscadmin.h"

#define BAR 20 /* characters of a progress bar */

static double
seconds_since(TimestampTz then)
{
	return (double) (GetCurrentTimestamp() - then) / USECS_PER_SEC;
}

double
hv_seconds_spent(const HvLearning *learning)
{
	return learning->point.seconds + seconds_since(learning->began);
}

static void
check(void *ctx)
{
	(void) ctx;
	hv_interrupts.check(NULL);
}

static int
time_is_up(void *ctx)
{
	const HvLearning *learning = ctx;
	int64 limit = learning->options->max_usecs;

	return limit > 0 && GetCurrentTimestamp() - learning->began >= limit;
}

static void
notice_epoch(const HvLearning *learning, const HvEpoch *epoch)
{
	char bar[BAR + 1];
	int done = BAR * epoch->epoch / Max(epoch->epochs_total, 1);
	int before = BAR * (epoch->epoch - 1) / Max(epoch->epochs_total, 1);
	double seconds = seconds_since(learning->began);
	double left = seconds * (epoch->epochs_total - epoch->epoch) / Max(epoch->epoch, 1);

	/* a line when the bar grows: at most BAR lines, however many the epochs */
	if (done == before && epoch->epoch > 1)
		return;

	memset(bar, '.', BAR);
	memset(bar, '#', Max(0, Min(done, BAR)));
	bar[BAR] = '\0';
	ereport(NOTICE,
	        isnan(epoch->validation)
	            ? errmsg("epoch %d of %d [%s] ELBO %.3f, %.1f s, %.1f s left", epoch->epoch,
	                     epoch->epochs_total, bar, epoch->elbo, seconds, left)
	            : errmsg("epoch %d of %d [%s] ELBO %.3f, held out %.3f, %.1f s, %.1f s left",
	                     epoch->epoch, epoch->epochs_total, bar, epoch->elbo, epoch->validation,
	                     seconds, left));
}

/* A full log is thinned to every second entry, and goes on at twice the step. */
static void
log_epoch(HvLearning *learning, const HvEpoch *epoch)
{
	HvTrained *trained = learning->trained;

	if (epoch->epoch % learning->point.log_step != 0)
		return;
	if (trained->nlog == HV_MAX_LOG)
	{
		learning->point.log_step *= 2;
		for (int i = 1; i < HV_MAX_LOG; i += 2)
			trained->log[i / 2] = trained->log[i];
		trained->nlog = HV_MAX_LOG / 2;
		if (epoch->epoch % learning->point.log_step != 0)
			return;
	}
	trained->log[trained->nlog++] =
		(HvLogged){.epoch = *epoch, .seconds = hv_seconds_spent(learning)};
}

static void
progress(void *ctx, const HvEpoch *epoch)
{
	HvLearning *learning = ctx;

	log_epoch(learning, epoch);
	hv_progress_rows((int64) learning->rows * epoch->epoch,
	                 (int64) learning->rows * epoch->epochs_total);
	hv_progress_epoch(epoch->epoch, epoch->epochs_total, epoch->elbo);
	if (hv_progress)
		notice_epoch(learning, epoch);
}

/* ---- checkpoints ---- */

/*
 * A hash of all that the trained bytes depend on: the rows, the schema, the network, the options, and
 * how rows are gone through. Workers do not matter, nor does the clock.
 */
static uint64
task_of(const HvLearning *learning)
{
	HvModel model = learning->trained->model;
	const HvFitOptions *fit = &learning->fit;
	const HvRoom *room = &learning->records.room;
	uint64 numbers[] = {learning->records.fingerprint,
	                    learning->table->relid,
	                    learning->records.ntrain,
	                    learning->records.nkept,
	                    (uint64) fit->epochs,
	                    fit->fixed_epochs,
	                    (uint64) fit->patience,
	                    fit->batch_size,
	                    fit->seed,
	                    room->streams,
	                    room->streams ? room->rows : 0};
	double reals[] = {fit->learning_rate, fit->warmup, fit->hide, fit->clip,
	                  learning->options->validation_fraction};
	uint64 hash = hv_hash(numbers, sizeof(numbers), 0);
	uint8_t *bytes;
	size_t size;

	model.vae.nparameters = 0; /* its weights are what is trained */
	size = hv_model_size(&model);
	bytes = palloc_extended(size, MCXT_ALLOC_HUGE);
	HV_CHECK(hv_model_write(&model, bytes, size), learning->doing);
	hash = hv_hash(reals, sizeof(reals), hash);
	hash = hv_hash(bytes, size, hash);
	pfree(bytes);
	return hash;
}

static void
keep(void *ctx, const HvFitState *state)
{
	HvLearning *learning = ctx;
	HvCheckpoint point = learning->point;

	if (!hv_keeper_due(learning->trained->keeper))
		return;
	point.state = *state;
	point.seconds = hv_seconds_spent(learning);
	point.nlog = learning->trained->nlog;
	point.log = learning->trained->log;
	hv_keeper_save(learning->trained->keeper, &point);
}

static int
resume(void *ctx, HvFitState *state)
{
	HvLearning *learning = ctx;
	HvCheckpoint *point = &learning->point;

	point->state = *state;
	point->log = learning->trained->log;
	if (!hv_keeper_load(learning->trained->keeper, learning->name, point))
		return false;
	*state = point->state;
	learning->trained->nlog = point->nlog;
	return true;
}

static void
start_keeping(HvLearning *learning, HvHost *host)
{
	HvTrained *trained = learning->trained;
	const HvVae *vae = &trained->model.vae;

	if (learning->name != NULL && learning->champion == NULL)
		trained->keeper =
			hv_keeper_new(learning->name, hv_checkpoint_most(vae->nparameters, vae->nblocks));
	if (trained->keeper != NULL)
	{
		learning->point.task = task_of(learning);
		host->keep = keep;
		host->resume = learning->options->resume ? resume : NULL;
	}
	else if (learning->options->resume)
		ereport(NOTICE, errmsg("trainings like this one have no checkpoints: it begins anew"));
}

HvHost
hv_watch(HvLearning *learning)
{
	HvHost host = {.check = check, .progress = progress, .expired = time_is_up, .ctx = learning};

	start_keeping(learning, &host);
	return host;
}
