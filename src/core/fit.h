/*
 * fit.h: training: minibatches, KL warm-up, early stop, the best epoch kept.
 */
#ifndef HV_FIT_H
#define HV_FIT_H

#include "recipe.h"
#include "source.h"
#include "step.h"
#include "vae.h"

/* What the training of one block has come to. */
typedef struct HvLearned
{
	uint64_t made;    /* steps of Adam */
	double seen_nll;  /* per row, over its last epoch of learning */
	double seen_kl;   /* likewise */
	double best_loss; /* validation nll + beta kl, per row, of its best epoch */
	int best_epoch;   /* 0: as it was before the first one */
	bool done;        /* patience is over */
} HvLearned;

/*
 * Where a training stands after an epoch: with the rows, the options and the seed, all that the
 * coming epochs depend on. A training that is resumed from here gives the same bytes as one that
 * went on.
 */
typedef struct HvFitState
{
	int epoch; /* that was the last one */
	uint32_t nblocks;
	size_t nparameters;
	HvLearned *learned; /* nblocks */
	HvReal *parameters, *m, *v,
		*best; /* nparameters each: now, Adam's moments, of the best epochs */
} HvFitState;

typedef struct HvFitResult
{
	int epochs;             /* epochs run */
	int best_epoch;         /* of the slowest block */
	double train_elbo;      /* nats per row, of the parameters kept */
	double validation_elbo; /* NaN without validation rows */
	double baseline_elbo;   /* independent columns on the validation rows (or the training rows) */
	bool expired;           /* host->expired stopped it */
} HvFitResult;

/*
 * Who does the units of a phase (step.h): `run` has units 0 … units-1 done, each once, by any of
 * the participants, and returns when all of them are done.
 */
typedef struct HvTeam
{
	void (*run)(void *ctx, uint32_t units);
	void *ctx;
} HvTeam;

/*
 * Trains vae->parameters in place; on return they are those of each block's best epoch.
 * `validation` may be NULL or empty. Losses are measured on at most HV_LOSS_MOST rows of a source.
 * Memory comes from `arena`.
 */
HvStatus hv_fit(HvVae *vae, const HvBlas *blas, HvSource *train, HvSource *validation,
                const HvFitOptions *options, const HvHost *host, HvArena *arena,
                HvFitResult *result);

/* The same with a trainer that was set up over a share, and with others; team may be NULL. */
HvStatus hv_fit_team(HvTrainer *trainer, const HvTeam *team, HvSource *train, HvSource *validation,
                     HvArena *arena, HvFitResult *result);

/* fit_baseline.c: nats per row of independent columns, each at its marginal distribution. */
HvStatus hv_fit_baseline(HvTrainer *trainer, HvSource *source, bool held, HvArena *arena,
                         double *elbo);

#endif
