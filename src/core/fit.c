/*
 * fit.c: the training loop.
 *
 * Every epoch visits the training rows once, in a new order, in minibatches. Blocks share no
 * parameters, so each has its own early stop and its own best epoch; a minibatch is fetched once
 * and given to all blocks that still learn. The recipe is SCIENCE 3.8: Adam, the rate flat for
 * 60 % of the epochs then a cosine down to 2 %, gradient norm clipped, KL warm-up.
 *
 * The members of an ensemble (blocks of stage > 0) see the same rows with different weights: member
 * 0 with weight 1, the others with exponential weights drawn once per row (the Bayesian bootstrap,
 * Rubin 1981). Their spread is what the data leave open about an effect.
 *
 * Nothing depends on how the work is divided: noise and hidden cells are functions of the seed, the
 * epoch and the position in the epoch's order.
 *
 * Defaults by size: hv_fit_defaults and hv_config_defaults in recipe.c.
 */
#include "fit.h"

#include <math.h>
#include <string.h>

#include "adam.h"
#include "elementwise.h"
#include "layer.h"
#include "rng.h"

/* What the training of one block keeps. */
typedef struct Learner
{
	const HvBlock *block;
	uint32_t number; /* of the block, keys its noise */
	HvAdam adam;
	double nll, kl;   /* sums over the rows of its last epoch */
	HvReal *best;     /* parameters of its best epoch */
	double best_loss; /* validation nll + beta kl, per row */
	int best_epoch;
	bool done;
} Learner;

typedef struct Training
{
	HvVae *vae;
	const HvBlas *blas;
	const HvFitOptions *options;
	const HvHost *host;
	Learner *learners;
	HvWork work;
	HvReal *gradient;
	/* one minibatch */
	HvReal *target, *input, *weight, *row_weight, *uniform;
	uint32_t *rows;
} Training;

/* The minibatch's input: the record with some observed cells, mask bits too, taken away. */
static void
hide_cells(Training *t, uint64_t epoch, size_t first, size_t n)
{
	const HvSchema *schema = t->vae->schema;
	size_t width = schema->width, draws = schema->ncolumns + 1;

	memcpy(t->input, t->target, n * width * sizeof(HvReal));
	if (t->options->hide <= 0)
		return;
	hv_uniforms(t->options->seed, HV_STREAM(HV_RNG_MASK, epoch), first * draws, t->uniform,
	            n * draws);
	for (size_t r = 0; r < n; r++)
	{
		const HvReal *u = t->uniform + r * draws;
		HvReal rate = (HvReal) t->options->hide * u[schema->ncolumns];
		HvReal *input = t->input + r * width;

		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			const HvColumn *column = &schema->columns[j];

			if (u[j] >= rate)
				continue;
			memset(input + column->x_at, 0, column->width * sizeof(HvReal));
			input[column->m_at] = 0;
		}
	}
}

/* Loss weights of the block's columns: mask bit × the row's weight for this member. */
static void
weigh_rows(Training *t, const HvBlock *block, size_t n, bool bootstrap)
{
	const HvSchema *schema = t->vae->schema;
	const HvStage *stage = &schema->stages[block->stage];

	for (size_t r = 0; r < n; r++)
	{
		const HvReal *mask = t->target + r * schema->width + stage->mask;
		HvReal *weight = t->weight + r * schema->ncolumns + stage->first;
		HvReal w = 1;

		if (bootstrap && block->member > 0)
			w = (HvReal) -log(1.0 - hv_uniform(t->options->seed,
			                                   HV_STREAM(HV_RNG_BOOTSTRAP, block->member),
			                                   t->rows[r]));
		t->row_weight[r] = w;
		for (uint32_t j = 0; j < stage->last - stage->first; j++)
			weight[j] = mask[j] * w;
	}
}

static HvBatch
current_batch(const Training *t, size_t n)
{
	return (HvBatch){.n = n,
	                 .input = t->input,
	                 .target = t->target,
	                 .weight = t->weight,
	                 .row_weight = t->row_weight,
	                 .ld = t->vae->schema->width};
}

/* nll and kl summed over the rows of a pass. */
static void
sum_pass(const HvWork *work, const HvReal *row_weight, size_t n, double *nll, double *kl)
{
	for (size_t r = 0; r < n; r++)
	{
		*nll += work->nll[r];
		*kl += work->kl[r] * row_weight[r];
	}
}

