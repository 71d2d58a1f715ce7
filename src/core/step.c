/*
 * step.c: the units of a training's phases.
 *
 * A minibatch is cut into slices of at least 128 rows, at most four: so few that summing their
 * gradients stays cheap beside the matrix products, and wide enough for those. A slice of more rows
 * than fit the cache well goes through the network in passes of 512, which add up in place.
 *
 * Noise, hidden cells and bootstrap weights are functions of the seed, the epoch and the position in
 * the epoch's order (or the row's number): nothing depends on who does a unit, or when.
 *
 * A lone participant adds each slice's gradient to the sum as soon as it has it, while it is in the
 * cache; several of them leave it to phase NORM. Either way the sum is ((s0 + s1) + s2) + s3.
 */
#include "step.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "layer.h"
#include "rng.h"

#define SLICE_ROWS ((size_t) 128)
#define MOST_SLICES ((size_t) 4)
#define PASS_ROWS ((size_t) 512)
#define PIECE ((size_t) 8192) /* parameters of a unit of NORM and UPDATE: 32 KiB of each vector */

/* ---- sizes ---- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
most(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t
parts(size_t n, size_t size)
{
	return (n + size - 1) / size;
}

uint32_t
hv_slices(size_t batch_size)
{
	return (uint32_t) most(1, least(batch_size / SLICE_ROWS, MOST_SLICES));
}

uint32_t
hv_block_pieces(const HvBlock *block)
{
	return (uint32_t) parts(block->end - block->begin, PIECE);
}

/* The most units that any phase can have. */
static size_t
most_units(const HvVae *vae, const HvFitOptions *options)
{
	size_t gradient = hv_slices(options->batch_size) * (size_t) vae->nblocks;
	size_t norm = 0;

	for (uint32_t i = 0; i < vae->nblocks; i++)
		norm += hv_block_pieces(&vae->blocks[i]);
	return most(most(gradient, norm), parts(HV_LOSS_MOST, HV_LOSS_ROWS) * vae->nblocks);
}

/* The next part of a share; NULL while only the size is asked for. */
static void *
place(char *base, size_t *at, size_t bytes)
{
	void *part = base != NULL ? base + *at : NULL;

	*at += (bytes + 63) & ~(size_t) 63;
	return part;
}

size_t
hv_share_place(HvShare *share, char *base, const HvVae *vae, const HvFitOptions *options,
               bool alone)
{
	size_t bytes = vae->nparameters * sizeof(HvReal);
	size_t gradients = hv_slices(options->batch_size);
	size_t at = 0;

	if (alone)
		gradients = least(gradients, 2);
	share->step = place(base, &at, sizeof(HvStep));
	share->sums = place(base, &at, most_units(vae, options) * 2 * sizeof(double));
	share->parameters = place(base, &at, bytes);
	share->m = place(base, &at, bytes);
	share->v = place(base, &at, bytes);
	share->gradients = place(base, &at, gradients * bytes);
	return at;
}

/* ---- a participant ---- */

static void
set_rows(HvTrainer *t)
{
	t->slice_rows = parts(t->options->batch_size, hv_slices(t->options->batch_size));
	t->piece_rows = most(HV_LOSS_ROWS, least(t->slice_rows, PASS_ROWS));
}

size_t
hv_trainer_size(const HvVae *vae, const HvFitOptions *options)
{
	HvTrainer t = {.options = options};
	size_t floats = 0, hidden = 0, widest = 0;

	set_rows(&t);
	for (uint32_t l = 0; l < vae->config.nhidden; l++)
	{
		hidden += 2 * vae->config.hidden[l];
		widest = most(widest, vae->config.hidden[l]);
	}
	for (uint32_t i = 0; i < vae->nblocks; i++)
		floats = most(floats, 7 * vae->blocks[i].latent + 2 * vae->blocks[i].outputs);
	floats += hidden + 2 * widest + 2 * vae->schema->width + 2 * vae->schema->ncolumns + 8;
	return t.piece_rows * floats * sizeof(HvReal) + 256 * 1024;
}

