/*
 * sample_fit.c: what drawing needs to know of the training rows: patterns of gaps, and how what the
 * network leaves unexplained of the cells hangs together.
 *
 * The noise of a cell (noise.h) is what makes it at a latent position drawn by the encoder, as in training,
 * and the true cells of the stages before.
 *
 * Words that are chosen by what is before them: choice_fit.c.
 *
 * With these, records are drawn, and their quantiles compared with those of the training rows.
 */
#include <math.h>
#include <string.h>

#include "rng.h"
#include "sample.h"
#include "scores.h"
#include "summary.h"

#define MOST_ROWS 5000
#define MOST_PAIRS ((size_t) 50 << 20) /* rows × width^2 that are looked at */
#define MOST_DRAWN 4000
#define LEAST_STEP 1e-3 /* of a bend */
#define FIT_KEY 0x73616d70

typedef struct Fit
{
	const HvModel *model;
	const HvBlas *blas;
	HvWork work;
	uint32_t width;
	float *low, *high; /* of the noise of n rows: n × width */
} Fit;

/* What one record says of its noise, with a latent position of its own. */
static void
find_noise(Fit *fit, const HvReal *record, size_t row)
{
	const HvVae *vae = &fit->model->vae;
	const HvSchema *schema = vae->schema;
	float *low = fit->low + row * fit->width, *high = fit->high + row * fit->width;

	for (uint32_t s = 0; s < schema->nstages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, 0);
		HvWork *work = &fit->work;

		hv_encoder_forward(vae, block, fit->blas, record, schema->width, 1, work);
		hv_normals(FIT_KEY, HV_STREAM(HV_RNG_DRAW, (uint64_t) row << 8 | s), 0, work->noise,
		           block->latent);
		for (size_t i = 0; i < block->latent; i++)
		{
			double log_variance = fmin(fmax((double) work->code[block->latent + i], -8), 6);

			work->z[i] = work->code[i] + (HvReal) exp(log_variance / 2) * work->noise[i];
		}
		hv_decoder_forward(vae, block, fit->blas, record, schema->width, 1, work);
		for (uint32_t j = schema->stages[s].first; j < schema->stages[s].last; j++)
		{
			HvHead head = hv_vae_head(vae, block, j, NULL, work);

			if (!hv_has_noise(head.column))
				continue;
			*low = -HV_NOISE_MOST;
			*high = HV_NOISE_MOST;
			if (record[head.column->m_at] != 0)
				hv_noise_range(&head, record + head.column->x_at, low, high);
			low++;
			high++;
		}
	}
}

static HvStatus
fit_patterns(HvModel *model, const HvReal *records, size_t n, HvArena *arena)
{
	const HvSchema *schema = &model->schema;
	HvSampling *sampling = &model->sampling;
	size_t bytes = (schema->ncolumns + 7) / 8;

	sampling->npatterns = n < HV_MAX_PATTERNS ? (uint32_t) n : HV_MAX_PATTERNS;
	sampling->patterns = hv_new(arena, uint8_t, sampling->npatterns, bytes);
	if (sampling->patterns == NULL)
		return HV_NO_MEMORY;
	for (size_t p = 0; p < sampling->npatterns; p++)
		for (uint32_t j = 0; j < schema->ncolumns; j++)
			if (records[p * schema->width + schema->columns[j].m_at] != 0)
				sampling->patterns[p * bytes + j / 8] |= (uint8_t) (1 << j % 8);
	return HV_OK;
}

static void
straight(HvSampling *sampling)
{
	for (size_t i = 0; i < (size_t) sampling->width * HV_BENDS; i++)
		sampling->bend[i] = (float) (((double) (i % HV_BENDS) - (HV_BENDS - 1) / 2) * HV_BEND_STEP);
}

/*
 * What is drawn of a stage, with the stages before already bent, since it depends on them. The quantiles
 * are kept apart by LEAST_STEP: bends are undone, too.
 */
