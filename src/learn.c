/*
 * learn.c: from a relation to a trained model.
 *
 *     pass 1   rows → statistics → kinds, levels, scales, what is left out
 *     roles    the architecture, the order of the columns (schema)
 *     pass 2   rows → records, split into training and held-out ones
 *     fit      the core trains; we report, watch the clock and the interrupts
 *     end      what stands beside the weights (finish.c); provenance: what the model knows of its making
 *
 * A training that starts from an earlier model, the champion, encodes as that one did where it can,
 * takes over its weights, and ends by comparing the two on the held-out rows (core/kin.h, warm.h).
 *
 * All memory of a training is in the context that is current when it begins, and counted by one
 * arena limited to maintenance_work_mem. An error or a cancel leaves by longjmp; the context goes
 * with the query.
 */
#include "hadvice.h"

#include "learn.h"

#include <math.h>

#include "finish.h"
#include "keeper.h"
#include "model.h"
#include "notice.h"
#include "openblas.h"
#include "parallel.h"
#include "progress.h"
#include "records.h"
#include "spi.h"

#include "core/rng.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#define MIN_ROWS 10                        /* fewer are an error */
#define SLACK (512 * 1024)                 /* bytes for what is too small to be counted */
#define COMPARE_BYTES ((size_t) 256 << 20) /* the most that comparing two models may take */
#define BAR 20                             /* characters of a progress bar */

typedef struct Learning
{
	const HvOptions *options;
	const HvModel *champion; /* to start from; NULL */
	HvTrained *trained;
	HvTable *table;
	HvSchema *schema; /* of the model: trained->model.schema */
	HvArena arena;
	char *doing; /* "training on health_records", for messages */
	TimestampTz began;
	HvCheckpoint point; /* log_step and seconds are in use at all times */
	const char *name;   /* of the model; NULL: without checkpoints */
	uint64 rows;        /* of pass 1 */
	HvFitOptions fit;
	HvRecords records;
	HvCrew *crew; /* NULL: nobody but us */
} Learning;

/* ---- pass 1 and the schema ---- */

_Noreturn static void
no_rows(const Learning *learning, uint64 rows)
{
	ereport(ERROR, errcode(ERRCODE_NO_DATA),
	        rows == 0 ? errmsg("%s has no rows to learn from", learning->table->name)
	                  : errmsg("%s has only " UINT64_FORMAT " usable rows, a model needs %d",
	                           learning->table->name, rows, MIN_ROWS),
	        learning->table->row_security
	            ? errhint("Row-level security shows you only some of its rows.")
	            : errhint("Load data first; rows without any observed value do not count."));
}

/* Ordered where there is something to do and something to gain by it. */
static HvArchitecture
choose_architecture(const Learning *learning)
{
	const HvSchema *all = &learning->table->schema;
	bool actions = false, outcomes = false;

	if (!learning->options->automatic)
		return learning->options->architecture;
	for (uint32_t i = 0; i < all->ncolumns; i++)
	{
		actions |= all->columns[i].used && all->columns[i].role == HV_ACTION;
		outcomes |= all->columns[i].used && all->columns[i].role == HV_OUTCOME;
	}
	return actions && outcomes ? HV_ORDERED : HV_JOINT;
}

/* The model's schema: a copy, since laying it out drops and moves columns. */
static void
make_schema(Learning *learning, HvArchitecture architecture)
{
	const HvSchema *all = &learning->table->schema;
	HvSchema *schema = learning->schema;

	*schema = *all;
	schema->columns = palloc(sizeof(HvColumn) * all->ncolumns);
	memcpy(schema->columns, all->columns, sizeof(HvColumn) * all->ncolumns);
	for (uint32_t i = 0; i < all->ncolumns && architecture != HV_ORDERED; i++)
		schema->columns[i].stage = 0;
	HV_CHECK(hv_schema_layout(schema), learning->doing);
}

/* ---- the network, memory and workers ---- */