HvStatus
hv_trainer_init(HvTrainer *t, HvVae *vae, const HvBlas *blas, const HvFitOptions *options,
                const HvHost *host, const HvShare *share, bool alone, const HvWindow *train,
                const HvWindow *held, HvArena *arena)
{
	size_t width = vae->schema->width, columns = vae->schema->ncolumns;

	memset(t, 0, sizeof(*t));
	if (options->batch_size < 1 || vae->nblocks > HV_MAX_BLOCKS)
		return HV_BAD_ARGUMENT;
	t->vae = vae;
	t->blas = blas;
	t->options = options;
	t->host = host;
	t->share = *share;
	t->alone = alone;
	t->train = *train;
	if (held != NULL)
		t->held = *held;
	vae->parameters = share->parameters;
	set_rows(t);
	HV_TRY(hv_adam_init(&t->adam, arena, 0)); /* for the constants; the moments are the share's */
	HV_TRY(hv_work_init(&t->work, vae, t->piece_rows, true, arena));
	t->target = hv_new(arena, HvReal, t->piece_rows, width);
	t->input = hv_new(arena, HvReal, t->piece_rows, width);
	t->weight = hv_new(arena, HvReal, t->piece_rows, columns);
	t->row_weight = hv_new(arena, HvReal, t->piece_rows, 1);
	t->uniform = hv_new(arena, HvReal, t->piece_rows, columns + 1);
	t->rows = hv_new(arena, uint32_t, t->piece_rows, 1);
	if (!t->target || !t->input || !t->weight || !t->row_weight || !t->uniform || !t->rows)
		return HV_NO_MEMORY;
	return HV_OK;
}

/* ---- the rows of a pass ---- */

/* The input: the record with some observed cells, mask bits too, taken away. */
static void
hide_cells(HvTrainer *t, uint64_t epoch, size_t first, size_t n)
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

/* Several blocks in a row want the same rows: they are read once. */
void
hv_trainer_rows(HvTrainer *t, bool held, uint64_t epoch, size_t first, size_t n)
{
	HvWindow *window = held ? &t->held : &t->train;

	if (t->loaded && t->loaded_held == held && t->loaded_epoch == epoch &&
	    t->loaded_first == first && t->loaded_n == n)
		return;
	window->begin = t->share.step->begin;
	hv_window_read(window, first, n, t->target, t->rows);
	if (t->share.step->phase == HV_PHASE_GRADIENT)
		hide_cells(t, epoch, first, n);
	/* nothing is hidden in phase LOSS, and its epoch 0 is none of a training */
	t->loaded = true;
	t->loaded_held = held;
	t->loaded_epoch = epoch;
	t->loaded_first = first;
	t->loaded_n = n;
}

/* Loss weights of the block's columns: mask bit × the row's weight for this member. */
void
hv_trainer_weights(HvTrainer *t, const HvBlock *block, size_t n, bool bootstrap)
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

/*
 * Encoder, noise, decoder, likelihoods of the rows at hand; nll and kl are added to sums. In phase
 * GRADIENT also the gradient, added to what is there if `add`; NULL in phase LOSS.
 */
static void
pass(HvTrainer *t, uint32_t number, size_t first, size_t n, double *sums, HvReal *gradient,
     bool add)
{
	const HvBlock *block = &t->vae->blocks[number];
	const HvStep *step = t->share.step;
	bool learn = gradient != NULL;
	uint64_t stream =
		HV_STREAM(learn ? HV_RNG_NOISE : HV_RNG_USE, (learn ? step->epoch : 0) << 8 | number);
	HvBatch batch = {.n = n,
	                 .input = learn ? t->input : t->target,
	                 .target = t->target,
	                 .weight = t->weight,
	                 .row_weight = t->row_weight,
	                 .ld = t->vae->schema->width};

	hv_trainer_weights(t, block, n, learn);
	hv_normals(t->options->seed, stream, first * block->latent, t->work.noise, n * block->latent);
	if (learn)
		hv_block_gradient(t->vae, block, t->blas, &batch, step->beta, (HvReal) 1 / (HvReal) step->n,
		                  &t->work, gradient, add);
	else
		hv_block_forward(t->vae, block, t->blas, &batch, &t->work);
	for (size_t r = 0; r < n; r++)
	{
		sums[0] += t->work.nll[r];
		sums[1] += t->work.kl[r] * t->row_weight[r];
	}
}

/* ---- units ---- */

static void
add_vector(HvReal *to, const HvReal *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += from[i];
}

static HvReal *
gradient_of(const HvTrainer *t, size_t slice)
{
	return t->share.gradients + slice * t->vae->nparameters;
}

