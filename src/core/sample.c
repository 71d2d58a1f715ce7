/*
 * sample.c: drawing records, one at a time.
 *
 * Every random number is a function of (seed, row, chain, purpose): rows do not depend on how many are
 * asked for, nor on each other.
 */
#include "sample.h"

#include <math.h>
#include <string.h>

#include "encode.h"
#include "rng.h"
#include "scores.h"

/* Purposes of a row's random numbers; a column j has HEADS + j. */
enum
{
	CHOICE, /* of a chain, and of a pattern of gaps */
	LATENT, /* one for each stage */
	MEMBER = LATENT + HV_MAX_STAGES,
	PICK,
	SHOCK,
	HEADS
};

static uint64_t
stream_of(uint64_t row, uint32_t chain, uint32_t purpose)
{
	return HV_STREAM(HV_RNG_DRAW, (row & 0xFFFFFFFF) << 24 | (uint64_t) chain << 16 | purpose);
}

/* ---- a cell ---- */

/*
 * The correlated noise of a cell, between low and high: of a given one what its value says, of the others
 * what the shocks before it and its own make. All columns before it in the order have had their turn.
 */
static double
noise_of(HvSampler *sampler, uint32_t at, double low, double high)
{
	const double *row = sampler->factor + (size_t) at * sampler->width;
	double sum = 0, e;

	for (uint32_t k = 0; k < at; k++)
		sum += row[k] * sampler->shock[k];
	if (low <= -HV_NOISE_MOST && high >= HV_NOISE_MOST)
		return sum + row[at] * sampler->shock[at];
	e = hv_noise_within(sum, row[at], low, high, hv_normal_cdf(sampler->shock[at]));
	sampler->shock[at] = (e - sum) / row[at];
	return e;
}

/* The bends of a column, or NULL. */
static const float *
bend_of(const HvSampler *sampler, uint32_t j)
{
	const HvSampling *sampling = &sampler->model->sampling;
	const HvColumn *column = &sampler->model->schema.columns[j];

	if (sampling->width == 0 || !hv_is_bent(column))
		return NULL;
	return sampling->bend + (size_t) sampler->number[j] * HV_BENDS;
}

/* x is encoded: the value that it stands for, as the column writes numbers. */
static double
value_of(HvSampler *sampler, uint32_t j, double x)
{
	const HvColumn *column = &sampler->model->schema.columns[j];
	const float *bend = bend_of(sampler, j);
	double t = x * column->scale + column->center;

	if (column->transform != HV_SCORES)
		return hv_round_number(column, hv_decode_number(column, x));
	if (bend != NULL)
	{
		sampler->score[sampler->number[j]] = t;
		t = hv_bent(bend, t);
	}
	return hv_round_number(column, hv_quantile_value(column, t));
}

/* A given number as the network would have drawn it. */
static double
as_drawn(const HvSampler *sampler, uint32_t j, double x)
{
	const HvColumn *column = &sampler->model->schema.columns[j];
	const float *bend = bend_of(sampler, j);
	double t = x * column->scale + column->center;

	if (bend == NULL)
		return x;
	return (hv_unbent(bend, t) - column->center) / column->scale;
}

/* The expectation instead: in the seed's model numbers have no noise, only a mean. */
static bool
only_mean(const HvSampler *sampler, const HvColumn *column)
{
	return sampler->model->vae.config.architecture == HV_SEED && column->kind != HV_BINARY;
}

/* A cell of a column around the decoder's answer: into the value row, and encoded into the record. */
static void
draw_cell(HvSampler *sampler, HvHead head, uint32_t j, uint64_t stream, HvReal *record,
          double *values)
{
	const HvColumn *column = head.column;
	bool seed = sampler->model->vae.config.architecture == HV_SEED;
	const HvLikelihood *likelihood = hv_likelihood(column, seed);
	HvReal *x = record + column->x_at;

	head.n = 1;
	if (only_mean(sampler, column))
		likelihood->mean(&head, x, column->width);
	else if (hv_has_noise(column) && !seed)
		hv_noise_cell(&head, noise_of(sampler, sampler->place[j], -HV_NOISE_MOST, HV_NOISE_MOST),
		              x);
	else
		likelihood->sample(&head, sampler->seed, stream, x, column->width);
	if (hv_has_levels(column) || column->kind == HV_EMBEDDING)
		hv_decode_cell(column, record, values);
	else
		values[column->value_at] = value_of(sampler, j, (double) x[0]);
	hv_encode_cell(column, values, record);
}

