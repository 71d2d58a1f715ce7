/*
 * vae.c: forward and backward pass of a block; network.c lays its parameters out.
 *
 * A block is the same code whatever the architecture; what differs are three numbers: how much of
 * the record the encoder sees (`in`), how much of it conditions the decoder (`u`, 0 in a plain
 * VAE), and the heads. Example, one stage with age and sex, latent 2, hidden 64, 64:
 *
 *     record    | age sex | m m |                        in = 4, u = 0
 *     encoder   4 -> 64 -> 64 -> 4 = (mu1 mu2 | logvar1 logvar2)
 *     decoder   2 -> 64 -> 64 -> 2 outputs               mean of age, logit of sex
 *
 * Gradients are checked against finite differences in test/core/test_grad_vae.c, and against
 * PyTorch, tensor by tensor, in test/core/test_seed_reference.c.
 */
#include "vae.h"

#include <string.h>

#include "elementwise.h"
#include "layer.h"

const HvBlock *
hv_vae_block(const HvVae *vae, uint32_t stage, uint32_t member)
{
	for (uint32_t i = 0; i < vae->nblocks; i++)
		if (vae->blocks[i].stage == stage && vae->blocks[i].member == member)
			return &vae->blocks[i];
	return NULL;
}

/* Width of hidden layer `layer` of the decoder, which mirrors the encoder. */
static inline size_t
decoder_hidden(const HvVae *vae, uint32_t layer)
{
	return vae->config.hidden[vae->config.nhidden - 1 - layer];
}

static size_t
widest_hidden(const HvVae *vae)
{
	size_t widest = 0;

	for (uint32_t l = 0; l < vae->config.nhidden; l++)
		if (vae->config.hidden[l] > widest)
			widest = vae->config.hidden[l];
	return widest;
}

/* Room for the largest block in every dimension, so that one work serves all of them. */
HvStatus
hv_work_init(HvWork *work, const HvVae *vae, size_t rows, bool backward, HvArena *arena)
{
	size_t latent = 0, outputs = 0, hidden = widest_hidden(vae);

	memset(work, 0, sizeof(*work));
	work->rows = rows;
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		const HvBlock *block = &vae->blocks[i];

		latent = block->latent > latent ? block->latent : latent;
		outputs = block->outputs > outputs ? block->outputs : outputs;
	}
	for (uint32_t l = 0; l < vae->config.nhidden; l++)
	{
		work->encoder[l] = hv_raw(arena, HvReal, rows, vae->config.hidden[l]);
		work->decoder[l] = hv_raw(arena, HvReal, rows, decoder_hidden(vae, l));
		if (work->encoder[l] == NULL || work->decoder[l] == NULL)
			return HV_NO_MEMORY;
	}
	work->code = hv_raw(arena, HvReal, rows, 2 * latent);
	work->noise = hv_raw(arena, HvReal, rows, latent);
	work->z = hv_raw(arena, HvReal, rows, latent);
	work->out = hv_raw(arena, HvReal, rows, outputs);
	work->nll = hv_raw(arena, HvReal, rows, 1);
	work->kl = hv_raw(arena, HvReal, rows, 1);
	if (!work->code || !work->noise || !work->z || !work->out || !work->nll || !work->kl)
		return HV_NO_MEMORY;
	if (!backward)
		return HV_OK;
	work->d_out = hv_raw(arena, HvReal, rows, outputs);
	work->d_hidden[0] = hv_raw(arena, HvReal, rows, hidden);
	work->d_hidden[1] = hv_raw(arena, HvReal, rows, hidden);
	work->d_z = hv_raw(arena, HvReal, rows, latent);
	work->d_code = hv_raw(arena, HvReal, rows, 2 * latent);
	if (!work->d_out || !work->d_hidden[0] || !work->d_hidden[1] || !work->d_z || !work->d_code)
		return HV_NO_MEMORY;
	return HV_OK;
}

