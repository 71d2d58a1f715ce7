/*
 * parallel.c: training with PostgreSQL's parallel workers.
 *
 * The core cuts a phase of a training into units (core/step.h) which anybody may do. Here is who does
 * them: the leader, which runs the training's loop, and the workers, which know nothing but how to
 * do a unit. Everything they share lies in one dynamic shared memory segment, made before the table
 * is read the second time, so that records are encoded straight into it:
 *
 *     Head | model bytes | share | training records, order | held-out records
 *
 * A phase. The leader writes the step into the share and publishes the number of units; who is free
 * takes the next one, leader included, until none is left; who finishes the last one wakes the
 * leader. Both numbers, units and the next of them, are one atomic word, changed by compare and
 * exchange: a unit is taken from the phase that is current in this very moment or not at all, so a
 * worker that comes late, or wakes up in the middle of a later phase, does no harm, and the leader
 * never waits for a worker that has taken nothing.
 *
 * Phases last tens of microseconds up to milliseconds. So whoever waits first spins for a moment,
 * where there are as many processors as participants, then sleeps on a condition variable, which
 * looks for interrupts.
 *
 * Errors. A worker's error reaches the leader through the parallel context's queue, at one of its
 * checks for interrupts. When the leader fails or is cancelled, the end of the transaction stops the
 * workers, at one of theirs. The segment belongs to the resource owner.
 */
#include "hadvice.h"

#include "parallel.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "model.h"
#include "openblas.h"

#include "access/parallel.h"
#include "access/relation.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/dsm.h"
#include "storage/dsm_impl.h"
#include "storage/s_lock.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/wait_event.h"

#define KEY_HANDLE UINT64CONST(0x4856000000000001)

/* A training of fewer operations (a tenth of a second or so) is over before workers are there. */
#define WORTH_IT 1e10

/*
 * Rounds of waiting before one sleeps: 100 to 400 microseconds, by processor. To be woken takes 50, a
 * phase of a small network not much more: with a tenth of these rounds two participants were no
 * faster than one at 64 hidden units and batches of 256, with these 1.5 times as fast.
 */
#define SPINS 8000

/* A window's parts as distances from the head; 0 = there is none. */
typedef struct Place
{
	size_t records, order, rows, width;
} Place;

typedef struct Head
{
	pg_atomic_uint64 ticket; /* units of the phase << 32 | the next one */
	pg_atomic_uint32 left;   /* units that are not finished */
	bool stop;
	bool spin;
	ConditionVariable work;     /* there is something to do, or the end */
	ConditionVariable finished; /* left is 0 */
	size_t model_at, model_size, share_at;
	Place train, held;
	HvFitOptions options;
} Head;

struct HvCrew
{
	dsm_segment *segment;
	Head *head;
	size_t used, size;
	int workers;
	ParallelContext *context;
	HvTrainer *leader;
};

PGDLLEXPORT void hv_crew_main(dsm_segment *segment, shm_toc *toc);

/* ---- how many ---- */

/* The table's own wish (its storage parameter), or -1. */
static int
workers_of_table(Oid relid)
{
	Relation relation = relation_open(relid, AccessShareLock);
	int workers = -1;

	if (relation->rd_rel->relkind == RELKIND_RELATION ||
	    relation->rd_rel->relkind == RELKIND_MATVIEW)
		workers = RelationGetParallelWorkers(relation, -1);
	relation_close(relation, AccessShareLock);
	return workers;
}

static int
processors(void)
{
	return (int) Max(sysconf(_SC_NPROCESSORS_ONLN), 1);
}

/* As for building an index, the table's own wish takes the place of our judgement. */
int
hv_crew_wanted(Oid relid, double operations, uint32_t units)
{
	int workers = Min(max_parallel_maintenance_workers, max_worker_processes);
	int wish;

	if (workers <= 0 || IsInParallelMode() || IsParallelWorker())
		return 0;
	wish = workers_of_table(relid);
	if (wish >= 0)
		workers = Min(workers, wish);
	else if (operations < WORTH_IT)
		workers = 0;
	else
		workers = Min(workers, processors() - 1);
	return Min(workers, (int) units - 1);
}