/* ---- a stage ---- */

/* Of n latent positions, one by the weights that hv_draw gave them. */
static size_t
pick(const HvReal *share, size_t n, double u)
{
	size_t d = 0;

	for (; d + 1 < n && u >= (double) share[d]; d++)
		u -= (double) share[d];
	return d;
}

static bool
is_given(const HvSampler *sampler, uint32_t s)
{
	const HvStage *stage = &sampler->model->schema.stages[s];

	for (uint32_t j = stage->first; j < stage->last; j++)
		if (sampler->fixed[j])
			return true;
	return false;
}

/*
 * The decoder's answers to a latent position, in row *row of draws.work; log p of what is given. The
 * record has all of the stages before and what is given of this one.
 */
static double
draw_latent(HvSampler *sampler, const HvBlock *block, uint64_t row, uint32_t chain,
            const HvReal *record, size_t *drawn)
{
	const HvVae *vae = &sampler->model->vae;
	HvDraws *draws = &sampler->draws;
	uint64_t stream = stream_of(row, chain, LATENT + block->stage);
	size_t n = sampler->chains > 1 ? HV_CHAIN_DRAWS : HV_SINGLE_DRAWS, first;
	double log_p;

	if (!is_given(sampler, block->stage))
	{
		hv_normals(sampler->seed, stream, 0, draws->work.z, block->latent);
		hv_decoder_forward(vae, block, sampler->blas, record, vae->schema->width, 1, &draws->work);
		*drawn = 0;
		return 0;
	}
	memcpy(draws->rows, record, vae->schema->width * sizeof(HvReal));
	/* draws are numbered: every row has its own */
	first = (size_t) (hv_uniform(sampler->seed, stream, 0) * 0x1p40);
	log_p = hv_draw(draws, vae, block, sampler->blas, first, n);
	*drawn =
		pick(draws->share, n, hv_uniform(sampler->seed, stream_of(row, chain, PICK), block->stage));
	return log_p;
}

/* A given cell has its turn in the noise. */
static void
take_given(HvSampler *sampler, const HvHead *head, uint32_t j, const HvReal *record)
{
	const HvReal *x = record + head->column->x_at;
	HvReal drawn = x[0];
	float low, high;

	if (hv_is_gaussian(head->column))
	{
		drawn = (HvReal) as_drawn(sampler, j, (double) x[0]);
		x = &drawn;
	}
	hv_noise_range(head, x, &low, &high);
	(void) noise_of(sampler, sampler->place[j], (double) low, (double) high);
}

/* All open cells of a stage. */
static double
draw_stage(HvSampler *sampler, uint32_t s, uint64_t row, uint32_t chain, HvReal *record,
           double *values)
{
	const HvModel *model = sampler->model;
	const HvStage *stage = &model->schema.stages[s];
	double u = hv_uniform(sampler->seed, stream_of(row, chain, MEMBER), s), log_p;
	uint32_t member = s == 0 ? 0 : (uint32_t) (u * model->vae.config.members);
	const HvBlock *block = hv_vae_block(&model->vae, s, member);
	bool seed = model->vae.config.architecture == HV_SEED;
	size_t drawn;

	log_p = draw_latent(sampler, block, row, chain, record, &drawn);
	for (int open = 0; open <= 1; open++)
		for (uint32_t j = stage->first; j < stage->last; j++)
		{
			HvHead head = hv_vae_head(&model->vae, block, j, NULL, &sampler->draws.work);

			if (sampler->fixed[j] != (open == 0))
				continue;
			head.o += drawn * head.ldo;
			if (open)
				draw_cell(sampler, head, j, stream_of(row, chain, HEADS + j), record, values);
			else if (hv_has_noise(head.column) && !seed)
				take_given(sampler, &head, j, record);
		}
	return log_p;
}

/* ---- a record ---- */

/* What follows by formulas, and its encoding: stages to come see it. */
static void
derive(const HvSampler *sampler, uint32_t stage, HvReal *record, double *values)
{
	const HvModel *model = sampler->model;
	const HvSchema *schema = &model->schema;

	if (model->formulas.n == 0)
		return;
	memcpy(sampler->known, sampler->fixed, schema->ncolumns * sizeof(bool));
	hv_derive(&model->formulas, schema, values, sampler->known, NULL);
	for (uint32_t i = 0; i < model->formulas.n; i++)
	{
		const HvFormula *f = &model->formulas.list[i];
		const uint32_t of[] = {f->y, f->a, f->b};

		for (int k = 0; k < 3; k++)
			if (of[k] < schema->stages[stage].last && !sampler->fixed[of[k]])
				hv_encode_cell(&schema->columns[of[k]], values, record);
	}
}

