/*
 * sample_init.c: what is the same for all records that a sampler draws: which cells are given, in which
 * order the noise of the others comes and its factor, and from which word on they are chosen.
 */
#include <math.h>
#include <string.h>

#include "dense.h"
#include "encode.h"
#include "sample.h"

/*
 * The order of the noise: by stage, given cells first, so that what is known when a cell is drawn stands
 * before it and the Cholesky factor does the conditioning.
 */
static void
order_noise(HvSampler *sampler)
{
	const HvSchema *schema = &sampler->model->schema;
	uint32_t n = 0;

	for (uint32_t s = 0; s < schema->nstages; s++)
		for (int given = 1; given >= 0; given--)
			for (uint32_t j = schema->stages[s].first; j < schema->stages[s].last; j++)
				if (hv_has_noise(&schema->columns[j]) && sampler->fixed[j] == (given == 1))
				{
					sampler->place[j] = n;
					sampler->order[n++] = j;
				}
	sampler->width = n;
}

static HvStatus
factor_noise(HvSampler *sampler, HvArena *arena)
{
	const HvSchema *schema = &sampler->model->schema;
	const HvSampling *sampling = &sampler->model->sampling;
	uint32_t *number = sampler->number, n = 0;
	size_t width = sampler->width;

	sampler->factor = hv_new(arena, double, width + 1, width + 1);
	if (sampler->factor == NULL)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		if (hv_has_noise(&schema->columns[j]))
			number[j] = n++;
	for (size_t a = 0; a < width; a++)
		for (size_t b = 0; b <= a; b++)
		{
			uint32_t i = number[sampler->order[a]], k = number[sampler->order[b]];

			sampler->factor[a * width + b] =
				sampling->width == n ? (double) sampling->correlation[hv_triangle(i, k)] : a == b;
		}
	/* what came from a file need not be a correlation matrix: then noise is independent */
	if (!hv_factorise(sampler->factor, width))
	{
		memset(sampler->factor, 0, width * width * sizeof(double));
		for (size_t a = 0; a < width; a++)
			sampler->factor[a * width + a] = 1;
	}
	return HV_OK;
}

/* Words may be chosen from behind the last one that is given on. */
static HvStatus
plan_choices(HvSampler *sampler, HvArena *arena)
{
	const HvSchema *schema = &sampler->model->schema;
	const HvChoicePlan *plan = &sampler->plan;

	HV_TRY(hv_choice_plan(&sampler->plan, schema, arena));
	sampler->features = hv_new(arena, float, plan->width + 1, 1);
	if (sampler->features == NULL)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[plan->order[i]];

		if (!hv_is_choice(column) || sampler->fixed[plan->order[i]])
			sampler->chosen = i + 1;
	}
	if (sampler->model->sampling.choice.width == 0)
		sampler->chosen = schema->ncolumns;
	return HV_OK;
}

/* Whether a stage with given cells has an open cell in a stage before it. */
static bool
needs_chains(const HvSampler *sampler)
{
	const HvSchema *schema = &sampler->model->schema;
	bool open = false;

	for (uint32_t s = 0; s < schema->nstages; s++)
	{
		bool given = false, more = false;

		for (uint32_t j = schema->stages[s].first; j < schema->stages[s].last; j++)
		{
			given |= sampler->fixed[j];
			more |= !sampler->fixed[j];
		}
		if (given && open)
			return true;
		open |= more;
	}
	return false;
}

HvStatus
hv_sampler_init(HvSampler *sampler, const HvModel *model, const HvBlas *blas, const double *given,
                bool missing, uint64_t seed, HvArena *arena)
{
	const HvSchema *schema = &model->schema;
	size_t noise = hv_noise_width(schema) + 1;

	memset(sampler, 0, sizeof(*sampler));
	sampler->model = model;
	sampler->blas = blas;
	sampler->missing = missing;
	sampler->seed = seed;
	HV_TRY(hv_draws_init(&sampler->draws, &model->vae, arena));
	sampler->fixed = hv_new(arena, bool, schema->ncolumns, 1);
	sampler->known = hv_new(arena, bool, schema->ncolumns, 1);
	sampler->given = hv_new(arena, double, schema->nvalues, 1);
	sampler->record = hv_new(arena, HvReal, schema->width, 1);
	sampler->order = hv_new(arena, uint32_t, noise, 1);
	sampler->place = hv_new(arena, uint32_t, schema->ncolumns, 1);
	sampler->normal = hv_new(arena, HvReal, noise, 1);
	sampler->shock = hv_new(arena, double, noise, 1);
	sampler->score = hv_new(arena, double, noise, 1);
	sampler->number = hv_new(arena, uint32_t, schema->ncolumns, 1);
	sampler->chain = hv_new(arena, HvReal, HV_CHAINS, schema->width);
	sampler->chain_values = hv_new(arena, double, HV_CHAINS, schema->nvalues);
	sampler->log_weight = hv_new(arena, double, HV_CHAINS, 1);
	if (!sampler->fixed || !sampler->known || !sampler->given || !sampler->record ||
	    !sampler->order || !sampler->place || !sampler->normal || !sampler->shock ||
	    !sampler->score || !sampler->number || !sampler->chain || !sampler->chain_values ||
	    !sampler->log_weight)
		return HV_NO_MEMORY;
	memcpy(sampler->given, given, schema->nvalues * sizeof(double));
	hv_encode_row(schema, given, sampler->record);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		sampler->fixed[j] = sampler->record[schema->columns[j].m_at] != 0;
	order_noise(sampler);
	HV_TRY(factor_noise(sampler, arena));
	HV_TRY(plan_choices(sampler, arena));
	sampler->chains = needs_chains(sampler) ? HV_CHAINS : 1;
	sampler->stages = schema->nstages;
	return HV_OK;
}
