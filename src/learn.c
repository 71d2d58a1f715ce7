/*
 * learn.c: from a relation to a trained model.
 *
 *     pass 1   rows → statistics → kinds, levels, scales, what is left out
 *     roles    the architecture, the order of the columns (schema)
 *     pass 2   rows → records, split into training and held-out ones
 *     fit      the core trains; we report, watch the clock and the interrupts
 *     end      provenance: what the model knows of its own making
 *
 * All memory of a training is in the context that is current when it begins, and counted by one
 * arena limited to maintenance_work_mem. An error or a cancel leaves by longjmp; the context goes
 * with the query.
 */
#include "hadvice.h"

#include "learn.h"

#include <math.h>

#include "model.h"
#include "notice.h"
#include "openblas.h"
#include "parallel.h"
#include "progress.h"
#include "records.h"
#include "spi.h"

#include "core/anomaly.h"
#include "core/encode.h"
#include "core/impute.h"
#include "core/predict.h"
#include "core/summary.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#define MIN_ROWS 10             /* fewer are an error */
#define MAX_SURPRISE_ROWS 20000 /* rows whose surprise is measured */
#define SURPRISE_BATCH 256
#define SLACK (512 * 1024)              /* bytes for what is too small to be counted */
#define MIN_HELD 30                     /* held-out rows, for guesses to be weighed by them */
#define GUESS_ROWS 20000                /* rows that ties between columns are fitted on */
#define GUESS_HELD 2000                 /* rows that guesses are weighed by */
#define GUESS_BYTES ((size_t) 32 << 20) /* for that, when the records have been let go */
#define BAR 20                          /* characters of a progress bar */

typedef struct Learning
{
	const HvOptions *options;
	HvTrained *trained;
	HvTable *table;
	HvSchema *schema; /* of the model: trained->model.schema */
	HvArena arena;
	char *doing; /* "training on health_records", for messages */
	TimestampTz began;
	int log_step;
	uint64 rows; /* of pass 1 */
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
	model->trust = palloc0(sizeof(float) * model->schema.ncolumns);
	model->spread = palloc(sizeof(float) * model->schema.ncolumns);
	for (uint32_t j = 0; j < model->schema.ncolumns; j++)
		model->spread[j] = 1;
	model->provenance = (HvProvenance){.seed = (uint64_t) learning->options->seed,
	                                   .epsilon = INFINITY,
	                                   .row_security = learning->table->row_security,
	                                   .source = learning->table->qualified,
	                                   .trainer = GetUserNameFromId(GetUserId(), false),
	                                   .extension_version = HADVICE_VERSION};
}

