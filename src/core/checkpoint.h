/*
 * checkpoint.h: where a training stands, as bytes: to go on from after a cancel or a crash.
 */
#ifndef HV_CHECKPOINT_H
#define HV_CHECKPOINT_H

#include <stdbool.h>

#include "fit.h"

#define HV_MAX_LOG 1000 /* epochs logged of a training; of a longer one every second, fourth, … */

/* One epoch as training_history keeps it. */
typedef struct HvLogged
{
	HvEpoch epoch;
	double seconds; /* since the training began */
} HvLogged;

typedef struct HvCheckpoint
{
	uint64_t task;    /* a hash of all that the training's bytes depend on */
	HvFitState state; /* its arrays are the caller's, of the sizes it says */
	double seconds;   /* since the training began */
	int log_step;     /* epochs between two entries of the log */
	int nlog;
	HvLogged *log; /* room for HV_MAX_LOG */
} HvCheckpoint;

/* The most bytes that a checkpoint of a network of this size can have. */
size_t hv_checkpoint_most(size_t nparameters, uint32_t nblocks);

/* Gives the bytes to `put`, piece by piece; false when that does. */
typedef bool (*HvPutFn)(void *ctx, const void *bytes, size_t n);
bool hv_checkpoint_write(const HvCheckpoint *checkpoint, HvPutFn put, void *ctx);

/*
 * Reads and checks everything (magic, version, length, CRC, task, sizes, every number) before it
 * changes anything of *checkpoint. `task` and the sizes of `state` are what is expected. On failure
 * *why is a constant text that says what was wrong.
 */
HvStatus hv_checkpoint_read(const uint8_t *bytes, size_t size, HvCheckpoint *checkpoint,
                            const char **why);

#endif