/* ---- memory ---- */

#define ALIGN(bytes) TYPEALIGN(64, bytes)

size_t
hv_crew_overhead(const HvModel *model)
{
	return ALIGN(sizeof(Head)) + ALIGN(hv_model_size(model)) + 1024;
}

/*
 * Containers often have a small /dev/shm. Too little room there would be an error of dsm_create;
 * for us it is only a reason to go on alone.
 */
static bool
has_room(size_t bytes)
{
	struct statvfs room;

	if (dynamic_shared_memory_type != DSM_IMPL_POSIX || statvfs("/dev/shm", &room) != 0)
		return true;
	return (double) room.f_bavail * (double) room.f_frsize > bytes * 1.1 + 1024 * 1024;
}

HvCrew *
hv_crew_new(size_t bytes, int workers)
{
	HvCrew *crew;
	dsm_segment *segment;

	if (!has_room(bytes))
		return NULL;
	segment = dsm_create(bytes, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (segment == NULL)
		return NULL;
	crew = palloc0(sizeof(HvCrew));
	crew->segment = segment;
	crew->size = bytes;
	crew->workers = workers;
	crew->head = dsm_segment_address(segment);
	memset(crew->head, 0, bytes);
	(void) hv_crew_memory(crew, sizeof(Head));
	pg_atomic_init_u64(&crew->head->ticket, 0);
	pg_atomic_init_u32(&crew->head->left, 0);
	ConditionVariableInit(&crew->head->work);
	ConditionVariableInit(&crew->head->finished);
	return crew;
}

void *
hv_crew_memory(HvCrew *crew, size_t bytes)
{
	char *place = (char *) crew->head + crew->used;

	if (ALIGN(bytes) > crew->size - crew->used)
		elog(ERROR, "a training's shared memory is too small");
	crew->used += ALIGN(bytes);
	return place;
}

static size_t
distance(const HvCrew *crew, const void *part)
{
	return part != NULL ? (size_t) ((const char *) part - (const char *) crew->head) : 0;
}

static Place
place_of(const HvCrew *crew, const HvWindow *window)
{
	return (Place){.records = distance(crew, window->records),
	               .order = distance(crew, window->order),
	               .rows = distance(crew, window->rows),
	               .width = window->width};
}

static HvWindow
window_at(char *base, const Place *place)
{
	return (HvWindow){.records = (HvReal *) (base + place->records),
	                  .width = place->width,
	                  .order = place->order > 0 ? (uint32_t *) (base + place->order) : NULL,
	                  .rows = place->rows > 0 ? (uint32_t *) (base + place->rows) : NULL};
}

/* ---- units ---- */

/* Does units of the current phase until none is left to take. */
static void
do_units(Head *head, HvTrainer *trainer)
{
	uint64 ticket = pg_atomic_read_u64(&head->ticket);

	while ((uint32) ticket < (uint32) (ticket >> 32))
	{
		if (!pg_atomic_compare_exchange_u64(&head->ticket, &ticket, ticket + 1))
			continue;
		hv_trainer_unit(trainer, (uint32) ticket);
		if (pg_atomic_sub_fetch_u32(&head->left, 1) == 0)
			ConditionVariableSignal(&head->finished);
		ticket = pg_atomic_read_u64(&head->ticket);
	}
}

static bool
finished(Head *head)
{
	return pg_atomic_read_u32(&head->left) == 0;
}

static bool
called(Head *head)
{
	uint64 ticket = pg_atomic_read_u64(&head->ticket);

	return (uint32) ticket < (uint32) (ticket >> 32) || head->stop;
}

static void
wait_until(Head *head, bool (*condition)(Head *head), ConditionVariable *variable)
{
	for (int i = 0; i < SPINS && head->spin; i++)
	{
		if (condition(head))
			return;
		SPIN_DELAY();
	}
	ConditionVariablePrepareToSleep(variable);
	while (!condition(head))
		ConditionVariableSleep(variable, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
}

static void
run(void *ctx, uint32_t units)
{
	HvCrew *crew = ctx;
	Head *head = crew->head;

	if (units == 0)
		return;
	pg_atomic_write_u32(&head->left, units);
	pg_write_barrier(); /* the step before the units */
	pg_atomic_write_u64(&head->ticket, (uint64) units << 32);
	if (units > 1)
		ConditionVariableBroadcast(&head->work);
	do_units(head, crew->leader);
	wait_until(head, finished, &head->finished);
	pg_read_barrier();
}

HvTeam
hv_crew_team(HvCrew *crew)
{
	return (HvTeam){.run = run, .ctx = crew};
}

/* ---- leader ---- */

/* The workers learn the schema and the configuration from a model's bytes. */
static void
write_model(HvCrew *crew, const HvModel *model)
{
	size_t size = hv_model_size(model);
	uint8_t *bytes = hv_crew_memory(crew, size);

	HV_CHECK(hv_model_write(model, bytes, size), "starting parallel workers");
	crew->head->model_at = distance(crew, bytes);
	crew->head->model_size = size;
}

void
hv_crew_start(HvCrew *crew, const HvModel *model, HvTrainer *leader, const char *share)
{
	Head *head = crew->head;
	dsm_handle *handle;

	crew->leader = leader;
	write_model(crew, model);
	head->share_at = distance(crew, share);
	head->train = place_of(crew, &leader->train);
	head->held = place_of(crew, &leader->held);
	head->options = *leader->options;

	EnterParallelMode();
	crew->context = CreateParallelContext("hadvice", "hv_crew_main", crew->workers);
	shm_toc_estimate_chunk(&crew->context->estimator, sizeof(dsm_handle));
	shm_toc_estimate_keys(&crew->context->estimator, 1);
	InitializeParallelDSM(crew->context);
	handle = shm_toc_allocate(crew->context->toc, sizeof(dsm_handle));
	*handle = dsm_segment_handle(crew->segment);
	shm_toc_insert(crew->context->toc, KEY_HANDLE, handle);
	LaunchParallelWorkers(crew->context);
	head->spin = processors() > crew->context->nworkers_launched;
	elog(DEBUG1, "%d of %d workers for a training", crew->context->nworkers_launched,
	     crew->workers);
}

void
hv_crew_end(HvCrew *crew)
{
	crew->head->stop = true;
	pg_write_barrier();
	ConditionVariableBroadcast(&crew->head->work);
	WaitForParallelWorkersToFinish(crew->context);
	DestroyParallelContext(crew->context);
	ExitParallelMode();
}

void
hv_crew_free(HvCrew *crew)
{
	dsm_detach(crew->segment);
	pfree(crew);
}

/* ---- worker ---- */

void
hv_crew_main(dsm_segment *segment, shm_toc *toc)
{
	const dsm_handle *handle = shm_toc_lookup(toc, KEY_HANDLE, false);
	dsm_segment *memory = dsm_attach(*handle);
	HvArena arena;
	HvModel model;
	HvTrainer trainer;
	HvShare share;
	HvWindow train, held;
	Head *head;
	char *base;

	(void) segment;
	if (memory == NULL) /* the leader has gone */
		return;
	base = dsm_segment_address(memory);
	head = (Head *) base;
	hv_arena_in(&arena, CurrentMemoryContext, hv_work_limit());
	hv_model_decode((const uint8_t *) base + head->model_at, head->model_size, CurrentMemoryContext,
	                &model);
	(void) hv_share_place(&share, base + head->share_at, &model.vae, &head->options, false);
	train = window_at(base, &head->train);
	held = window_at(base, &head->held);
	HV_CHECK(hv_trainer_init(&trainer, &model.vae, hv_openblas(), &head->options, &hv_interrupts,
	                         &share, false, &train, &held, &arena),
	         "a parallel worker's part of a training");
	for (;;)
	{
		wait_until(head, called, &head->work);
		if (head->stop)
			break;
		do_units(head, &trainer);
	}
	dsm_detach(memory);
}
