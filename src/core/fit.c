/*
 * fit.c: the training loop; the work itself is in step.c.
 *
 * Every epoch visits the training rows once, in a new order, in minibatches. Blocks share no
 * parameters, so each has its own early stop and its own best epoch; a minibatch is given to all
 * blocks that still learn. The recipe is SCIENCE 3.8: Adam, the rate flat for 60 % of the epochs
 * then a cosine down to 2 %, gradient norm clipped, KL warm-up.
 *
 * The members of an ensemble (blocks of stage > 0) see the same rows with different weights: member
 * 0 with weight 1, the others with exponential weights drawn once per row (the Bayesian bootstrap,
 * Rubin 1981). Their spread is what the data leave open about an effect.
 *
 * Defaults by size, rate and beta of an epoch: recipe.c.
 */
#include "fit.h"

#include <math.h>
#include <string.h>

/* One block, and how far it is. */
typedef struct Learner
{
	const HvBlock *block;
	double nll, kl; /* sums over the rows of an epoch or of phases LOSS */
	HvLearned *is;
	HvReal *best; /* parameters of its best epoch */
} Learner;

typedef struct Training
{
	HvTrainer *trainer;
	const HvTeam *team;
	const HvFitOptions *options;
	HvVae *vae;
	HvStep *step;
	HvSource *train, *validation; /* the latter NULL without held-out rows */
	Learner *learners;
	HvFitState state;
} Training;

static HvStatus
start(Training *t, HvArena *arena)
{
	const HvVae *vae = t->vae;
	HvFitState *state = &t->state;

	*state = (HvFitState){.nblocks = vae->nblocks,
	                      .nparameters = vae->nparameters,
	                      .parameters = t->trainer->share.parameters,
	                      .m = t->trainer->share.m,
	                      .v = t->trainer->share.v};
	t->learners = hv_new(arena, Learner, vae->nblocks, 1);
	state->learned = hv_new(arena, HvLearned, vae->nblocks, 1);
	state->best = hv_new(arena, HvReal, vae->nparameters, 1);
	if (t->learners == NULL || state->learned == NULL || state->best == NULL)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		Learner *learner = &t->learners[i];

		learner->block = &vae->blocks[i];
		learner->is = &state->learned[i];
		learner->is->best_loss = INFINITY;
		learner->best = state->best + learner->block->begin;
	}
	return HV_OK;
}

static bool
expired(const Training *t)
{
	const HvHost *host = t->trainer->host;

	return host != NULL && host->expired != NULL && host->expired(host->ctx);
}

/* ---- phases ---- */

static uint32_t
run(Training *t, HvPhase phase)
{
	uint32_t units;

	t->step->phase = phase;
	units = hv_trainer_units(t->trainer);
	if (t->team != NULL)
		t->team->run(t->team->ctx, units);
	else
		for (uint32_t unit = 0; unit < units; unit++)
			hv_trainer_unit(t->trainer, unit);
	return units;
}

/* The blocks that the coming phases are about: those that still learn, or the members 0. */
static void
activate(Training *t, bool learning)
{
	t->step->nactive = 0;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		if (learning ? !t->learners[i].is->done : t->learners[i].block->member == 0)
			t->step->active[t->step->nactive++] = i;
}

/* Adds what the units of GRADIENT or LOSS left to the learners, unit by unit in their order. */
static void
collect(Training *t, uint32_t units)
{
	for (uint32_t unit = 0; unit < units; unit++)
	{
		Learner *learner = &t->learners[t->step->active[unit % t->step->nactive]];

		learner->nll += t->trainer->share.sums[2 * (size_t) unit];
		learner->kl += t->trainer->share.sums[2 * (size_t) unit + 1];
	}
}

static void
forget_sums(Training *t)
{
	for (uint32_t i = 0; i < t->step->nactive; i++)
		t->learners[t->step->active[i]].nll = t->learners[t->step->active[i]].kl = 0;
}

/*
 * The gradient's norm, block by block, and the factor that clips it. The element-wise kernels may
 * turn NaN into 0; the norm does not.
 */
static HvStatus
clip(Training *t)
{
	double limit = t->options->clip > 0 ? t->options->clip : INFINITY;
	uint32_t unit = 0;

	for (uint32_t i = 0; i < t->step->nactive; i++)
	{
		uint32_t number = t->step->active[i];
		uint32_t pieces = hv_block_pieces(&t->vae->blocks[number]);
		double squares = 0, norm;

		for (uint32_t j = 0; j < pieces; j++, unit++)
			squares += t->trainer->share.sums[2 * (size_t) unit];
		norm = sqrt(squares);
		if (!isfinite(norm))
			return HV_DIVERGED;
		t->step->factor[number] = norm > limit ? (HvReal) (limit / norm) : 1;
	}
	return HV_OK;
}

