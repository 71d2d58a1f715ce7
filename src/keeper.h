/*
 * keeper.h: checkpoints of a training in the server's folder, that outlive a cancel or a crash.
 */
#ifndef HV_KEEPER_H
#define HV_KEEPER_H

#include "hadvice.h"

#include "core/checkpoint.h"

typedef struct HvKeeper HvKeeper;

/*
 * The keeper of a model's training, in the current context; NULL when checkpoints are switched off,
 * or would be too large. `bytes` is hv_checkpoint_most.
 */
HvKeeper *hv_keeper_new(const char *model, size_t bytes);

/* Whether it is time for the next checkpoint. */
bool hv_keeper_due(const HvKeeper *keeper);

/* Writes it, in the place of the one before. What goes wrong is a warning, and the end of keeping. */
void hv_keeper_save(HvKeeper *keeper, const HvCheckpoint *checkpoint);

/*
 * Reads the checkpoint that an earlier training of this model has left, if there is one and it is of
 * the same task. Says in a notice what it found.
 */
bool hv_keeper_load(HvKeeper *keeper, const char *model, HvCheckpoint *checkpoint);

/* The training is complete: the checkpoint goes when the transaction commits. */
void hv_keeper_done(HvKeeper *keeper);

#endif