static void
fill_noise(Training *t, const Learner *learner, HvPurpose purpose, uint64_t epoch, size_t first,
           size_t n)
{
	size_t latent = learner->block->latent;

	hv_normals(t->options->seed, HV_STREAM(purpose, epoch << 8 | learner->number), first * latent,
	           t->work.noise, n * latent);
}

/* One step of one block on the current minibatch. */
static HvStatus
learn_batch(Training *t, Learner *learner, uint64_t epoch, size_t first, size_t n, double beta,
            double rate)
{
	const HvBlock *block = learner->block;
	size_t size = block->end - block->begin;
	HvReal *gradient = t->gradient + block->begin;
	HvBatch batch;
	double norm;

	weigh_rows(t, block, n, true);
	batch = current_batch(t, n);
	fill_noise(t, learner, HV_RNG_NOISE, epoch, first, n);
	hv_block_forward(t->vae, block, t->blas, &batch, &t->work);
	sum_pass(&t->work, t->row_weight, n, &learner->nll, &learner->kl);
	memset(gradient, 0, size * sizeof(HvReal));
	hv_block_backward(t->vae, block, t->blas, &batch, (HvReal) beta, (HvReal) 1 / (HvReal) n,
	                  &t->work, t->gradient);
	/* the element-wise kernels may turn NaN into 0, the norm of the gradient does not */
	norm = hv_clip_norm(gradient, size, t->options->clip > 0 ? t->options->clip : INFINITY);
	if (!isfinite(norm))
		return HV_DIVERGED;
	hv_adam_step(&learner->adam, t->vae->parameters + block->begin, gradient, (HvReal) rate);
	return HV_OK;
}

/*
 * nll and kl per row of one block over a source in its fixed order, nothing hidden. The noise is
 * the same in every epoch, so epochs are compared on equal terms.
 */
static HvStatus
evaluate(Training *t, const Learner *learner, const HvSource *source, double *nll, double *kl)
{
	size_t size = t->options->batch_size;

	*nll = *kl = 0;
	for (size_t first = 0; first < source->nrows; first += size)
	{
		size_t n = source->nrows - first < size ? source->nrows - first : size;
		HvBatch batch;

		hv_check(t->host);
		HV_TRY(source->batch(source->ctx, 0, first, n, t->target, t->rows));
		weigh_rows(t, learner->block, n, false);
		batch = current_batch(t, n);
		batch.input = t->target;
		fill_noise(t, learner, HV_RNG_USE, 0, first, n);
		hv_block_forward(t->vae, learner->block, t->blas, &batch, &t->work);
		sum_pass(&t->work, t->row_weight, n, nll, kl);
	}
	*nll /= (double) source->nrows;
	*kl /= (double) source->nrows;
	return isfinite(*nll) && isfinite(*kl) ? HV_OK : HV_DIVERGED;
}

/* nats per row of independent columns, each at its marginal distribution. */
static HvStatus
baseline(Training *t, const HvSource *source, HvReal *outputs, double *elbo)
{
	const HvVae *vae = t->vae;
	const HvSchema *schema = vae->schema;
	bool seed = vae->config.architecture == HV_SEED;
	size_t size = t->options->batch_size;
	double nll = 0;

	for (size_t first = 0; first < source->nrows; first += size)
	{
		size_t n = source->nrows - first < size ? source->nrows - first : size;

		HV_TRY(source->batch(source->ctx, 0, first, n, t->target, t->rows));
		memset(t->work.nll, 0, n * sizeof(HvReal));
		for (uint32_t s = 0; s < schema->nstages; s++)
			weigh_rows(t, hv_vae_block(vae, s, 0), n, false);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			const HvLikelihood *likelihood = hv_likelihood(&schema->columns[j], seed);
			HvReal *scale = outputs + likelihood->outputs(&schema->columns[j]);
			HvHead head = {.column = &schema->columns[j],
			               .n = n,
			               .x = t->target + schema->columns[j].x_at,
			               .ldx = schema->width,
			               .weight = t->weight + j,
			               .ldw = schema->ncolumns,
			               .o = outputs,
			               .ldo = 0,
			               .scale = scale};

			likelihood->marginal(head.column, outputs, scale);
			likelihood->forward(&head, t->work.nll);
		}
		for (size_t r = 0; r < n; r++)
			nll += t->work.nll[r];
	}
	*elbo = -nll / (double) source->nrows;
	return HV_OK;
}

