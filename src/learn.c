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
#include "openblas.h"
#include "spi.h"

#include "core/encode.h"
#include "core/impute.h"
#include "core/predict.h"
#include "core/rng.h"
#include "core/summary.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#define MIN_ROWS 10             /* fewer are an error */
#define MAX_SURPRISE_ROWS 20000 /* rows whose surprise is measured */
#define SURPRISE_BATCH 256
#define MIN_HELD 30 /* held-out rows, for guesses to be weighed by them */
#define BAR 20      /* characters of a progress bar */

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

	/* records: training ones from the front, held-out ones from the back */
	HvReal *records;
	size_t capacity, ntrain, nheld;
	uint64 rows, fingerprint;
	uint32_t *cell; /* per column of the schema: its number in the table */
	double *values;
} Learning;

/* ---- notices ---- */

static void
notice_left_out(const Learning *learning)
{
	const HvSchema *all = &learning->table->schema;
	StringInfoData list;
	int n = 0;

	initStringInfo(&list);
	for (uint32_t i = 0; i < all->ncolumns; i++)
	{
		const HvColumn *column = &all->columns[i];

		if (column->used)
			continue;
		appendStringInfo(&list, "%s%s (%s)", n > 0 ? ", " : "", column->name, column->note);
		n++;
	}
	if (n > 0)
		ereport(NOTICE, errmsg_plural("%d column of %s is left out: %s",
		                              "%d columns of %s are left out: %s", (unsigned long) n, n,
		                              learning->table->name, list.data));
}

static void
notice_implausible(const Learning *learning)
{
	const HvSchema *all = &learning->table->schema;
	StringInfoData list;

	initStringInfo(&list);
	for (uint32_t i = 0; i < all->ncolumns; i++)
	{
		const HvColumn *column = &all->columns[i];

		if (column->used && column->implausible > 0)
			appendStringInfo(&list, "%s%s (" UINT64_FORMAT ")", list.len > 0 ? ", " : "",
			                 column->name, (uint64) column->implausible);
	}
	if (list.len > 0)
		ereport(NOTICE, errmsg("implausible values of %s are treated as missing: %s",
		                       learning->table->name, list.data));
}

static void
notice_row_security(const Learning *learning)
{
	if (learning->table->row_security)
		ereport(NOTICE, errmsg("row-level security is in force: the model learns from the rows "
		                       "of %s that you may see",
		                       learning->table->name));
}

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

	learning->cell = palloc(sizeof(uint32_t) * schema->ncolumns);
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		learning->cell[i] = (uint32_t) hv_schema_find(all, schema->columns[i].name);
	learning->values = palloc(sizeof(double) * schema->nvalues);
}

/* ---- pass 2 ---- */

/*
 * Encodes the row where the next training record goes, and moves it to the back when it is held
 * out. The two ends never meet, since there is room for every row of pass 1.
 */
static void
add_record(void *ctx, const HvRaw *cells)
{
	Learning *learning = ctx;
	const HvSchema *schema = learning->schema;
	size_t width = schema->width;
	HvReal *record = learning->records + learning->ntrain * width;

	if (learning->ntrain + learning->nheld >= learning->capacity)
		ereport(ERROR, errcode(ERRCODE_DATA_EXCEPTION),
		        errmsg("%s gave more rows when read again", learning->table->name),
		        errhint("A view must give the same rows each time; materialise it first."));
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[i];

		hv_values_of_raw(column, &cells[learning->cell[i]], learning->values + column->value_at);
	}
	memset(record, 0, width * sizeof(HvReal));
	if (hv_encode_row(schema, learning->values, record) == 0)
		return;
	learning->fingerprint = hv_hash(record, width * sizeof(HvReal), learning->fingerprint);
	if (hv_held_out(record, width, learning->options->validation_fraction))
	{
		learning->nheld++;
		memmove(learning->records + (learning->capacity - learning->nheld) * width, record,
		        width * sizeof(HvReal));
	}
	else
		learning->ntrain++;
}