static HvStatus
fit_bends(Fit *fit, HvSampling *sampling, size_t rows, const HvHost *host, HvArena *arena)
{
	const HvSchema *schema = &fit->model->schema;
	double *drawn = hv_raw(arena, double, sampling->width, rows);
	double *given = hv_raw(arena, double, schema->nvalues, 2);
	HvSampler sampler;

	if (drawn == NULL || given == NULL)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < schema->nvalues; i++)
		given[i] = NAN;
	HV_TRY(hv_sampler_init(&sampler, fit->model, fit->blas, given, false, FIT_KEY, arena));
	for (sampler.stages = 1; sampler.stages <= schema->nstages; sampler.stages++)
	{
		for (size_t r = 0; r < rows; r++)
		{
			hv_check(host);
			hv_sample(&sampler, r, given + schema->nvalues);
			for (uint32_t i = 0; i < sampling->width; i++)
				drawn[i * rows + r] = sampler.score[i];
		}
		for (uint32_t j = 0; j < schema->stages[sampler.stages - 1].last; j++)
		{
			const HvColumn *column = &schema->columns[j];
			float *bend = sampling->bend + (size_t) sampler.number[j] * HV_BENDS;
			double *own = drawn + (size_t) sampler.number[j] * rows;

			if (j < schema->stages[sampler.stages - 1].first || !hv_is_bent(column))
				continue;
			hv_sort_numbers(own, rows);
			for (int i = 0; i < HV_BENDS; i++)
			{
				double share = hv_normal_cdf((i - (HV_BENDS - 1) / 2) * HV_BEND_STEP);
				float least = i > 0 ? bend[i - 1] + (float) LEAST_STEP : -INFINITY;
				float found = (float) hv_sorted_quantile(own, rows, share);

				bend[i] = found > least ? found : least;
			}
		}
	}
	return HV_OK;
}

HvStatus
hv_sampling_fit(HvModel *model, const HvBlas *blas, const HvReal *records, size_t n,
                const HvHost *host, HvArena *arena)
{
	HvSampling *sampling = &model->sampling;
	Fit fit = {.model = model, .blas = blas, .width = hv_noise_width(&model->schema)};
	size_t pairs = (size_t) fit.width * (fit.width + 1) / 2;

	memset(sampling, 0, sizeof(*sampling));
	if (n == 0)
		return HV_OK;
	HV_TRY(fit_patterns(model, records, n, arena));
	if (fit.width < 2 || fit.width > HV_MAX_NOISE || model->vae.config.architecture == HV_SEED)
		return HV_OK;
	n = n < MOST_ROWS ? n : MOST_ROWS;
	n = n < MOST_PAIRS / pairs ? n : MOST_PAIRS / pairs;
	HV_TRY(hv_work_init(&fit.work, &model->vae, 1, false, arena));
	fit.low = hv_raw(arena, float, n, fit.width);
	fit.high = hv_raw(arena, float, n, fit.width);
	sampling->correlation = hv_new(arena, float, pairs, 1);
	if (!fit.low || !fit.high || !sampling->correlation)
		return HV_NO_MEMORY;
	for (size_t r = 0; r < n; r++)
	{
		hv_check(host);
		find_noise(&fit, records + r * model->schema.width, r);
	}
	HV_TRY(hv_noise_correlate(fit.low, fit.high, n, fit.width, host, arena, sampling->correlation));
	sampling->width = fit.width;
	sampling->bend = hv_new(arena, float, fit.width, HV_BENDS);
	if (sampling->bend == NULL)
		return HV_NO_MEMORY;
	straight(sampling);
	HV_TRY(hv_choice_fit(&sampling->choice, &model->schema, blas, records, n, host, arena));
	return fit_bends(&fit, sampling, 4 * n < MOST_DRAWN ? 4 * n : MOST_DRAWN, host, arena);
}