/* Units go slice by slice and, within one, block by block. */
static void
gradient_unit(HvTrainer *t, uint32_t unit)
{
	const HvStep *step = t->share.step;
	uint32_t number = step->active[unit % step->nactive];
	size_t slice = unit / step->nactive;
	const HvBlock *block = &t->vae->blocks[number];
	HvReal *gradient = gradient_of(t, t->alone ? least(slice, 1) : slice);
	size_t begin = slice * t->slice_rows, end = least(begin + t->slice_rows, step->n);
	double *sums = t->share.sums + 2 * (size_t) unit;

	sums[0] = sums[1] = 0;
	for (size_t at = begin; at < end; at += t->piece_rows)
	{
		size_t first = step->first + at, n = least(t->piece_rows, end - at);

		hv_check(t->host);
		hv_trainer_rows(t, false, step->epoch, first, n);
		pass(t, number, first, n, sums, gradient, at > begin);
	}
	if (t->alone && slice > 0)
		add_vector(gradient_of(t, 0) + block->begin, gradient + block->begin,
		           block->end - block->begin);
}

/* The block and the range of parameters that a unit of NORM or UPDATE is about. */
static uint32_t
piece_of(const HvTrainer *t, uint32_t unit, size_t *at, size_t *n)
{
	const HvStep *step = t->share.step;
	const HvBlock *block;
	uint32_t i = 0;

	while (unit >= hv_block_pieces(&t->vae->blocks[step->active[i]]))
		unit -= hv_block_pieces(&t->vae->blocks[step->active[i++]]);
	block = &t->vae->blocks[step->active[i]];
	*at = block->begin + unit * PIECE;
	*n = least(PIECE, block->end - *at);
	return step->active[i];
}

static void
norm_unit(HvTrainer *t, uint32_t unit)
{
	size_t slices = parts(t->share.step->n, t->slice_rows);
	size_t at, n;
	double norm;

	(void) piece_of(t, unit, &at, &n);
	for (size_t slice = 1; slice < slices && !t->alone; slice++)
		add_vector(gradient_of(t, 0) + at, gradient_of(t, slice) + at, n);
	norm = hv_clip_norm(gradient_of(t, 0) + at, n, INFINITY);
	t->share.sums[2 * (size_t) unit] = norm * norm;
	t->share.sums[2 * (size_t) unit + 1] = 0;
}

static void
update_unit(HvTrainer *t, uint32_t unit)
{
	const HvStep *step = t->share.step;
	HvAdam adam = t->adam;
	size_t at, n;
	uint32_t number = piece_of(t, unit, &at, &n);
	HvReal *gradient = gradient_of(t, 0) + at;
	HvReal factor = step->factor[number];

	for (size_t i = 0; i < n && factor != 1; i++)
		gradient[i] *= factor;
	adam.m = t->share.m + at;
	adam.v = t->share.v + at;
	adam.n = n;
	adam.t = step->made[number];
	hv_adam_step(&adam, t->share.parameters + at, gradient, step->rate);
}

/* Held-out rows, or training rows as if they were: nothing hidden, all of weight 1. */
static void
loss_unit(HvTrainer *t, uint32_t unit)
{
	const HvStep *step = t->share.step;
	uint32_t number = step->active[unit % step->nactive];
	size_t begin = (size_t) (unit / step->nactive) * HV_LOSS_ROWS;
	size_t n = least(HV_LOSS_ROWS, step->n - begin);
	double *sums = t->share.sums + 2 * (size_t) unit;

	hv_check(t->host);
	sums[0] = sums[1] = 0;
	hv_trainer_rows(t, step->held, step->epoch, step->first + begin, n);
	pass(t, number, step->first + begin, n, sums, NULL, false);
}

uint32_t
hv_trainer_units(const HvTrainer *t)
{
	const HvStep *step = t->share.step;
	uint32_t pieces = 0;

	if (step->phase == HV_PHASE_GRADIENT)
		return (uint32_t) parts(step->n, t->slice_rows) * step->nactive;
	if (step->phase == HV_PHASE_LOSS)
		return (uint32_t) parts(step->n, HV_LOSS_ROWS) * step->nactive;
	for (uint32_t i = 0; i < step->nactive; i++)
		pieces += hv_block_pieces(&t->vae->blocks[step->active[i]]);
	return pieces;
}

void
hv_trainer_unit(HvTrainer *t, uint32_t unit)
{
	switch (t->share.step->phase)
	{
		case HV_PHASE_GRADIENT: gradient_unit(t, unit); break;
		case HV_PHASE_NORM: norm_unit(t, unit); break;
		case HV_PHASE_UPDATE: update_unit(t, unit); break;
		case HV_PHASE_LOSS: loss_unit(t, unit); break;
	}
}
