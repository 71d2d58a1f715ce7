/*
 * step.h: the work of a training, cut into units that several participants share.
 *
 * A training goes step by step, a step phase by phase, and a phase is a number of units that can be
 * done in any order by anybody: by one process in a loop, or by PostgreSQL's parallel workers.
 *
 *     phase       a unit                                    leaves in the share
 *     GRADIENT    one slice of the minibatch × one block    the slice's gradient; nll and kl
 *     NORM        one piece of a block's parameters         the slices' sum; its sum of squares
 *     UPDATE      one piece of a block's parameters         Adam's moments, the parameters
 *     LOSS        128 rows × one block, nothing learnt      nll and kl
 *
 * The cut depends on the batch size and the network alone, never on who takes part, and the results
 * of units are added up in their order: so the trained bytes are the same with any number of
 * participants. What the participants have in common is the share, one piece of memory of the
 * host's, which may lie at another address for each of them; all else, a trainer has of its own.
 *
 * Example: batch 512, a model of one block: GRADIENT has 4 units of 128 rows each. With two
 * participants each does two of them, if they are equally fast.
 */
#ifndef HV_STEP_H
#define HV_STEP_H

#include "adam.h"
#include "recipe.h"
#include "source.h"
#include "vae.h"

#define HV_MAX_BLOCKS (1 + (HV_MAX_STAGES - 1) * HV_MAX_MEMBERS)
#define HV_LOSS_ROWS 128   /* rows of a unit of phase LOSS */
#define HV_LOSS_MOST 20480 /* rows of one such phase, at most */

typedef enum HvPhase
{
	HV_PHASE_GRADIENT = 0,
	HV_PHASE_NORM,
	HV_PHASE_UPDATE,
	HV_PHASE_LOSS
} HvPhase;

/* What is to be done now. The leader writes it between phases. */
typedef struct HvStep
{
	HvPhase phase;
	bool held; /* LOSS: on held-out rows instead of training rows */
	uint32_t nactive;
	uint32_t active[HV_MAX_BLOCKS]; /* numbers of the blocks that still learn (or are judged) */
	uint64_t epoch;
	size_t first, n; /* the rows, as positions of the epoch's order */
	size_t begin;    /* of the source's window */
	HvReal beta, rate;
	uint64_t made[HV_MAX_BLOCKS]; /* steps of Adam made, by block */
	HvReal factor[HV_MAX_BLOCKS]; /* what clipping multiplies the gradient with */
} HvStep;

typedef struct HvShare
{
	HvStep *step;
	double *sums;       /* two per unit of the phase: nll and kl, or squares and nothing */
	HvReal *parameters; /* these three: nparameters */
	HvReal *m, *v;
	HvReal *gradients; /* one of nparameters per slice; a lone participant needs only two */
} HvShare;

/* One participant. */
typedef struct HvTrainer
{
	HvVae *vae; /* its parameters are the share's */
	const HvBlas *blas;
	const HvFitOptions *options;
	const HvHost *host;
	HvShare share;
	HvWindow train, held;
	bool alone;
	size_t slice_rows, piece_rows; /* of a minibatch; of one pass through the network */
	HvAdam adam;                   /* its constants */
	HvWork work;
	/* the rows of a pass */
	HvReal *target, *input, *weight, *row_weight, *uniform;
	uint32_t *rows;
	/* which rows those are */
	bool loaded, loaded_held;
	uint64_t loaded_epoch;
	size_t loaded_first, loaded_n;
} HvTrainer;

/*
 * Bytes of a share; with `base`, a place of that size aligned to 64 bytes, also its parts, which the
 * host has set to zero once. `alone`: for one participant, which takes less.
 */
size_t hv_share_place(HvShare *share, char *base, const HvVae *vae, const HvFitOptions *options,
                      bool alone);

/* Bytes that a trainer takes from its arena, about. */
size_t hv_trainer_size(const HvVae *vae, const HvFitOptions *options);

/*
 * A participant. vae->parameters is set to the share's. Of the sources only the windows are used,
 * which are copied: they must be complete but for `begin`. `held` may be NULL.
 */
HvStatus hv_trainer_init(HvTrainer *trainer, HvVae *vae, const HvBlas *blas,
                         const HvFitOptions *options, const HvHost *host, const HvShare *share,
                         bool alone, const HvWindow *train, const HvWindow *held, HvArena *arena);

/* The number of units of the phase that the share's step describes, and one of them. */
uint32_t hv_trainer_units(const HvTrainer *trainer);
void hv_trainer_unit(HvTrainer *trainer, uint32_t unit);

/* Units of phases NORM and UPDATE that a block makes; they go block by block. */
uint32_t hv_block_pieces(const HvBlock *block);

/* Units of the widest phase: what more participants than that would have nothing to do with. */
uint32_t hv_slices(size_t batch_size);

/* The rows of positions first … into trainer->target (and rows), their weights for a block. */
void hv_trainer_rows(HvTrainer *trainer, bool held, uint64_t epoch, size_t first, size_t n);
void hv_trainer_weights(HvTrainer *trainer, const HvBlock *block, size_t n, bool bootstrap);

#endif