static void
load_records(Learning *learning)
{
	size_t width = learning->schema->width;

	learning->capacity = learning->rows;
	learning->records = hv_new(&learning->arena, HvReal, learning->capacity, width);
	if (learning->records == NULL)
		hv_raise(HV_NO_MEMORY, learning->doing);
	(void) hv_table_scan(learning->table, add_record, learning);
	if (learning->ntrain + learning->nheld < MIN_ROWS || learning->ntrain == 0)
		no_rows(learning, learning->ntrain + learning->nheld);
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

	memset(bar, '.', BAR);
	memset(bar, '#', Max(0, Min(done, BAR)));
	bar[BAR] = '\0';
	ereport(NOTICE,
	        isnan(epoch->validation)
	            ? errmsg("epoch %d of %d [%s] ELBO %.3f, %.1f s", epoch->epoch, epoch->epochs_total,
	                     bar, epoch->elbo, seconds_since(learning->began))
	            : errmsg("epoch %d of %d [%s] ELBO %.3f, held out %.3f, %.1f s", epoch->epoch,
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
	if (hv_progress)
		notice_epoch(learning, epoch);
}

/* ---- fit ---- */

static void
fit(Learning *learning, HvArchitecture architecture)
{
	const HvOptions *options = learning->options;
	HvTrained *trained = learning->trained;
	HvSchema *schema = learning->schema;
	HvArena *arena = &learning->arena;
	HvHost host = {.check = check, .progress = progress, .expired = time_is_up, .ctx = learning};
	HvReal *held = learning->records + (learning->capacity - learning->nheld) * schema->width;
	HvMemorySource train_memory, held_memory;
	HvSource train, validation;
	HvConfig config;
	HvFitOptions fit_options;
	HvStatus status;

	hv_config_defaults(&config, architecture, learning->ntrain, schema);
	hv_fit_defaults(&fit_options, learning->ntrain);
	hv_options_apply(options, &config, &fit_options, schema->nstages);
	fit_options.batch_size = Min(fit_options.batch_size, learning->ntrain);

	HV_CHECK(hv_vae_init(&trained->model.vae, schema, &config, arena), learning->doing);
	hv_vae_randomise(&trained->model.vae, fit_options.seed);
	HV_CHECK(hv_memory_source(&train, &train_memory, learning->records, learning->ntrain,
	                          schema->width, fit_options.seed, true, arena),
	         learning->doing);
	HV_CHECK(hv_memory_source(&validation, &held_memory, held, learning->nheld, schema->width,
	                          fit_options.seed, false, arena),
	         learning->doing);
	status = hv_fit(&trained->model.vae, hv_openblas(), &train, &validation, &fit_options, &host,
	                arena, &trained->fit);
	if (status != HV_OK)
		hv_raise(status, learning->doing);
	if (trained->fit.expired)
		ereport(NOTICE, errmsg("max_duration was reached after %d epochs: the best model so far "
		                       "is kept",
		                       trained->fit.epochs));
}

/* ---- provenance ---- */

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* -ELBO per observed cell of the first `stages` stages of n training rows, every step-th one. */
static void
measure_surprise(Learning *learning, uint32_t stages, size_t step, size_t n, double *surprise)
{
	const HvVae *vae = &learning->trained->model.vae;
	size_t width = learning->schema->width;
	HvReal *records = hv_new(&learning->arena, HvReal, SURPRISE_BATCH, width);
	HvReal *weight = hv_new(&learning->arena, HvReal, SURPRISE_BATCH, learning->schema->ncolumns);
	double elbo[SURPRISE_BATCH];
	uint32_t cells[SURPRISE_BATCH];
	HvWork work;

	if (records == NULL || weight == NULL)
		hv_raise(HV_NO_MEMORY, learning->doing);
	HV_CHECK(hv_work_init(&work, vae, SURPRISE_BATCH, false, &learning->arena), learning->doing);
	for (size_t first = 0; first < n; first += SURPRISE_BATCH)
	{
		size_t rows = Min(n - first, SURPRISE_BATCH);

		CHECK_FOR_INTERRUPTS();
		for (size_t i = 0; i < rows; i++)
			memcpy(records + i * width, learning->records + (first + i) * step * width,
			       width * sizeof(HvReal));
		hv_row_elbo(vae, hv_openblas(), records, rows, stages, HV_SURPRISE_DRAWS, &work, weight,
		            elbo, cells);
		for (size_t i = 0; i < rows; i++)
			surprise[first + i] = -elbo[i] / Max(cells[i], 1);
	}
}

static void
surprise_quantiles(Learning *learning, uint32_t stages, double *quantiles)
{
	size_t step = (learning->ntrain + MAX_SURPRISE_ROWS - 1) / MAX_SURPRISE_ROWS;
	size_t n = (learning->ntrain + step - 1) / step;
	double *surprise = palloc(sizeof(double) * n);

	measure_surprise(learning, stages, step, n, surprise);
	qsort(surprise, n, sizeof(double), compare_doubles);
	for (int i = 0; i < HV_QUANTILES; i++)
		quantiles[i] = hv_sorted_quantile(surprise, n, i / (double) (HV_QUANTILES - 1));
}

/* What stands beside the network: ties between columns, and how guesses are to be weighed. */
static void
fit_guesses(Learning *learning)
{
	HvModel *model = &learning->trained->model;
	size_t width = learning->schema->width;
	HvReal *held = learning->records + (learning->capacity - learning->nheld) * width;
	bool few = learning->nheld < MIN_HELD;
	HvHost host = {.check = check, .ctx = learning};

	HV_CHECK(hv_copula_fit(&model->copula, learning->schema, hv_openblas(), learning->records,
	                       learning->ntrain, &host, &learning->arena),
	         learning->doing);
	HV_CHECK(hv_impute_calibrate(model, hv_openblas(), few ? learning->records : held,
	                             few ? learning->ntrain : learning->nheld, &host, &learning->arena),
	         learning->doing);
}

static void
set_provenance(Learning *learning)
{
	const HvFitResult *result = &learning->trained->fit;
	HvProvenance *provenance = &learning->trained->model.provenance;

	*provenance = (HvProvenance){.seed = (uint64_t) learning->options->seed,
	                             .rows = learning->ntrain,
	                             .validation_rows = learning->nheld,
	                             .fingerprint = learning->fingerprint,
	                             .epochs = (uint32_t) result->epochs,
	                             .best_epoch = (uint32_t) result->best_epoch,
	                             .train_elbo = result->train_elbo,
	                             .validation_elbo = result->validation_elbo,
	                             .baseline_elbo = result->baseline_elbo,
	                             .epsilon = INFINITY,
	                             .row_security = learning->table->row_security,
	                             .source = learning->table->qualified,
	                             .trainer = GetUserNameFromId(GetUserId(), false),
	                             .extension_version = HADVICE_VERSION};
	surprise_quantiles(learning, learning->schema->nstages, provenance->surprise);
	surprise_quantiles(learning, 1, provenance->first_surprise);
}

/* ---- all of it ---- */

void
hv_learn(Oid relid, const HvOptions *options, HvTrained *trained)
{
	MemoryContext cxt = CurrentMemoryContext;
	Learning learning = {.options = options,
	                     .trained = trained,
	                     .log_step = 1,
	                     .schema = &trained->model.schema,
	                     .began = GetCurrentTimestamp()};
	bool seed = !options->automatic && options->architecture == HV_SEED;
	HvArchitecture architecture;

	memset(trained, 0, sizeof(*trained));
	(void) hv_openblas(); /* when it is missing, better now than after the first pass */
	hv_arena_in(&learning.arena, cxt, hv_work_limit());
	trained->log = palloc(sizeof(HvLogged) * HV_MAX_LOG);
	hv_spi_connect();
	MemoryContextSwitchTo(cxt);
	trained->table = learning.table = hv_table_open(relid, options->columns, options->exclude);
	learning.doing = psprintf("training on %s", learning.table->name);
	learning.rows = hv_table_statistics(learning.table, &learning.arena, seed);
	if (learning.rows == 0)
		no_rows(&learning, 0);
	notice_left_out(&learning);
	notice_implausible(&learning);
	notice_row_security(&learning);

	architecture = choose_architecture(&learning);
	make_schema(&learning, architecture);
	load_records(&learning);
	hv_spi_finish();
	MemoryContextSwitchTo(cxt);

	fit(&learning, architecture);
	fit_guesses(&learning);
	set_provenance(&learning);
	trained->seconds = seconds_since(learning.began);
}