/* What the model's bytes say of its origin; the results are filled in at the end. */
static void
set_origin(Learning *learning)
{
	HvModel *model = &learning->trained->model;

	/* workers get the model before anything is known of its guesses */
	model->blend = palloc(sizeof(HvBlend) * model->schema.ncolumns);
	for (uint32_t j = 0; j < model->schema.ncolumns; j++)
		hv_blend_default(&model->blend[j], false);
	model->provenance = (HvProvenance){.seed = (uint64_t) learning->options->seed,
	                                   .epsilon = INFINITY,
	                                   .row_security = learning->table->row_security,
	                                   .source = learning->table->qualified,
	                                   .trainer = GetUserNameFromId(GetUserId(), false),
	                                   .extension_version = HADVICE_VERSION};
}

/* Why the champion's weights are of no use; NULL when they are. */
static const char *
why_cold(const Learning *learning, HvArchitecture architecture)
{
	const HvVae *old = &learning->champion->vae;
	const char *column = learning->trained->retraining.kinship.column;

	if (old->config.architecture != architecture ||
	    old->schema->nstages != learning->schema->nstages)
		return psprintf("the architecture is now %s", hv_architecture_name(architecture));
	if (column != NULL)
		return psprintf("column \"%s\" is of another kind", column);
	return NULL;
}

static void
find_kin(Learning *learning, HvArchitecture architecture)
{
	HvRetraining *retraining = &learning->trained->retraining;

	if (learning->champion == NULL)
		return;
	HV_CHECK(hv_kin_find(&retraining->kinship, learning->schema, &learning->champion->schema,
	                     architecture == HV_SEED, &learning->arena),
	         learning->doing);
	retraining->cold = why_cold(learning, architecture);
	retraining->warm = retraining->cold == NULL;
}

static void
make_network(Learning *learning, HvArchitecture architecture)
{
	HvVae *vae = &learning->trained->model.vae;
	const HvRetraining *retraining = &learning->trained->retraining;
	HvConfig config;

	hv_config_defaults(&config, architecture, learning->rows, learning->schema);
	hv_fit_defaults(&learning->fit, learning->rows);
	hv_options_apply(learning->options, &config, &learning->fit, learning->schema->nstages);
	if (retraining->warm)
	{
		config = learning->champion->vae.config;
		hv_fit_again(&learning->fit);
	}
	learning->fit.batch_size = Min(learning->fit.batch_size, learning->rows);
	HV_CHECK(hv_vae_init(vae, learning->schema, &config, &learning->arena), learning->doing);
	hv_vae_randomise(vae, learning->fit.seed);
	if (retraining->warm)
		HV_CHECK(
			hv_warm_start(vae, &learning->champion->vae, &retraining->kinship, &learning->arena),
			learning->doing);
}

/*
 * maintenance_work_mem is divided: first the network and one participant, then the records, or a
 * window of them, then as many workers as still fit.
 */
static void
make_room(Learning *learning)
{
	const HvModel *model = &learning->trained->model;
	const HvVae *vae = &model->vae;
	size_t limit = hv_work_limit(), bytes = vae->nparameters * sizeof(HvReal);
	size_t trainer = hv_trainer_size(vae, &learning->fit), budget, workers_bytes;
	size_t used = learning->arena.used + trainer + bytes + SLACK;
	size_t records, shared;
	double operations = 6.0 * (double) vae->nparameters * (double) learning->rows;
	HvShare share;
	HvRoom room;

	used += hv_share_place(&share, NULL, vae, &learning->fit, true);
	budget = limit > used ? limit - used : 0;
	if (!hv_records_room(&room, learning->schema, learning->rows,
	                     learning->options->validation_fraction, learning->fit.batch_size, budget))
		hv_raise(HV_NO_MEMORY, learning->doing);
	records = hv_records_size(&room, learning->schema);
	shared = hv_crew_overhead(model) + hv_share_place(&share, NULL, vae, &learning->fit, false);
	room.workers = hv_crew_wanted(learning->table->relid, operations * learning->fit.epochs,
	                              hv_slices(learning->fit.batch_size) * vae->nblocks);
	workers_bytes = trainer + 2 * bytes;
	while (room.workers > 0 && records + shared + room.workers * workers_bytes > budget)
		room.workers--;
	if (room.workers > 0)
		learning->crew = hv_crew_new(shared + records, room.workers);
	if (learning->crew != NULL)
		learning->arena.limit -= shared + records + room.workers * workers_bytes;
	if (room.streams)
		hv_notice_stream(learning->table, &room, budget);
	if (!hv_records_init(&learning->records, learning->table, learning->schema, &room,
	                     learning->rows, learning->options->validation_fraction, learning->crew,
	                     &learning->arena))
		hv_raise(HV_NO_MEMORY, learning->doing);
}