/* One minibatch: n rows from position `first` on. */
static HvStatus
learn(Training *t, size_t first, size_t n)
{
	t->step->first = first;
	t->step->n = n;
	t->step->begin = t->train->window.begin;
	collect(t, run(t, HV_PHASE_GRADIENT));
	(void) run(t, HV_PHASE_NORM);
	HV_TRY(clip(t));
	(void) run(t, HV_PHASE_UPDATE);
	for (uint32_t i = 0; i < t->step->nactive; i++)
		t->step->made[t->step->active[i]]++;
	return HV_OK;
}

/*
 * nll and kl per row of the active blocks over a source in the order of epoch 0, nothing hidden.
 * The noise is the same in every epoch, so epochs are compared on equal terms.
 */
static HvStatus
judge(Training *t, HvSource *source)
{
	size_t rows = source->nrows < HV_LOSS_MOST ? source->nrows : HV_LOSS_MOST;

	forget_sums(t);
	t->step->held = source == t->validation;
	t->step->epoch = 0;
	for (size_t first = 0, n; first < rows; first += n)
	{
		n = rows - first;
		HV_TRY(source->prepare(source, 0, first, &n));
		t->step->first = first;
		t->step->n = n;
		t->step->begin = source->window.begin;
		collect(t, run(t, HV_PHASE_LOSS));
	}
	for (uint32_t i = 0; i < t->step->nactive; i++)
	{
		Learner *learner = &t->learners[t->step->active[i]];

		learner->nll /= (double) rows;
		learner->kl /= (double) rows;
		if (!isfinite(learner->nll) || !isfinite(learner->kl))
			return HV_DIVERGED;
	}
	return HV_OK;
}

/* ---- epochs ---- */

/* One pass over the training rows; true in *cut when time ran out inside it. */
static HvStatus
run_epoch(Training *t, int epoch, bool *cut)
{
	HvSource *train = t->train;

	activate(t, true);
	forget_sums(t);
	t->step->epoch = (uint64_t) epoch;
	t->step->rate = (HvReal) hv_rate_of_epoch(t->options, epoch);
	t->step->beta = (HvReal) hv_beta_of_epoch(t->options, t->vae->config.beta, epoch);
	for (size_t first = 0, n; first < train->nrows && !*cut; first += n)
	{
		n = train->nrows - first;
		if (n > t->options->batch_size)
			n = t->options->batch_size;
		HV_TRY(train->prepare(train, (uint64_t) epoch, first, &n));
		HV_TRY(learn(t, first, n));
		*cut = expired(t);
	}
	for (uint32_t i = 0; i < t->step->nactive; i++)
	{
		Learner *learner = &t->learners[t->step->active[i]];

		learner->is->seen_nll = learner->nll / (double) train->nrows;
		learner->is->seen_kl = learner->kl / (double) train->nrows;
		if (!isfinite(learner->is->seen_nll) || !isfinite(learner->is->seen_kl))
			return HV_DIVERGED;
	}
	return HV_OK;
}

/* Keeps a block's parameters when they are its best so far, and ends it when patience is over. */
static void
keep_best(Training *t, Learner *learner, double loss, int epoch, bool may_stop)
{
	size_t n = learner->block->end - learner->block->begin;

	if (loss < learner->is->best_loss)
	{
		learner->is->best_loss = loss;
		learner->is->best_epoch = epoch;
		memcpy(learner->best, t->vae->parameters + learner->block->begin, n * sizeof(HvReal));
	}
	else if (may_stop && epoch - learner->is->best_epoch >= t->options->patience)
		learner->is->done = true;
}

/*
 * After an epoch: every block on the held-out rows. Without held-out rows the last epoch is the
 * best one. The report is about the members 0; of a block that has stopped, its last epoch.
 */
static HvStatus
judge_epoch(Training *t, int epoch, HvEpoch *report)
{
	bool warm = epoch >= t->options->warmup * t->options->epochs;
	double beta = t->vae->config.beta;

	report->reconstruction = report->kl = 0;
	report->validation = t->validation != NULL ? 0 : NAN;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		if (t->learners[i].block->member == 0)
		{
			report->reconstruction -= t->learners[i].is->seen_nll;
			report->kl += t->learners[i].is->seen_kl;
		}
	report->elbo = report->reconstruction - beta * report->kl;
	if (t->validation != NULL)
		HV_TRY(judge(t, t->validation));
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
	{
		Learner *learner = &t->learners[i];

		if (t->validation == NULL)
			keep_best(t, learner, -epoch, epoch, false);
		else if (!learner->is->done)
			keep_best(t, learner, learner->nll + beta * learner->kl, epoch,
			          warm && !t->options->fixed_epochs);
		if (t->validation != NULL && learner->block->member == 0)
			report->validation -= learner->is->best_loss;
	}
	return HV_OK;
}

/* Before the first epoch: what a warm start is worth is what every block must beat. */
static HvStatus
judge_start(Training *t)
{
	HvEpoch report;

	if (!t->options->warm || t->validation == NULL)
		return HV_OK;
	activate(t, true);
	return judge_epoch(t, 0, &report);
}

