/*
 * fit_baseline.c: what a model must beat: independent columns, each at its marginal distribution.
 *
 * The decoder outputs and scales that make a head its column's marginal are those the network starts
 * from (hv_likelihood's marginal); here they are the same for every row, hence the row distance 0.
 */
#include "fit.h"

#include <string.h>

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

/* -log p of the n rows at hand, into work.nll. */
static void
rows_nll(HvTrainer *t, size_t n, HvReal *outputs)
{
	const HvVae *vae = t->vae;
	const HvSchema *schema = vae->schema;
	bool seed = vae->config.architecture == HV_SEED;

	memset(t->work.nll, 0, n * sizeof(HvReal));
	for (uint32_t s = 0; s < schema->nstages; s++)
		hv_trainer_weights(t, hv_vae_block(vae, s, 0), n, false);
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
		likelihood->loss(&head, t->work.nll, NULL);
	}
}

HvStatus
hv_fit_baseline(HvTrainer *t, HvSource *source, bool held, HvArena *arena, double *elbo)
{
	HvReal *outputs = hv_new(arena, HvReal, widest_head(t->vae) + 1, 1);
	size_t rows = source->nrows < HV_LOSS_MOST ? source->nrows : HV_LOSS_MOST;
	HvStep *step = t->share.step;
	double nll = 0;

	if (outputs == NULL)
		return HV_NO_MEMORY;
	step->phase = HV_PHASE_LOSS;
	for (size_t first = 0, n; first < rows; first += n)
	{
		n = rows - first < HV_LOSS_ROWS ? rows - first : HV_LOSS_ROWS;
		hv_check(t->host);
		HV_TRY(source->prepare(source, 0, first, &n));
		step->begin = source->window.begin;
		hv_trainer_rows(t, held, 0, first, n);
		rows_nll(t, n, outputs);
		for (size_t r = 0; r < n; r++)
			nll += t->work.nll[r];
	}
	*elbo = -nll / (double) rows;
	return HV_OK;
}