/* ---- pass 2 ---- */

static void
load_records(Learning *learning)
{
	HvRecords *records = &learning->records;

	hv_records_load(records, learning->table);
	if (records->ntrain + records->nheld < MIN_ROWS || records->ntrain == 0)
		no_rows(learning, records->ntrain + records->nheld);
}

/* ---- what the core calls back ---- */

static double
seconds_since(TimestampTz then)
{
	return (double) (GetCurrentTimestamp() - then) / USECS_PER_SEC;
}

/* Also before a checkpoint that we go on from. */
static double
seconds_spent(const Learning *learning)
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
	const Learning *learning = ctx;
	int64 limit = learning->options->max_usecs;

	return limit > 0 && GetCurrentTimestamp() - learning->began >= limit;
}

static void
notice_epoch(const Learning *learning, const HvEpoch *epoch)
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
log_epoch(Learning *learning, const HvEpoch *epoch)
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
	trained->log[trained->nlog++] = (HvLogged){.epoch = *epoch, .seconds = seconds_spent(learning)};
}

static void
progress(void *ctx, const HvEpoch *epoch)
{
	Learning *learning = ctx;

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
task_of(const Learning *learning)
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
	Learning *learning = ctx;
	HvCheckpoint point = learning->point;

	if (!hv_keeper_due(learning->trained->keeper))
		return;
	point.state = *state;
	point.seconds = seconds_spent(learning);
	point.nlog = learning->trained->nlog;
	point.log = learning->trained->log;
	hv_keeper_save(learning->trained->keeper, &point);
}