/* ---- where the training stands ---- */

static void
keep(Training *t, int epoch)
{
	const HvHost *host = t->trainer->host;

	if (host == NULL || host->keep == NULL)
		return;
	t->state.epoch = epoch;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		t->state.learned[i].made = t->step->made[i];
	host->keep(host->ctx, &t->state);
}

/* Whether the host had something to go on from; then *epoch is the last one that was run. */
static bool
resume(Training *t, int *epoch)
{
	const HvHost *host = t->trainer->host;

	if (host == NULL || host->resume == NULL || !host->resume(host->ctx, &t->state))
		return false;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		t->step->made[i] = t->state.learned[i].made;
	*epoch = t->state.epoch;
	return true;
}

static bool
all_done(const Training *t)
{
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		if (!t->learners[i].is->done)
			return false;
	return true;
}

static HvStatus
elbo_of(Training *t, HvSource *source, double *elbo)
{
	*elbo = 0;
	HV_TRY(judge(t, source));
	for (uint32_t i = 0; i < t->step->nactive; i++)
	{
		const Learner *learner = &t->learners[t->step->active[i]];

		*elbo -= learner->nll + t->vae->config.beta * learner->kl;
	}
	return HV_OK;
}

/* The best parameters back into the model, and what they are worth. */
static HvStatus
finish(Training *t, HvFitResult *result)
{
	result->validation_elbo = NAN;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
	{
		const Learner *learner = &t->learners[i];

		if (learner->is->best_loss < INFINITY)
			memcpy(t->vae->parameters + learner->block->begin, learner->best,
			       (learner->block->end - learner->block->begin) * sizeof(HvReal));
		if (learner->is->best_epoch > result->best_epoch)
			result->best_epoch = learner->is->best_epoch;
	}
	activate(t, false);
	HV_TRY(elbo_of(t, t->train, &result->train_elbo));
	if (t->validation != NULL)
		HV_TRY(elbo_of(t, t->validation, &result->validation_elbo));
	return HV_OK;
}

HvStatus
hv_fit_team(HvTrainer *trainer, const HvTeam *team, HvSource *train, HvSource *validation,
            HvArena *arena, HvFitResult *result)
{
	Training t = {.trainer = trainer,
	              .team = team,
	              .options = trainer->options,
	              .vae = trainer->vae,
	              .step = trainer->share.step,
	              .train = train,
	              .validation = validation};
	const HvFitOptions *options = trainer->options;
	const HvHost *host = trainer->host;

	memset(result, 0, sizeof(*result));
	if (train->nrows == 0)
		return HV_NO_DATA;
	if (options->epochs < 1 || !(options->learning_rate > 0))
		return HV_BAD_ARGUMENT;
	if (validation != NULL && validation->nrows == 0)
		t.validation = NULL;
	HV_TRY(start(&t, arena));
	HV_TRY(hv_fit_baseline(trainer, t.validation ? t.validation : train, t.validation != NULL,
	                       arena, &result->baseline_elbo));
	if (!resume(&t, &result->epochs))
		HV_TRY(judge_start(&t));
	for (int epoch = result->epochs + 1;
	     epoch <= options->epochs && !all_done(&t) && !result->expired; epoch++)
	{
		HvEpoch report = {.epoch = epoch, .epochs_total = options->epochs};

		HV_TRY(run_epoch(&t, epoch, &result->expired));
		HV_TRY(judge_epoch(&t, epoch, &report));
		result->epochs = epoch;
		if (host != NULL && host->progress != NULL && !result->expired)
			host->progress(host->ctx, &report);
		if (!result->expired)
			keep(&t, epoch);
	}
	return finish(&t, result);
}

HvStatus
hv_fit(HvVae *vae, const HvBlas *blas, HvSource *train, HvSource *validation,
       const HvFitOptions *options, const HvHost *host, HvArena *arena, HvFitResult *result)
{
	HvReal *parameters = vae->parameters;
	size_t bytes = vae->nparameters * sizeof(HvReal);
	HvTrainer trainer;
	HvShare share;
	HvStatus status;
	char *place;

	if (options->batch_size < 1)
		return HV_BAD_ARGUMENT;
	place = hv_arena_alloc(arena, 1, 1, hv_share_place(&share, NULL, vae, options, true));
	if (place == NULL)
		return HV_NO_MEMORY;
	(void) hv_share_place(&share, place, vae, options, true);
	memcpy(share.parameters, parameters, bytes);
	status = hv_trainer_init(&trainer, vae, blas, options, host, &share, true, &train->window,
	                         validation != NULL ? &validation->window : NULL, arena);
	if (status == HV_OK)
		status = hv_fit_team(&trainer, NULL, train, validation, arena, result);
	vae->parameters = parameters;
	memcpy(parameters, share.parameters, bytes);
	return status;
}