static void
make_network(Learning *learning, HvArchitecture architecture)
{
	HvVae *vae = &learning->trained->model.vae;
	HvConfig config;

	hv_config_defaults(&config, architecture, learning->rows, learning->schema);
	hv_fit_defaults(&learning->fit, learning->rows);
	hv_options_apply(learning->options, &config, &learning->fit, learning->schema->nstages);
	learning->fit.batch_size = Min(learning->fit.batch_size, learning->rows);
	HV_CHECK(hv_vae_init(vae, learning->schema, &config, &learning->arena), learning->doing);
	hv_vae_randomise(vae, learning->fit.seed);
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
	/* a worker that is stopped while its leader reads from the file is not noticed yet */
	room.workers = room.streams
	                   ? 0
	                   : hv_crew_wanted(learning->table->relid, operations * learning->fit.epochs,
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

static void
check(void *ctx)
{
	(void) ctx;
	CHECK_FOR_INTERRUPTS();
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

	/* a line when the bar grows: at most BAR lines, however many the epochs */
	if (done == before && epoch->epoch > 1)
		return;

	memset(bar, '.', BAR);
	memset(bar, '#', Max(0, Min(done, BAR)));
	bar[BAR] = '\0';
	ereport(NOTICE,
	        isnan(epoch->validation)
	            ? errmsg("epoch %d of %d [%s] ELBO %.3f, %.2f s", epoch->epoch, epoch->epochs_total,
	                     bar, epoch->elbo, seconds_since(learning->began))
	            : errmsg("epoch %d of %d [%s] ELBO %.3f, held out %.3f, %.2f s", epoch->epoch,
	                     epoch->epochs_total, bar, epoch->elbo, epoch->validation,
	                     seconds_since(learning->began)));
}

/* A full log is thinned to every second entry, and goes on at twice the step. */
static void
log_epoch(Learning *learning, const HvEpoch *epoch)
{
	HvTrained *trained = learning->trained;

	if (epoch->epoch % learning->log_step != 0)
		return;
	if (trained->nlog == HV_MAX_LOG)
	{
		learning->log_step *= 2;
		for (int i = 1; i < HV_MAX_LOG; i += 2)
			trained->log[i / 2] = trained->log[i];
		trained->nlog = HV_MAX_LOG / 2;
		if (epoch->epoch % learning->log_step != 0)
			return;
	}
	trained->log[trained->nlog++] =
		(HvLogged){.epoch = *epoch, .seconds = seconds_since(learning->began)};
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

/* ---- provenance ---- */

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* -ELBO per observed cell of the first `stages` stages of n training rows. */
static void
measure_surprise(Learning *learning, HvSource *train, uint32_t stages, size_t n, double *surprise)
{
	const HvVae *vae = &learning->trained->model.vae;
	size_t width = learning->schema->width;
	HvReal *records = hv_new(&learning->arena, HvReal, SURPRISE_BATCH, width);
	HvReal *weight = hv_new(&learning->arena, HvReal, SURPRISE_BATCH, learning->schema->ncolumns);
	double elbo[SURPRISE_BATCH];
	uint32_t cells[SURPRISE_BATCH], numbers[SURPRISE_BATCH];
	HvWork work;

	if (records == NULL || weight == NULL)
		hv_raise(HV_NO_MEMORY, learning->doing);
	HV_CHECK(hv_work_init(&work, vae, SURPRISE_BATCH, false, &learning->arena), learning->doing);
	for (size_t first = 0, rows; first < n; first += rows)
	{
		CHECK_FOR_INTERRUPTS();
		rows = Min(n - first, SURPRISE_BATCH);
		HV_CHECK(train->prepare(train, 0, first, &rows), learning->doing);
		hv_window_read(&train->window, first, rows, records, numbers);
		hv_row_elbo(vae, hv_openblas(), records, rows, stages, HV_SURPRISE_DRAWS, &work, weight,
		            elbo, cells);
		for (size_t i = 0; i < rows; i++)
			surprise[first + i] = -elbo[i] / Max(cells[i], 1);
	}
}

static void
surprise_quantiles(Learning *learning, HvSource *train, uint32_t stages, double *quantiles)
{
	size_t n = Min(train->nrows, MAX_SURPRISE_ROWS);
	double *surprise = palloc(sizeof(double) * n);

	measure_surprise(learning, train, stages, n, surprise);
	qsort(surprise, n, sizeof(double), compare_doubles);
	for (int i = 0; i < HV_QUANTILES; i++)
		quantiles[i] = hv_sorted_quantile(surprise, n, i / (double) (HV_QUANTILES - 1));
}

/* The first rows of a source, at most `most` and GUESS_BYTES / 2 of them; *n says how many. */
static HvReal *
gather(Learning *learning, HvSource *source, size_t most, HvArena *arena, size_t *n)
{
	size_t width = learning->schema->width;
	HvReal *records;
	uint32_t *numbers;

	*n = Min(Min(source->nrows, most), GUESS_BYTES / 2 / (width * sizeof(HvReal)));
	records = hv_new(arena, HvReal, *n, width);
	numbers = hv_new(arena, uint32_t, *n, 1);
	if (records == NULL || numbers == NULL)
		hv_raise(HV_NO_MEMORY, learning->doing);
	for (size_t first = 0, rows; first < *n; first += rows)
	{
		CHECK_FOR_INTERRUPTS();
		rows = *n - first;
		HV_CHECK(source->prepare(source, 0, first, &rows), learning->doing);
		hv_window_read(&source->window, first, rows, records + first * width, numbers + first);
	}
	return records;
}

/* What stands beside the network: ties between columns, and how guesses are to be weighed. */
static void
fit_guesses(Learning *learning, HvSource *train, HvSource *held)
{
	HvModel *model = &learning->trained->model;
	HvHost host = {.check = check, .ctx = learning};
	HvArena arena;
	HvReal *records, *weighing;
	size_t n, nweighing;

	hv_arena_in(&arena, CurrentMemoryContext, 2 * GUESS_BYTES);
	records = gather(learning, train, GUESS_ROWS, &arena, &n);
	weighing =
		gather(learning, held->nrows < MIN_HELD ? train : held, GUESS_HELD, &arena, &nweighing);
	HV_CHECK(
		hv_copula_fit(&model->copula, learning->schema, hv_openblas(), records, n, &host, &arena),
		learning->doing);
	HV_CHECK(hv_impute_calibrate(model, hv_openblas(), weighing, nweighing, &host, &arena),
	         learning->doing);
	hv_arena_in(&arena, CurrentMemoryContext, 2 * GUESS_BYTES);
	HV_CHECK(hv_anomaly_fit(model, hv_openblas(), records, n, &host, &arena), learning->doing);
}

static void
set_provenance(Learning *learning, HvSource *train)
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
	surprise_quantiles(learning, train, learning->schema->nstages, provenance->surprise);
	surprise_quantiles(learning, train, 1, provenance->first_surprise);
}

/* ---- all of it ---- */

void
hv_learn(Oid relid, const char *model, const HvOptions *options, HvTrained *trained)
{
	MemoryContext cxt = CurrentMemoryContext;
	Learning learning = {.options = options,
	                     .trained = trained,
	                     .log_step = 1,
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
	hv_notice_table(learning.table);

	hv_progress_phase(HV_PHASE_ENCODING);
	architecture = choose_architecture(&learning);
	make_schema(&learning, architecture);
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
	fit_guesses(&learning, &train, &held);
	set_provenance(&learning, &train);
	hv_records_close(&learning.records);
	if (learning.crew != NULL)
		hv_crew_free(learning.crew);
	trained->seconds = seconds_since(learning.began);
}