void
hv_encoder_forward(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvReal *record,
                   size_t ld, size_t n, HvWork *work)
{
	const HvReal *p = vae->parameters;
	const HvReal *x = record;
	size_t in = block->in, ldx = ld;

	for (uint32_t l = 0; l < vae->config.nhidden; l++)
	{
		size_t h = vae->config.hidden[l];

		hv_linear_forward(blas, work->encoder[l], h, x, ldx, p + block->encoder_w[l], n, in, h,
		                  false);
		hv_add_bias(work->encoder[l], h, p + block->encoder_b[l], n, h, true);
		x = work->encoder[l];
		in = ldx = h;
	}
	hv_linear_forward(blas, work->code, 2 * block->latent, x, ldx, p + block->code_w, n, in,
	                  2 * block->latent, false);
	hv_add_bias(work->code, 2 * block->latent, p + block->code_b, n, 2 * block->latent, false);
}

/*
 * y[n×out] = u U^T, with u the first block->u features of the records. The first row of each group
 * gets what is shared, and the others a copy of it, before each has its own part added.
 */
static void
context_forward(const HvBlock *block, const HvBlas *blas, HvReal *y, const HvReal *w, size_t out,
                const HvReal *record, size_t ld, size_t n, HvGroups groups)
{
	size_t u = block->u, shared = groups.shared < u ? groups.shared : u;

	hv_linear_slice(blas, y, groups.size * out, record, groups.size * ld, w, u, n / groups.size,
	                shared, out, false);
	for (size_t r = 0; r < n; r++)
		if (r % groups.size != 0)
			memcpy(y + r * out, y + (r - 1) * out, out * sizeof(HvReal));
	if (u > shared)
		hv_linear_slice(blas, y, out, record + shared, ld, w + shared, u, n, u - shared, out, true);
}

/* y[n×out] = x W^T + u U^T */
static void
layer_with_context(const HvBlock *block, const HvBlas *blas, HvReal *y, const HvReal *x, size_t in,
                   const HvReal *w, const HvReal *uw, size_t out, const HvReal *record, size_t ld,
                   size_t n, HvGroups groups)
{
	bool first = block->u > 0 && groups.size > 1;

	if (first)
		context_forward(block, blas, y, uw, out, record, ld, n, groups);
	hv_linear_forward(blas, y, out, x, in, w, n, in, out, first);
	if (block->u > 0 && !first)
		hv_linear_forward(blas, y, out, record, ld, uw, n, block->u, out, true);
}

void
hv_decoder_forward_groups(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                          const HvReal *record, size_t ld, size_t n, HvGroups groups, HvWork *work)
{
	const HvReal *p = vae->parameters;
	const HvReal *x = work->z;
	size_t in = block->latent;

	for (uint32_t l = 0; l < vae->config.nhidden; l++)
	{
		size_t h = decoder_hidden(vae, l);

		if (l == 0)
			layer_with_context(block, blas, work->decoder[l], x, in, p + block->decoder_w[l],
			                   p + block->decoder_u, h, record, ld, n, groups);
		else
			hv_linear_forward(blas, work->decoder[l], h, x, in, p + block->decoder_w[l], n, in, h,
			                  false);
		hv_add_bias(work->decoder[l], h, p + block->decoder_b[l], n, h, true);
		x = work->decoder[l];
		in = h;
	}
	layer_with_context(block, blas, work->out, x, in, p + block->output_w, p + block->output_u,
	                   block->outputs, record, ld, n, groups);
	hv_add_bias(work->out, block->outputs, p + block->output_b, n, block->outputs, false);
}

void
hv_decoder_forward(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvReal *record,
                   size_t ld, size_t n, HvWork *work)
{
	hv_decoder_forward_groups(vae, block, blas, record, ld, n, (HvGroups){.size = 1}, work);
}

