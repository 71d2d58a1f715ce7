/*
 * predict.c: a trained model applied to records.
 *
 * All functions work on up to work->rows records at a time. The chain of blocks is walked in
 * order; each block reads the record's prefix. Where an ensemble stands behind a stage, means are
 * averaged over its members and bounds use member 0, which saw every row with weight 1.
 */
#include "predict.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "rng.h"

#define USE_KEY 0x76616531 /* fixed: using a model is deterministic */

size_t
hv_embedding_size(const HvVae *vae)
{
	size_t size = 0;

	for (uint32_t s = 0; s < vae->schema->nstages; s++)
		size += vae->config.latent[s];
	return size;
}

void
hv_embed(const HvVae *vae, const HvBlas *blas, const HvReal *records, size_t n, HvWork *work,
         HvReal *mu)
{
	size_t size = hv_embedding_size(vae), at = 0;

	for (uint32_t s = 0; s < vae->schema->nstages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, 0);

		hv_encoder_forward(vae, block, blas, records, vae->schema->width, n, work);
		for (size_t r = 0; r < n; r++)
			memcpy(mu + r * size + at, work->code + r * 2 * block->latent,
			       block->latent * sizeof(HvReal));
		at += block->latent;
	}
}

/* z = the posterior means of the last encoder pass. */
static void
z_is_mean(const HvBlock *block, size_t n, HvWork *work)
{
	for (size_t r = 0; r < n; r++)
		memcpy(work->z + r * block->latent, work->code + r * 2 * block->latent,
		       block->latent * sizeof(HvReal));
}

void
hv_reconstruct(const HvVae *vae, const HvBlas *blas, const HvReal *records, size_t n, HvWork *work,
               HvReal *expected)
{
	const HvSchema *schema = vae->schema;
	bool seed = vae->config.architecture == HV_SEED;
	size_t width = schema->width;
	HvReal mean[HV_MAX_LEVELS];

	memcpy(expected, records, n * width * sizeof(HvReal));
	for (uint32_t s = 0; s < schema->nstages; s++)
		for (size_t r = 0; r < n; r++)
			memset(expected + r * width + schema->stages[s].begin, 0,
			       (schema->stages[s].mask - schema->stages[s].begin) * sizeof(HvReal));
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		const HvBlock *block = &vae->blocks[i];
		const HvStage *stage = &schema->stages[block->stage];
		HvReal share = block->stage == 0 ? 1 : (HvReal) 1 / (HvReal) vae->config.members;

		hv_encoder_forward(vae, block, blas, records, width, n, work);
		z_is_mean(block, n, work);
		hv_decoder_forward(vae, block, blas, records, width, n, work);
		for (uint32_t j = stage->first; j < stage->last; j++)
		{
			HvHead head = hv_vae_head(vae, block, j, NULL, work);
			const HvColumn *column = head.column;
			const HvLikelihood *likelihood = hv_likelihood(column, seed);

			head.n = 1;
			for (size_t r = 0; r < n; r++, head.o += head.ldo)
			{
				HvReal *to = expected + r * width + column->x_at;

				/* an embedding is wider than the levels: it is its own mean */
				if (column->width > HV_MAX_LEVELS)
				{
					for (uint32_t f = 0; f < column->width; f++)
						to[f] += share * head.o[f];
					continue;
				}
				likelihood->mean(&head, mean, column->width);
				for (uint32_t f = 0; f < column->width; f++)
					to[f] += share * mean[f];
			}
		}
	}
}

/* Loss weights for the heads: the mask bits, spread to one per column. */
static void
mask_weights(const HvSchema *schema, const HvReal *records, size_t n, uint32_t stages,
             HvReal *weight, uint32_t *cells)
{
	uint32_t counted = schema->stages[stages - 1].last;

	for (size_t r = 0; r < n; r++)
	{
		cells[r] = 0;
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			HvReal m = records[r * schema->width + schema->columns[j].m_at];

			weight[r * schema->ncolumns + j] = m;
			cells[r] += m > 0 && j < counted;
		}
	}
}

/* The noise of a draw: the same for every row, since a row's score must not depend on others. */
static void
draw_noise(const HvBlock *block, int draw, HvReal *noise)
{
	hv_normals(USE_KEY, HV_STREAM(HV_RNG_USE, (uint64_t) block->stage << 32 | (uint64_t) draw), 0,
	           noise, block->latent);
}

/* The reparametrisation clamps the code in place, so that a second draw finds it clamped: no harm. */
void
hv_row_elbo(const HvVae *vae, const HvBlas *blas, const HvReal *records, size_t n, uint32_t stages,
            int draws, HvWork *work, HvReal *weight, double *elbo, uint32_t *cells)
{
	HvBatch batch = {
		.n = n, .input = records, .target = records, .weight = weight, .ld = vae->schema->width};
	int passes = draws > 0 ? draws : 1;

	mask_weights(vae->schema, records, n, stages, weight, cells);
	memset(elbo, 0, n * sizeof(double));
	for (uint32_t s = 0; s < stages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, 0);

		hv_encoder_forward(vae, block, blas, records, batch.ld, n, work);
		for (int d = 0; d < passes; d++)
		{
			if (draws > 0)
				draw_noise(block, d, work->noise);
			else
				memset(work->noise, 0, block->latent * sizeof(HvReal));
			for (size_t r = 1; r < n; r++)
				memcpy(work->noise + r * block->latent, work->noise,
				       block->latent * sizeof(HvReal));
			hv_block_decode(vae, block, blas, &batch, work);
			for (size_t r = 0; r < n; r++)
				elbo[r] -= ((double) work->nll[r] + work->kl[r]) / passes;
		}
	}
}

void
hv_one_elbo(const HvVae *vae, const HvBlas *blas, const HvReal *record, uint32_t stages, int draws,
            HvWork *work, HvReal *copies, HvReal *weight, double *elbo, uint32_t *cells)
{
	const HvSchema *schema = vae->schema;
	HvBatch batch = {.n = (size_t) draws,
	                 .input = copies,
	                 .target = copies,
	                 .weight = weight,
	                 .ld = schema->width};

	mask_weights(schema, record, 1, stages, weight, cells);
	for (int d = 0; d < draws; d++)
	{
		memcpy(copies + (size_t) d * schema->width, record, schema->width * sizeof(HvReal));
		if (d > 0)
			memcpy(weight + (size_t) d * schema->ncolumns, weight,
			       schema->ncolumns * sizeof(HvReal));
	}
	*elbo = 0;
	for (uint32_t s = 0; s < stages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, 0);
		size_t code = 2 * block->latent;

		hv_encoder_forward(vae, block, blas, record, schema->width, 1, work);
		for (int d = 0; d < draws; d++)
		{
			draw_noise(block, d, work->noise + (size_t) d * block->latent);
			if (d > 0)
				memcpy(work->code + (size_t) d * code, work->code, code * sizeof(HvReal));
		}
		hv_block_decode(vae, block, blas, &batch, work);
		for (int d = 0; d < draws; d++)
			*elbo -= ((double) work->nll[d] + work->kl[d]) / draws;
	}
}

double
hv_percentile(const double *quantiles, double value)
{
	size_t low = 0, high = HV_QUANTILES - 1;

	if (!(value > quantiles[low]))
		return 0;
	if (!(value < quantiles[high]))
		return 1;
	while (high - low > 1)
	{
		size_t middle = (low + high) / 2;

		if (quantiles[middle] <= value)
			low = middle;
		else
			high = middle;
	}
	return (low + (value - quantiles[low]) / (quantiles[high] - quantiles[low])) /
	       (HV_QUANTILES - 1);
}
