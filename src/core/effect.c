/*
 * effect.c: counterfactual outcomes, batched over plans and draws through gemm.
 *
 * The rows of a batch are plan × draw. The features of a stage are moved by the difference of the
 * heads' means with and without the change; the unchanged side is computed once, in hv_case_init.
 * Numbers are moved on the encoded scale (so a log-scaled lab changes by a ratio), counts on their
 * own scale, because the mean of a count is not on the scale of its encoding. Levels do not move.
 */
#include "effect.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "encode.h"
#include "rng.h"

#define EFFECT_KEY 0x65666665637473 /* fixed: the same question has the same answer */
#define CASE_ROWS 512

static bool
moves(const HvColumn *column)
{
	return !hv_has_levels(column) && column->kind != HV_EMBEDDING;
}

/* Where a feature goes when its expectation goes from `before` to `after`. */
static HvReal
moved(const HvColumn *column, HvReal x, HvReal before, HvReal after)
{
	double value;

	if (!hv_counts(column))
		return x + after - before;
	value = hv_decode_number(column, x) + hv_decode_number(column, after) -
	        hv_decode_number(column, before);
	return (HvReal) hv_encode_number(column, value > 0 ? value : 0);
}

/* The columns of all stages. */
static HvStage
everywhere(const HvCase *c)
{
	return (HvStage){.first = 0, .last = c->model->schema.ncolumns};
}

static bool
in_stage(HvStage stage, uint32_t column)
{
	return column >= stage.first && column < stage.last;
}

static bool
one_block(const HvCase *c)
{
	return c->model->schema.nstages == 1;
}

/* The record that encoders see: a one-block model must not see the outcomes it predicts. */
static void
encoder_input(const HvCase *c, const HvReal *record, HvReal *input)
{
	const HvSchema *schema = &c->model->schema;

	memcpy(input, record, schema->width * sizeof(HvReal));
	if (!one_block(c))
		return;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (column->role != HV_OUTCOME)
			continue;
		memset(input + column->x_at, 0, column->width * sizeof(HvReal));
		input[column->m_at] = 0;
	}
}

/* z of every draw from the posterior at c->records' first row. */
static void
draw_posterior(HvCase *c, const HvBlock *block, HvReal *z)
{
	size_t latent = block->latent;
	HvWork *work = &c->work;

	hv_encoder_forward(&c->model->vae, block, c->blas, c->records, c->model->schema.width, 1, work);
	for (uint32_t d = 1; d < c->draws; d++)
		memcpy(work->code + d * 2 * latent, work->code, 2 * latent * sizeof(HvReal));
	hv_normals(EFFECT_KEY, HV_STREAM(HV_RNG_USE, block->stage), 0, work->noise, c->draws * latent);
	memset(work->kl, 0, c->draws * sizeof(HvReal));
	hv_reparametrise(work->code, work->noise, z, work->kl, c->draws, latent);
}

/*
 * Moves the features of one stage in `n` rows (row r belongs to draw r % draws) by what the last
 * decoder pass expects now against `base`, what it expected of the unchanged person. `start` is
 * that unchanged pass: it fills base. A missing feature starts from its expectation.
 */
static void
move_stage(HvCase *c, const HvBlock *block, size_t n, HvReal *base, bool start)
{
	const HvVae *vae = &c->model->vae;
	const HvSchema *schema = &c->model->schema;
	const HvStage *stage = &schema->stages[block->stage];
	size_t columns = stage->last - stage->first;
	HvReal *mean = c->work.nll; /* a free column of `rows` numbers */

	for (uint32_t j = stage->first; j < stage->last; j++)
	{
		const HvColumn *column = &schema->columns[j];
		HvHead head = hv_vae_head(vae, block, j, NULL, &c->work);

		if (!moves(column) || (one_block(c) && column->role != HV_OUTCOME))
			continue;
		head.n = n;
		hv_likelihood(column, vae->config.architecture == HV_SEED)->mean(&head, mean, 1);
		for (size_t r = 0; r < n; r++)
		{
			HvReal *record = c->records + r * schema->width;
			HvReal *before = base + (r % c->draws) * columns + (j - stage->first);

			if (start)
				*before = mean[r];
			record[column->x_at] =
				moved(column, c->record[column->m_at] > 0 ? c->record[column->x_at] : *before,
			          *before, mean[r]);
			record[column->m_at] = 1;
		}
	}
}