HvHead
hv_vae_head(const HvVae *vae, const HvBlock *block, uint32_t column, const HvBatch *batch,
            const HvWork *work)
{
	const HvColumn *c = &vae->schema->columns[column];
	HvHead head = {
		.column = c,
		.o = work->out + vae->head_at[column],
		.ldo = block->outputs,
		.scale = vae->parameters + block->scale + vae->scale_at[column],
	};

	if (batch != NULL)
	{
		head.n = batch->n;
		head.x = batch->target + c->x_at;
		head.ldx = batch->ld;
		head.weight = batch->weight + column;
		head.ldw = vae->schema->ncolumns;
	}
	return head;
}

/*
 * The head from column j on, over as many adjacent columns as its likelihood takes at once. In the
 * seed's model, where every column is one feature with a Bernoulli head, that is all of them.
 */
static HvHead
wide_head(const HvVae *vae, const HvBlock *block, uint32_t j, const HvBatch *batch,
          const HvWork *work)
{
	const HvColumn *columns = vae->schema->columns;
	bool seed = vae->config.architecture == HV_SEED;
	uint32_t last = vae->schema->stages[block->stage].last;
	HvHead head = hv_vae_head(vae, block, j, batch, work);
	const HvLikelihood *likelihood = hv_likelihood(head.column, seed);

	if (likelihood->wide && columns[j].width == 1)
		while (head.more + 1 < HV_MOST_ADJACENT && j + head.more + 1 < last &&
		       columns[j + head.more + 1].width == 1 &&
		       hv_likelihood(&columns[j + head.more + 1], seed) == likelihood)
			head.more++;
	return head;
}

void
hv_block_loss(const HvVae *vae, const HvBlock *block, const HvBatch *batch, HvWork *work,
              const HvSlope *slope)
{
	const HvStage *stage = &vae->schema->stages[block->stage];
	bool seed = vae->config.architecture == HV_SEED;

	for (uint32_t j = stage->first; j < stage->last;)
	{
		HvHead head = wide_head(vae, block, j, batch, work);
		HvSlope at;

		if (slope != NULL)
		{
			at = *slope;
			at.o += vae->head_at[j];
			at.scale += vae->scale_at[j];
		}
		hv_likelihood(head.column, seed)->loss(&head, work->nll, slope != NULL ? &at : NULL);
		j += (uint32_t) head.more + 1;
	}
}

/* From work->code to nll and kl, and with a slope the gradient of nll: the cells are looked at once. */
static void
decode(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvBatch *batch,
       HvWork *work, const HvSlope *slope)
{
	memset(work->kl, 0, batch->n * sizeof(HvReal));
	memset(work->nll, 0, batch->n * sizeof(HvReal));
	hv_reparametrise(work->code, work->noise, work->z, work->kl, batch->n, block->latent);
	hv_decoder_forward(vae, block, blas, batch->target, batch->ld, batch->n, work);
	hv_block_loss(vae, block, batch, work, slope);
}

void
hv_block_decode(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvBatch *batch,
                HvWork *work)
{
	decode(vae, block, blas, batch, work, NULL);
}

void
hv_block_forward(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvBatch *batch,
                 HvWork *work)
{
	hv_encoder_forward(vae, block, blas, batch->input, batch->ld, batch->n, work);
	decode(vae, block, blas, batch, work, NULL);
}