/* Room for the marginal outputs and scales of the widest column. */
static size_t
widest_head(const HvVae *vae)
{
	bool seed = vae->config.architecture == HV_SEED;
	size_t widest = 0;

	for (uint32_t j = 0; j < vae->schema->ncolumns; j++)
	{
		const HvColumn *column = &vae->schema->columns[j];
		const HvLikelihood *likelihood = hv_likelihood(column, seed);
		size_t width = likelihood->outputs(column) + likelihood->scales(column);

		widest = width > widest ? width : widest;
	}
	return widest;
}

static HvStatus
start(Training *t, HvArena *arena)
{
	const HvVae *vae = t->vae;
	size_t size = t->options->batch_size, width = vae->schema->width;
	size_t columns = vae->schema->ncolumns;

	HV_TRY(hv_work_init(&t->work, vae, size, true, arena));
	t->learners = hv_new(arena, Learner, vae->nblocks, 1);
	t->gradient = hv_new(arena, HvReal, vae->nparameters, 1);
	t->target = hv_new(arena, HvReal, size, width);
	t->input = hv_new(arena, HvReal, size, width);
	t->weight = hv_new(arena, HvReal, size, columns);
	t->row_weight = hv_new(arena, HvReal, size, 1);
	t->uniform = hv_new(arena, HvReal, size, columns + 1);
	t->rows = hv_new(arena, uint32_t, size, 1);
	if (!t->learners || !t->gradient || !t->target || !t->input || !t->weight || !t->row_weight ||
	    !t->uniform || !t->rows)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		Learner *learner = &t->learners[i];
		size_t n = vae->blocks[i].end - vae->blocks[i].begin;

		learner->block = &vae->blocks[i];
		learner->number = i;
		learner->best_loss = INFINITY;
		HV_TRY(hv_adam_init(&learner->adam, arena, n));
		learner->best = hv_new(arena, HvReal, n, 1);
		if (learner->best == NULL)
			return HV_NO_MEMORY;
	}
	return HV_OK;
}

/* SCIENCE 3.8: flat for 60 % of the epochs, then a cosine down to 2 %. */
static double
rate_of_epoch(const HvFitOptions *options, int epoch)
{
	double done = (double) (epoch - 1) / (options->epochs > 1 ? options->epochs - 1 : 1);

	if (done <= 0.6)
		return options->learning_rate;
	return options->learning_rate * (0.02 + 0.98 * 0.5 * (1 + cos(M_PI * (done - 0.6) / 0.4)));
}

static double
beta_of_epoch(const HvFitOptions *options, double beta, int epoch)
{
	double ramp = options->warmup * options->epochs;

	return ramp >= 1 && epoch < ramp ? beta * epoch / ramp : beta;
}

static bool
expired(const Training *t)
{
	return t->host != NULL && t->host->expired != NULL && t->host->expired(t->host->ctx);
}

/* One pass over the training rows; true in *cut when time ran out inside it. */
static HvStatus
run_epoch(Training *t, const HvSource *train, int epoch, bool *cut)
{
	size_t size = t->options->batch_size;
	double rate = rate_of_epoch(t->options, epoch);
	double beta = beta_of_epoch(t->options, t->vae->config.beta, epoch);

	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		if (!t->learners[i].done)
			t->learners[i].nll = t->learners[i].kl = 0;
	for (size_t first = 0; first < train->nrows; first += size)
	{
		size_t n = train->nrows - first < size ? train->nrows - first : size;

		HV_TRY(train->batch(train->ctx, (uint64_t) epoch, first, n, t->target, t->rows));
		hide_cells(t, (uint64_t) epoch, first, n);
		for (uint32_t i = 0; i < t->vae->nblocks; i++)
		{
			hv_check(t->host);
			if (!t->learners[i].done)
				HV_TRY(learn_batch(t, &t->learners[i], (uint64_t) epoch, first, n, beta, rate));
		}
		if ((*cut = expired(t)))
			return HV_OK;
	}
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		if (!isfinite(t->learners[i].nll) || !isfinite(t->learners[i].kl))
			return HV_DIVERGED;
	return HV_OK;
}