/* The posterior of the changed records of a one-block model, with every draw's own noise. */
static void
draw_changed(HvCase *c, const HvBlock *block, size_t n)
{
	HvWork *work = &c->work;

	hv_encoder_forward(&c->model->vae, block, c->blas, c->records, c->model->schema.width, n, work);
	for (size_t r = 0; r < n; r++)
		hv_normals(EFFECT_KEY, HV_STREAM(HV_RNG_USE, 0), (r % c->draws) * block->latent,
		           work->noise + r * block->latent, block->latent);
	memset(work->kl, 0, n * sizeof(HvReal));
	hv_reparametrise(work->code, work->noise, work->z, work->kl, n, block->latent);
}

/* Encodes what a search is going to ask of every action. */
static void
fill_grids(HvCase *c)
{
	for (uint32_t a = 0; a < c->nactions; a++)
	{
		const HvAction *action = &c->actions[a];
		const HvColumn *column = &c->model->schema.columns[action->column];
		HvGrid *grid = &c->grid[a];

		grid->current = hv_encode_catalogue(column, action->bounds.current);
		grid->n = hv_bounds_grid(&action->bounds, action->recommended_low, action->recommended_high,
		                         action->step, grid->target, HV_MAX_GRID);
		for (size_t i = 0; i < grid->n; i++)
			grid->x[i] = hv_encode_catalogue(column, grid->target[i]);
	}
}

double
hv_case_x(const HvCase *c, uint32_t action, double target)
{
	const HvGrid *grid = &c->grid[action];

	for (size_t i = 0; i < grid->n; i++)
		if (grid->target[i] == target)
			return grid->x[i];
	return hv_encode_catalogue(&c->model->schema.columns[c->actions[action].column], target);
}

/*
 * The record with the actions of a plan, and what follows them by arithmetic, changed in the columns of
 * `within`. Reads only the person's own record, so it may be applied again after a stage has moved: a
 * weight that the plan sets stays set.
 */
static void
apply_plan(const HvCase *c, const HvPlan *plan, HvStage within, HvReal *record)
{
	const HvSchema *schema = &c->model->schema;

	for (uint32_t i = 0; i < plan->n; i++)
	{
		const HvAction *action = &c->actions[plan->items[i].action];
		const HvColumn *own = &schema->columns[action->column];
		double ratio = plan->items[i].target / action->bounds.current;

		if (in_stage(within, action->column))
			record[own->x_at] = (HvReal) hv_case_x(c, plan->items[i].action, plan->items[i].target);
		for (uint32_t k = 0; k < action->ncoupled; k++)
		{
			const HvColumn *column = &schema->columns[action->coupled[k].column];
			double value;

			if (!in_stage(within, action->coupled[k].column) || c->record[column->m_at] == 0 ||
			    !isfinite(ratio) || ratio <= 0)
				continue;
			value = hv_decode_number(column, c->record[column->x_at]);
			value *= pow(ratio, action->coupled[k].power);
			record[column->x_at] = (HvReal) hv_encode_number(column, value);
		}
	}
}

void
hv_case_record(const HvCase *c, const HvPlan *plan, HvReal *record)
{
	memcpy(record, c->record, c->model->schema.width * sizeof(HvReal));
	apply_plan(c, plan, everywhere(c), record);
}

/* All responding stages of one member over the n rows of c->records; plans NULL: unchanged. */
static void
run_member(HvCase *c, uint32_t member, size_t n, const HvPlan *plans)
{
	const HvVae *vae = &c->model->vae;
	size_t width = c->model->schema.width;
	/* the draws of a plan differ in what has moved, never in context and behaviour */
	HvGroups groups = {.size = c->draws, .shared = c->model->schema.stages[0].end};

	for (uint32_t s = one_block(c) ? 0 : 1; s < c->model->schema.nstages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, member);
		size_t number = (size_t) (block - vae->blocks);

		hv_check(c->host);
		if (one_block(c))
			draw_changed(c, block, n);
		else
			for (size_t r = 0; r < n; r++)
				memcpy(c->work.z + r * block->latent, c->z[number] + (r % c->draws) * block->latent,
				       block->latent * sizeof(HvReal));
		hv_decoder_forward_groups(vae, block, c->blas, c->records, width, n, groups, &c->work);
		move_stage(c, block, n, c->base[number], plans == NULL);
		for (size_t r = 0; plans != NULL && r < n; r++)
			apply_plan(c, &plans[r / c->draws], c->model->schema.stages[s], c->records + r * width);
	}
}

