/*
 * learning.h: a training that runs: what learn.c and watch.c share; nobody else includes it.
 */
#ifndef HV_LEARNING_H
#define HV_LEARNING_H

#include "learn.h"
#include "parallel.h"
#include "records.h"

#include "utils/timestamp.h"

typedef struct HvLearning
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
} HvLearning;

/* What the core calls while it trains: interrupts, the clock, the log, notices, checkpoints. */
HvHost hv_watch(HvLearning *learning);

/* Seconds since the training began, also before a checkpoint that it went on from. */
double hv_seconds_spent(const HvLearning *learning);

#endif
