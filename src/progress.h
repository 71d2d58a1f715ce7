/*
 * progress.h: a running training, for everybody to see (view pg_stat_progress_vae_train).
 */
#ifndef HV_PROGRESS_H
#define HV_PROGRESS_H

#include "hadvice.h"

typedef enum HvTrainingPhase
{
	HV_PHASE_STATISTICS = 1, /* first pass over the table */
	HV_PHASE_ENCODING,       /* second pass */
	HV_PHASE_TRAINING,
	HV_PHASE_FINISHING /* what the model is worth, its bytes, the registry */
} HvTrainingPhase;

/* A training on a relation begins; `model` is its name, NULL when it has none. */
void hv_progress_start(Oid source, const char *model);

/* Ends by itself when the transaction does. */
void hv_progress_end(void);

void hv_progress_phase(HvTrainingPhase phase);

/* Rows of the running pass or epoch; total 0: not known. Cheap: a few stores. */
void hv_progress_rows(int64 done, int64 total);

/* After an epoch. */
void hv_progress_epoch(int epoch, int epochs_total, double elbo);

#endif