static double
draw_chain(HvSampler *sampler, uint64_t row, uint32_t chain)
{
	const HvSchema *schema = &sampler->model->schema;
	HvReal *record = sampler->chain + (size_t) chain * schema->width;
	double *values = sampler->chain_values + (size_t) chain * schema->nvalues, log_p = 0;

	memcpy(record, sampler->record, schema->width * sizeof(HvReal));
	memcpy(values, sampler->given, schema->nvalues * sizeof(double));
	hv_normals(sampler->seed, stream_of(row, chain, SHOCK), 0, sampler->normal, sampler->width);
	for (uint32_t k = 0; k < sampler->width; k++)
		sampler->shock[k] = (double) sampler->normal[k];
	for (uint32_t s = 0; s < sampler->stages; s++)
	{
		log_p += draw_stage(sampler, s, row, chain, record, values);
		derive(sampler, s, record, values);
	}
	return log_p;
}

/* One chain, by its weight. */
static uint32_t
choose_chain(HvSampler *sampler, uint64_t row)
{
	double most = -INFINITY, sum = 0, u;
	uint32_t chain = 0;

	for (uint32_t c = 0; c < sampler->chains; c++)
		most = fmax(most, sampler->log_weight[c]);
	for (uint32_t c = 0; c < sampler->chains; c++)
		sum += sampler->log_weight[c] = exp(sampler->log_weight[c] - most);
	u = sum * hv_uniform(sampler->seed, stream_of(row, 0, CHOICE), 0);
	for (; chain + 1 < sampler->chains && u >= sampler->log_weight[chain]; chain++)
		u -= sampler->log_weight[chain];
	return chain;
}

/*
 * Words anew, each by all numbers and the words before it; drawn in its stage, a diagnosis did not know of
 * the laboratory value that a later stage would have.
 */
static void
choose_words(HvSampler *sampler, uint64_t row, uint32_t chain, double *values)
{
	const HvSchema *schema = &sampler->model->schema;
	const HvChoicePlan *plan = &sampler->plan;
	const HvChoice *choice = &sampler->model->sampling.choice;
	HvReal *record = sampler->chain + (size_t) chain * schema->width;

	for (uint32_t i = 0; i < schema->ncolumns && sampler->chosen < schema->ncolumns; i++)
	{
		uint32_t j = plan->order[i], n;
		const HvColumn *column = &schema->columns[j];
		float *features = sampler->features + plan->first[j];

		if (i >= sampler->chosen)
		{
			double u = hv_uniform(sampler->seed, stream_of(row, chain, HEADS + j), 0);

			values[column->value_at] = hv_choose(choice, plan, column, j, sampler->features, u);
			hv_encode_cell(column, values, record);
		}
		n = hv_choice_features(column, record, features);
		for (uint32_t f = 0; f < n; f++)
			features[f] -= choice->center[plan->first[j] + f];
	}
}

/* The gaps of a real row, but not where a cell is given. */
static void
make_gaps(const HvSampler *sampler, uint64_t row, double *values)
{
	const HvSchema *schema = &sampler->model->schema;
	const HvSampling *sampling = &sampler->model->sampling;
	double u = hv_uniform(sampler->seed, stream_of(row, 0, CHOICE), 1);
	const uint8_t *pattern =
		sampling->patterns + (size_t) (u * sampling->npatterns) * ((schema->ncolumns + 7) / 8);

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		uint32_t n = column->kind == HV_EMBEDDING ? column->width : 1;

		if (sampler->fixed[j] || (pattern[j / 8] >> j % 8 & 1) != 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			values[column->value_at + i] = NAN;
	}
}

void
hv_sample(HvSampler *sampler, uint64_t row, double *values)
{
	const HvSchema *schema = &sampler->model->schema;
	uint32_t chain = 0;

	for (uint32_t c = 0; c < sampler->chains; c++)
		sampler->log_weight[c] = draw_chain(sampler, row, c);
	if (sampler->chains > 1)
		chain = choose_chain(sampler, row);
	memcpy(values, sampler->chain_values + (size_t) chain * schema->nvalues,
	       schema->nvalues * sizeof(double));
	if (sampler->stages == schema->nstages)
		choose_words(sampler, row, chain, values);
	if (sampler->missing && sampler->model->sampling.npatterns > 0)
		make_gaps(sampler, row, values);
}
