/*
 * draws.c: importance sampling for one record at a time.
 *
 * Example with one latent number: noise 0.5, mu 1, sigma 0.2 give z = 1.1 and log p(z) - log q(z) =
 * (0.5^2 - 1.1^2) / 2 + log 0.2; -nll on top is the log weight.
 */
#include "draws.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "rng.h"

#define DRAWS_KEY 0x647261777321 /* fixed: the same row has the same answer */

HvStatus
hv_draws_init(HvDraws *draws, const HvVae *vae, HvArena *arena)
{
	HV_TRY(hv_work_init(&draws->work, vae, HV_MAX_DRAWS, false, arena));
	draws->rows = hv_new(arena, HvReal, HV_MAX_DRAWS, vae->schema->width);
	draws->weight = hv_new(arena, HvReal, HV_MAX_DRAWS, vae->schema->ncolumns);
	draws->share = hv_new(arena, HvReal, HV_MAX_DRAWS, 1);
	return draws->rows && draws->weight && draws->share ? HV_OK : HV_NO_MEMORY;
}

/* The record into every row, and its mask bits of the stage as the loss weights. */
static void
spread_record(HvDraws *draws, const HvSchema *schema, const HvStage *stage, size_t n)
{
	for (size_t d = 1; d < n; d++)
		memcpy(draws->rows + d * schema->width, draws->rows, schema->width * sizeof(HvReal));
	for (size_t d = 0; d < n; d++)
		for (uint32_t j = stage->first; j < stage->last; j++)
			draws->weight[d * schema->ncolumns + j] = draws->rows[schema->columns[j].m_at];
}

/* z of every draw by the encoder, outputs by the decoder, work->nll of the observed cells. */
static void
pass(HvDraws *draws, const HvVae *vae, const HvBlock *block, const HvBlas *blas, size_t first,
     size_t n)
{
	HvWork *work = &draws->work;
	size_t latent = block->latent, width = vae->schema->width;
	HvBatch batch = {
		.n = n, .input = draws->rows, .target = draws->rows, .weight = draws->weight, .ld = width};

	hv_encoder_forward(vae, block, blas, draws->rows, width, 1, work);
	for (size_t d = 1; d < n; d++)
		memcpy(work->code + d * 2 * latent, work->code, 2 * latent * sizeof(HvReal));
	hv_normals(DRAWS_KEY, HV_STREAM(HV_RNG_USE, block->stage << 8 | block->member), first * latent,
	           work->noise, n * latent);
	memset(work->kl, 0, n * sizeof(HvReal));
	memset(work->nll, 0, n * sizeof(HvReal));
	hv_reparametrise(work->code, work->noise, work->z, work->kl, n, latent);
	hv_decoder_forward(vae, block, blas, draws->rows, width, n, work);
	hv_block_loss(vae, block, &batch, work, NULL);
}

double
hv_draw(HvDraws *draws, const HvVae *vae, const HvBlock *block, const HvBlas *blas, size_t first,
        size_t n)
{
	HvWork *work = &draws->work;
	size_t latent = block->latent;
	double most = -INFINITY, sum = 0, same = 0;

	spread_record(draws, vae->schema, &vae->schema->stages[block->stage], n);
	pass(draws, vae, block, blas, first, n);
	for (size_t i = 0; i < latent; i++)
		same += 0.5 * (double) work->code[latent + i]; /* log sigma */
	for (size_t d = 0; d < n; d++)
	{
		double log_weight = -(double) work->nll[d];

		for (size_t i = 0; i < latent; i++)
		{
			double z = work->z[d * latent + i], noise = work->noise[d * latent + i];

			log_weight += 0.5 * (noise * noise - z * z);
		}
		draws->share[d] = (HvReal) log_weight;
		most = fmax(most, (double) draws->share[d]);
	}
	for (size_t d = 0; d < n; d++)
		draws->share[d] -= (HvReal) most;
	hv_exp(draws->share, draws->share, n);
	for (size_t d = 0; d < n; d++)
		sum += draws->share[d];
	for (size_t d = 0; d < n; d++)
		draws->share[d] /= (HvReal) sum;
	return most + same + log(sum / (double) n);
}

/* log(e^a + e^b) */
static double
log_add(double a, double b)
{
	double most = fmax(a, b);

	return isinf(most) ? most : most + log(exp(a - most) + exp(b - most));
}

/* log |dx / dv| of the observed numbers of a record. */
static double
log_jacobian(const HvSchema *schema, const HvReal *record, uint32_t *cells)
{
	double sum = 0;

	*cells = 0;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		uint32_t n = column->kind == HV_EMBEDDING ? column->width : 1;

		if (record[column->m_at] == 0)
			continue;
		++*cells;
		for (uint32_t f = 0; f < n; f++)
			sum += hv_log_jacobian(column, record[column->x_at + f]);
	}
	return sum;
}

double
hv_log_likelihood(HvDraws *draws, const HvVae *vae, const HvBlas *blas, const HvReal *record,
                  int samples, uint32_t *cells)
{
	const HvSchema *schema = vae->schema;
	double total = log_jacobian(schema, record, cells);

	memcpy(draws->rows, record, schema->width * sizeof(HvReal));
	for (uint32_t s = 0; s < schema->nstages; s++)
	{
		uint32_t members = s == 0 ? 1 : vae->config.members;
		double sum = -INFINITY;

		for (uint32_t m = 0; m < members; m++)
			for (int first = 0; first < samples; first += HV_MAX_DRAWS)
			{
				int left = samples - first, n = left < HV_MAX_DRAWS ? left : HV_MAX_DRAWS;
				double mean =
					hv_draw(draws, vae, hv_vae_block(vae, s, m), blas, (size_t) first, (size_t) n);

				sum = log_add(sum, mean + log(n));
			}
		total += sum - log((double) samples * members);
	}
	return total;
}