static int
resume(void *ctx, HvFitState *state)
{
	Learning *learning = ctx;
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
start_keeping(Learning *learning, HvHost *host)
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

/* ---- fit ---- */

static char *
share_memory(Learning *learning, size_t bytes)
{
	char *place = learning->crew != NULL ? hv_crew_memory(learning->crew, bytes)
	                                     : hv_arena_alloc(&learning->arena, bytes, 1, 1);

	if (place == NULL)
		hv_raise(HV_NO_MEMORY, learning->doing);
	return place;
}

/* The parameters live in the share while they are trained, and come back at the end. */
static void
fit(Learning *learning, HvSource *train, HvSource *held)
{
	HvModel *model = &learning->trained->model;
	HvFitResult *result = &learning->trained->fit;
	HvReal *parameters = model->vae.parameters;
	size_t bytes = model->vae.nparameters * sizeof(HvReal);
	bool alone = learning->crew == NULL;
	HvHost host = {.check = check, .progress = progress, .expired = time_is_up, .ctx = learning};
	HvTrainer trainer;
	HvTeam team;
	HvShare share;
	HvStatus status;
	char *place;

	learning->fit.batch_size = Min(learning->fit.batch_size, learning->records.ntrain);
	start_keeping(learning, &host);
	place =
		share_memory(learning, hv_share_place(&share, NULL, &model->vae, &learning->fit, alone));
	(void) hv_share_place(&share, place, &model->vae, &learning->fit, alone);
	memcpy(share.parameters, parameters, bytes);
	HV_CHECK(hv_trainer_init(&trainer, &model->vae, hv_openblas(), &learning->fit, &host, &share,
	                         alone, &train->window, &held->window, &learning->arena),
	         learning->doing);
	if (!alone)
	{
		hv_crew_start(learning->crew, model, &trainer, place);
		team = hv_crew_team(learning->crew);
	}
	status = hv_fit_team(&trainer, alone ? NULL : &team, train, held, &learning->arena, result);
	if (status != HV_OK)
		hv_raise(status, learning->doing);
	if (!alone)
		hv_crew_end(learning->crew);
	memcpy(parameters, share.parameters, bytes);
	model->vae.parameters = parameters;
	if (result->expired)
		ereport(NOTICE, errmsg("max_duration was reached after %d epochs: the best model so far "
		                       "is kept",
		                       result->epochs));
}

/* ---- the end ---- */

/* Both models on the held-out rows. Memory is what the records have been let go of. */
static void
compare(Learning *learning, HvSource *held)
{
	HvRetraining *retraining = &learning->trained->retraining;
	HvHost host = {.check = check, .ctx = learning};
	HvArena arena;

	hv_arena_in(&arena, CurrentMemoryContext, COMPARE_BYTES);
	HV_CHECK(hv_compare(&learning->trained->model.vae, &learning->champion->vae,
	                    &retraining->kinship, hv_openblas(), held, &host, &arena,
	                    &retraining->comparison),
	         learning->doing);
}

static void
set_provenance(Learning *learning)
{
	const HvFitResult *result = &learning->trained->fit;
	HvProvenance *provenance = &learning->trained->model.provenance;

	provenance->rows = learning->records.ntrain;
	provenance->validation_rows = learning->records.nheld;
	provenance->fingerprint = learning->records.fingerprint;
	provenance->epochs = (uint32_t) result->epochs;
	provenance->best_epoch = (uint32_t) result->best_epoch;
	provenance->train_elbo = result->train_elbo;
	provenance->validation_elbo = result->validation_elbo;
	provenance->baseline_elbo = result->baseline_elbo;
}

/* ---- all of it ---- */

void
hv_learn(Oid relid, const char *model, const HvOptions *options, const HvModel *champion,
         HvTrained *trained)
{
	MemoryContext cxt = CurrentMemoryContext;
	Learning learning = {.options = options,
	                     .champion = champion,
	                     .trained = trained,
	                     .name = model,
	                     .point.log_step = 1,
	                     .schema = &trained->model.schema,
	                     .began = GetCurrentTimestamp()};
	bool seed = !options->automatic && options->architecture == HV_SEED;
	HvArchitecture architecture;
	HvSource train, held;

	memset(trained, 0, sizeof(*trained));
	(void) hv_openblas(); /* when it is missing, better now than after the first pass */
	hv_arena_in(&learning.arena, cxt, hv_work_limit());
	trained->log = palloc(sizeof(HvLogged) * HV_MAX_LOG);
	hv_progress_start(relid, model);
	hv_progress_phase(HV_PHASE_STATISTICS);
	hv_spi_connect();
	MemoryContextSwitchTo(cxt);
	trained->table = learning.table = hv_table_open(relid, options->columns, options->exclude);
	learning.doing = psprintf("training on %s", learning.table->name);
	learning.rows = hv_table_statistics(learning.table, &learning.arena, seed);
	if (learning.rows == 0)
		no_rows(&learning, 0);
	if (champion != NULL)
		hv_kin_adopt(&learning.table->schema, &champion->schema, seed);
	hv_notice_table(learning.table);

	hv_progress_phase(HV_PHASE_ENCODING);
	architecture = choose_architecture(&learning);
	make_schema(&learning, architecture);
	find_kin(&learning, architecture);
	make_network(&learning, architecture);
	set_origin(&learning);
	make_room(&learning);
	load_records(&learning);
	hv_spi_finish();
	MemoryContextSwitchTo(cxt);

	hv_progress_phase(HV_PHASE_TRAINING);
	hv_records_sources(&learning.records, learning.fit.seed, &train, &held);
	fit(&learning, &train, &held);
	hv_progress_phase(HV_PHASE_FINISHING);
	if (champion != NULL)
		compare(&learning, &held);
	hv_finish(&trained->model, &train, &held, learning.doing, &learning.arena);
	set_provenance(&learning);
	hv_records_close(&learning.records);
	if (learning.crew != NULL)
		hv_crew_free(learning.crew);
	trained->seconds = seconds_spent(&learning);
}