/* The values of the outcomes in n rows of c->records; those of one draw are close to each other. */
static void
read_outcomes(const HvCase *c, size_t n, double *values)
{
	const HvSchema *schema = &c->model->schema;
	size_t outcomes = c->noutcomes;

	for (size_t k = 0; k < outcomes; k++)
		for (size_t d = 0; d < c->draws; d++)
		{
			const HvColumn *column = &schema->columns[c->outcomes[k]];

			hv_decode_catalogues(column, c->records + d * schema->width + column->x_at,
			                     c->draws * schema->width, n / c->draws, values + d * outcomes + k,
			                     c->draws * outcomes);
		}
}

/* The unchanged person under one member: posterior draws, expectations, values of the outcomes. */
static void
start_member(HvCase *c, uint32_t member)
{
	const HvVae *vae = &c->model->vae;
	size_t width = c->model->schema.width;

	encoder_input(c, c->record, c->records);
	for (uint32_t s = 1; s < c->model->schema.nstages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, member);

		draw_posterior(c, block, c->z[block - vae->blocks]);
	}
	for (uint32_t d = 1; d < c->draws; d++)
		memcpy(c->records + d * width, c->records, width * sizeof(HvReal));
	run_member(c, member, c->draws, NULL);
	read_outcomes(c, c->draws, c->unchanged + (size_t) member * c->draws * c->noutcomes);
}

static HvStatus
allocate(HvCase *c, HvArena *arena)
{
	const HvVae *vae = &c->model->vae;

	c->rows = CASE_ROWS / c->draws * c->draws;
	HV_TRY(hv_work_init(&c->work, vae, c->rows, false, arena));
	c->records = hv_new(arena, HvReal, c->rows, c->model->schema.width);
	c->weight = hv_new(arena, HvReal, c->rows, c->model->schema.ncolumns);
	c->cells = hv_new(arena, uint32_t, c->rows, 1);
	if (!c->weight || !c->cells)
		return HV_NO_MEMORY;
	c->z = hv_new(arena, HvReal *, vae->nblocks, 1);
	c->base = hv_new(arena, HvReal *, vae->nblocks, 1);
	c->grid = hv_new(arena, HvGrid, c->nactions + 1, 1);
	c->value = hv_new(arena, double, c->noutcomes + 1, 1);
	c->unchanged = hv_new(arena, double, (size_t) c->members * c->draws, c->noutcomes + 1);
	if (!c->records || !c->grid || !c->z || !c->base || !c->value || !c->unchanged)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		const HvStage *stage = &c->model->schema.stages[vae->blocks[i].stage];

		c->z[i] = hv_new(arena, HvReal, c->draws, vae->blocks[i].latent);
		c->base[i] = hv_new(arena, HvReal, c->draws, stage->last - stage->first);
		if (!c->z[i] || !c->base[i])
			return HV_NO_MEMORY;
	}
	return HV_OK;
}

HvStatus
hv_case_init(HvCase *c, HvArena *arena)
{
	size_t n;

	if (c->draws < 1 || c->draws > CASE_ROWS)
		return HV_BAD_ARGUMENT;
	c->members = one_block(c) ? 1 : c->model->vae.config.members;
	n = (size_t) c->members * c->draws;
	HV_TRY(allocate(c, arena));
	fill_grids(c);
	for (uint32_t m = 0; m < c->members; m++)
		start_member(c, m);
	for (uint32_t k = 0; k < c->noutcomes; k++)
	{
		const HvColumn *column = &c->model->schema.columns[c->outcomes[k]];

		for (size_t i = 0; i < n; i++)
			c->value[k] += c->unchanged[i * c->noutcomes + k] / (double) n;
		if (c->record[column->m_at] > 0)
			c->value[k] = hv_decode_catalogue(column, c->record[column->x_at]);
	}
	hv_case_today(c);
	return hv_case_lines(c, arena);
}

/* The first `n` rows of c->records: the person with plan r / draws applied. */
static void
plan_rows(HvCase *c, const HvPlan *plans, size_t n)
{
	size_t width = c->model->schema.width;

	for (size_t r = 0; r < n; r++)
	{
		HvReal *row = c->records + r * width;

		if (r % c->draws != 0)
		{
			memcpy(row, row - width, width * sizeof(HvReal));
			continue;
		}
		encoder_input(c, c->record, row);
		apply_plan(c, &plans[r / c->draws], everywhere(c), row);
	}
}

void
hv_case_values(HvCase *c, uint32_t member, const HvPlan *plans, size_t nplans, double *values)
{
	size_t most = c->rows / c->draws;

	for (size_t first = 0; first < nplans; first += most)
	{
		size_t n = (nplans - first < most ? nplans - first : most) * c->draws;

		plan_rows(c, plans + first, n);
		run_member(c, member, n, plans + first);
		read_outcomes(c, n, values + first * c->draws * c->noutcomes);
	}
}
