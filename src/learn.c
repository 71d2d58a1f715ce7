/*
 * learn.c: from a relation to a trained model.
 *
 *     pass 1   rows → statistics → kinds, levels, scales, what is left out
 *     roles    the architecture, the order of the columns (schema)
 *     pass 2   rows → records, split into training and held-out ones
 *     fit      the core trains; watch.c has an eye on it
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

#include "learning.h"

#include <math.h>

#include "finish.h"
#include "model.h"
#include "notice.h"
#include "openblas.h"
#include "progress.h"
#include "spi.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#define MIN_ROWS 10                        /* fewer are an error */
#define SLACK (512 * 1024)                 /* bytes for what is too small to be counted */
#define COMPARE_BYTES ((size_t) 256 << 20) /* the most that comparing two models may take */

/* ---- pass 1 and the schema ---- */

_Noreturn static void
no_rows(const HvLearning *learning, uint64 rows)
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
choose_architecture(const HvLearning *learning)
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
make_schema(HvLearning *learning, HvArchitecture architecture)
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
set_origin(HvLearning *learning)
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
why_cold(const HvLearning *learning, HvArchitecture architecture)
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
find_kin(HvLearning *learning, HvArchitecture architecture)
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
make_network(HvLearning *learning, HvArchitecture architecture)
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
make_room(HvLearning *learning)
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
load_records(HvLearning *learning)
{
	HvRecords *records = &learning->records;

	hv_records_load(records, learning->table);
	if (records->ntrain + records->nheld < MIN_ROWS || records->ntrain == 0)
		no_rows(learning, records->ntrain + records->nheld);
}

/* ---- fit ---- */

static char *
share_memory(HvLearning *learning, size_t bytes)
{
	char *place = learning->crew != NULL ? hv_crew_memory(learning->crew, bytes)
	                                     : hv_arena_alloc(&learning->arena, bytes, 1, 1);

	if (place == NULL)
		hv_raise(HV_NO_MEMORY, learning->doing);
	return place;
}

/* The parameters live in the share while they are trained, and come back at the end. */
static void
fit(HvLearning *learning, HvSource *train, HvSource *held)
{
	HvModel *model = &learning->trained->model;
	HvFitResult *result = &learning->trained->fit;
	HvReal *parameters = model->vae.parameters;
	size_t bytes = model->vae.nparameters * sizeof(HvReal);
	bool alone = learning->crew == NULL;
	HvHost host;
	HvTrainer trainer;
	HvTeam team;
	HvShare share;
	HvStatus status;
	char *place;

	learning->fit.batch_size = Min(learning->fit.batch_size, learning->records.ntrain);
	host = hv_watch(learning);
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
	if (result->expired && !learning->options->trial)
		ereport(NOTICE, errmsg("max_duration was reached after %d epochs: the best model so far "
		                       "is kept",
		                       result->epochs));
}

/* ---- the end ---- */

/* Both models on the held-out rows. Memory is what the records have been let go of. */
static void
compare(HvLearning *learning, HvSource *held)
{
	HvRetraining *retraining = &learning->trained->retraining;
	HvArena arena;

	hv_arena_in(&arena, CurrentMemoryContext, COMPARE_BYTES);
	HV_CHECK(hv_compare(&learning->trained->model.vae, &learning->champion->vae,
	                    &retraining->kinship, hv_openblas(), held, &hv_interrupts, &arena,
	                    &retraining->comparison),
	         learning->doing);
}

static void
set_provenance(HvLearning *learning)
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
	HvLearning learning = {.options = options,
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
	if (!options->trial)
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
	if (!options->trial)
		hv_finish(&trained->model, &train, &held, learning.doing, &learning.arena);
	set_provenance(&learning);
	hv_records_close(&learning.records);
	if (learning.crew != NULL)
		hv_crew_free(learning.crew);
	trained->seconds = hv_seconds_spent(&learning);
}