/* From d_out back to d_z; the inputs' gradients are not needed. */
static void
decoder_backward(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvBatch *batch,
                 HvWork *work, HvReal *gradient, bool add)
{
	const HvReal *p = vae->parameters;
	size_t n = batch->n, out = block->outputs;
	const HvReal *dy = work->d_out;
	uint32_t last = vae->config.nhidden - 1;
	size_t h = decoder_hidden(vae, last);

	hv_linear_backward(blas, gradient + block->output_w, work->d_hidden[0], h, dy, out,
	                   work->decoder[last], h, p + block->output_w, n, h, out, add);
	if (block->u > 0)
		hv_linear_backward(blas, gradient + block->output_u, NULL, 0, dy, out, batch->target,
		                   batch->ld, p + block->output_u, n, block->u, out, add);
	hv_sum_rows(gradient + block->output_b, dy, out, n, out);
	for (uint32_t l = last + 1; l-- > 0;)
	{
		HvReal *d = work->d_hidden[(last - l) % 2];
		HvReal *below = l > 0 ? work->d_hidden[(last - l + 1) % 2] : work->d_z;
		const HvReal *x = l > 0 ? work->decoder[l - 1] : work->z;
		size_t in = l > 0 ? decoder_hidden(vae, l - 1) : block->latent;

		h = decoder_hidden(vae, l);
		hv_relu_backward(d, work->decoder[l], gradient + block->decoder_b[l], n, h);
		hv_linear_backward(blas, gradient + block->decoder_w[l], below, in, d, h, x, in,
		                   p + block->decoder_w[l], n, in, h, add);
		if (l == 0 && block->u > 0)
			hv_linear_backward(blas, gradient + block->decoder_u, NULL, 0, d, h, batch->target,
			                   batch->ld, p + block->decoder_u, n, block->u, h, add);
	}
}

static void
encoder_backward(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvBatch *batch,
                 HvWork *work, HvReal *gradient, bool add)
{
	const HvReal *p = vae->parameters;
	size_t n = batch->n, code = 2 * block->latent;
	uint32_t last = vae->config.nhidden - 1;
	size_t h = vae->config.hidden[last];

	hv_linear_backward(blas, gradient + block->code_w, work->d_hidden[0], h, work->d_code, code,
	                   work->encoder[last], h, p + block->code_w, n, h, code, add);
	hv_sum_rows(gradient + block->code_b, work->d_code, code, n, code);
	for (uint32_t l = last + 1; l-- > 0;)
	{
		HvReal *d = work->d_hidden[(last - l) % 2];
		HvReal *below = l > 0 ? work->d_hidden[(last - l + 1) % 2] : NULL;
		const HvReal *x = l > 0 ? work->encoder[l - 1] : batch->input;
		size_t in = l > 0 ? vae->config.hidden[l - 1] : block->in;
		size_t ldx = l > 0 ? in : batch->ld;

		h = vae->config.hidden[l];
		hv_relu_backward(d, work->encoder[l], gradient + block->encoder_b[l], n, h);
		hv_linear_backward(blas, gradient + block->encoder_w[l], below, in, d, h, x, ldx,
		                   p + block->encoder_w[l], n, in, h, add);
	}
}

/* Biases and scales start from 0 and are added up; the matrices need not. */
static void
clear_sums(const HvVae *vae, const HvBlock *block, HvReal *gradient)
{
	for (uint32_t l = 0; l < vae->config.nhidden; l++)
	{
		memset(gradient + block->encoder_b[l], 0, vae->config.hidden[l] * sizeof(HvReal));
		memset(gradient + block->decoder_b[l], 0, decoder_hidden(vae, l) * sizeof(HvReal));
	}
	memset(gradient + block->code_b, 0, 2 * block->latent * sizeof(HvReal));
	memset(gradient + block->output_b, 0, block->outputs * sizeof(HvReal));
	memset(gradient + block->scale, 0, block->scales * sizeof(HvReal));
}

void
hv_block_gradient(const HvVae *vae, const HvBlock *block, const HvBlas *blas, const HvBatch *batch,
                  HvReal beta, HvReal factor, HvWork *work, HvReal *gradient, bool add)
{
	HvSlope slope = {.factor = factor,
	                 .o = work->d_out,
	                 .ldo = block->outputs,
	                 .scale = gradient + block->scale};

	if (!add)
		clear_sums(vae, block, gradient);
	hv_encoder_forward(vae, block, blas, batch->input, batch->ld, batch->n, work);
	decode(vae, block, blas, batch, work, &slope);
	decoder_backward(vae, block, blas, batch, work, gradient, add);
	hv_reparametrise_backward(work->d_code, work->code, work->noise, work->d_z, batch->row_weight,
	                          beta * factor, batch->n, block->latent);
	encoder_backward(vae, block, blas, batch, work, gradient, add);
}