/* Keeps a block's parameters when they are its best so far, and ends it when patience is over. */
static void
keep_best(Training *t, Learner *learner, double loss, int epoch, bool may_stop)
{
	size_t n = learner->block->end - learner->block->begin;

	if (loss < learner->best_loss)
	{
		learner->best_loss = loss;
		learner->best_epoch = epoch;
		memcpy(learner->best, t->vae->parameters + learner->block->begin, n * sizeof(HvReal));
	}
	else if (may_stop && epoch - learner->best_epoch >= t->options->patience)
		learner->done = true;
}

/*
 * After an epoch: every block on the held-out rows. Without held-out rows the last epoch is the
 * best one. The report is about the members 0; of a block that has stopped, its last epoch.
 */
static HvStatus
judge_epoch(Training *t, const HvSource *train, const HvSource *validation, int epoch,
            HvEpoch *report)
{
	bool warm = epoch >= t->options->warmup * t->options->epochs;

	report->reconstruction = report->kl = 0;
	report->validation = validation != NULL ? 0 : NAN;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
	{
		Learner *learner = &t->learners[i];
		double nll, kl;

		if (learner->block->member == 0)
		{
			report->reconstruction -= learner->nll / (double) train->nrows;
			report->kl += learner->kl / (double) train->nrows;
		}
		if (validation == NULL)
		{
			keep_best(t, learner, -epoch, epoch, false);
			continue;
		}
		if (!learner->done)
		{
			HV_TRY(evaluate(t, learner, validation, &nll, &kl));
			keep_best(t, learner, nll + t->vae->config.beta * kl, epoch,
			          warm && !t->options->fixed_epochs);
		}
		if (learner->block->member == 0)
			report->validation -= learner->best_loss;
	}
	report->elbo = report->reconstruction - t->vae->config.beta * report->kl;
	return HV_OK;
}

static bool
all_done(const Training *t)
{
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
		if (!t->learners[i].done)
			return false;
	return true;
}

/* The best parameters back into the model, and what they are worth. */
static HvStatus
finish(Training *t, const HvSource *train, const HvSource *validation, HvFitResult *result)
{
	result->train_elbo = 0;
	result->validation_elbo = validation != NULL ? 0 : NAN;
	for (uint32_t i = 0; i < t->vae->nblocks; i++)
	{
		Learner *learner = &t->learners[i];
		const HvBlock *block = learner->block;
		double nll, kl;

		if (learner->best_epoch > 0)
			memcpy(t->vae->parameters + block->begin, learner->best,
			       (block->end - block->begin) * sizeof(HvReal));
		if (learner->best_epoch > result->best_epoch)
			result->best_epoch = learner->best_epoch;
		if (block->member != 0)
			continue;
		HV_TRY(evaluate(t, learner, train, &nll, &kl));
		result->train_elbo -= nll + t->vae->config.beta * kl;
		if (validation == NULL)
			continue;
		HV_TRY(evaluate(t, learner, validation, &nll, &kl));
		result->validation_elbo -= nll + t->vae->config.beta * kl;
	}
	return HV_OK;
}

HvStatus
hv_fit(HvVae *vae, const HvBlas *blas, const HvSource *train, const HvSource *validation,
       const HvFitOptions *options, const HvHost *host, HvArena *arena, HvFitResult *result)
{
	Training t = {.vae = vae, .blas = blas, .options = options, .host = host};
	HvReal *outputs;

	memset(result, 0, sizeof(*result));
	if (train->nrows == 0)
		return HV_NO_DATA;
	if (options->epochs < 1 || options->batch_size < 1 || !(options->learning_rate > 0))
		return HV_BAD_ARGUMENT;
	if (validation != NULL && validation->nrows == 0)
		validation = NULL;
	HV_TRY(start(&t, arena));
	outputs = hv_new(arena, HvReal, widest_head(vae) + 1, 1);
	if (outputs == NULL)
		return HV_NO_MEMORY;
	HV_TRY(baseline(&t, validation ? validation : train, outputs, &result->baseline_elbo));
	for (int epoch = 1; epoch <= options->epochs && !all_done(&t) && !result->expired; epoch++)
	{
		HvEpoch report = {.epoch = epoch, .epochs_total = options->epochs};

		HV_TRY(run_epoch(&t, train, epoch, &result->expired));
		HV_TRY(judge_epoch(&t, train, validation, epoch, &report));
		result->epochs = epoch;
		if (host != NULL && host->progress != NULL && !result->expired)
			host->progress(host->ctx, &report);
	}
	return finish(&t, train, validation, result);
}
