/*
 * impute.c: missing cells by importance sampling and by the copula; impute_fit.c weighs the two.
 */
#include "impute.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "encode.h"
#include "scores.h"

#define NODES 15      /* of the mean of a number on its own scale */
#define LEAST 1e-4    /* probability of a level */
#define OWN_SCALE 0.3 /* share of that mean in a number's value, see number_value */

static uint32_t
guess_width(const HvColumn *column)
{
	return hv_has_levels(column)          ? column->nlevels
	       : column->kind == HV_EMBEDDING ? column->width
	                                      : 2;
}

HvStatus
hv_imputer_init(HvImputer *imputer, const HvModel *model, const HvBlas *blas, HvArena *arena)
{
	const HvSchema *schema = &model->schema;
	size_t widest = 1;

	memset(imputer, 0, sizeof(*imputer));
	imputer->model = model;
	imputer->blas = blas;
	imputer->at = hv_new(arena, uint32_t, schema->ncolumns, 1);
	if (imputer->at == NULL)
		return HV_NO_MEMORY;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		imputer->at[j] = (uint32_t) imputer->size;
		imputer->size += guess_width(column);
		widest = column->width > widest ? column->width : widest;
	}
	HV_TRY(hv_draws_init(&imputer->draws, &model->vae, arena));
	HV_TRY(hv_ties_init(&imputer->ties, &model->copula, arena));
	imputer->filled = hv_new(arena, HvReal, schema->width, 1);
	imputer->mean = hv_new(arena, HvReal, HV_IMPUTE_DRAWS, widest);
	imputer->network = hv_new(arena, double, imputer->size, 1);
	imputer->copula = hv_new(arena, double, imputer->size, 1);
	imputer->guess = hv_new(arena, double, imputer->size, 1);
	imputer->probability = hv_new(arena, double, HV_MAX_LEVELS, 1);
	return imputer->filled && imputer->mean && imputer->network && imputer->copula &&
	               imputer->guess && imputer->probability
	           ? HV_OK
	           : HV_NO_MEMORY;
}

/* ---- the copula's answer ---- */

static void
ask_copula(HvImputer *imputer, const HvReal *record)
{
	const HvSchema *schema = &imputer->model->schema;
	const HvCopula *copula = &imputer->model->copula;
	uint32_t at = 0;

	if (copula->width == 0)
		return;
	hv_copula_condition(copula, schema, record, &imputer->ties);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		double *answer = imputer->copula + imputer->at[j];

		if (record[column->m_at] == 0 && hv_copula_features(column) > 0)
		{
			if (hv_has_levels(column))
				hv_copula_levels(copula, column, &imputer->ties, at, answer);
			else
				hv_copula_number(copula, &imputer->ties, at, &answer[0], &answer[1]);
		}
		at += hv_copula_features(column);
	}
}

/* ---- the network's answer ---- */

/* Adds `part` of the weighted probabilities of a column's levels: p = exp(-nll) of each in turn. */
static void
add_levels(HvImputer *imputer, HvHead head, const HvLikelihood *likelihood, double part,
           double *answer)
{
	const HvColumn *column = head.column;
	HvReal one = 1, x;

	if (column->kind == HV_CATEGORICAL)
	{
		likelihood->mean(&head, imputer->mean, column->width);
		for (size_t d = 0; d < head.n; d++)
			for (uint32_t k = 0; k < column->nlevels; k++)
				answer[k] += part * imputer->draws.share[d] * imputer->mean[d * column->width + k];
		return;
	}
	head.x = &x;
	head.ldx = 0;
	head.weight = &one;
	head.ldw = 0;
	for (uint32_t k = 0; k < column->nlevels; k++)
	{
		x = (HvReal) ((k - column->center) / column->scale);
		memset(imputer->mean, 0, head.n * sizeof(HvReal));
		likelihood->loss(&head, imputer->mean, NULL);
		for (size_t d = 0; d < head.n; d++)
			imputer->mean[d] = -imputer->mean[d];
		hv_exp(imputer->mean, imputer->mean, head.n);
		for (size_t d = 0; d < head.n; d++)
			answer[k] += part * imputer->draws.share[d] * imputer->mean[d];
	}
}

static double
cell_variance(const HvHead *head, size_t row, bool seed)
{
	if (head->column->kind == HV_AMOUNT && !seed)
		return hv_hurdle_variance(head, row);
	if (seed || hv_counts(head->column))
		return seed ? 0.04 : 1; /* of the encoded value, roughly; the spread is measured anyway */
	return exp(fmin(fmax(head->scale[0], -7), 2));
}

/* Adds `part` of the answer of the last draws for a column; a number: sum of x, and of x^2. */
static void
add_answer(HvImputer *imputer, const HvBlock *block, uint32_t j, size_t n, double part)
{
	const HvVae *vae = &imputer->model->vae;
	bool seed = vae->config.architecture == HV_SEED;
	HvHead head = hv_vae_head(vae, block, j, NULL, &imputer->draws.work);
	const HvLikelihood *likelihood = hv_likelihood(head.column, seed);
	double *answer = imputer->network + imputer->at[j];

	head.n = n;
	if (hv_has_levels(head.column))
	{
		add_levels(imputer, head, likelihood, part, answer);
		return;
	}
	likelihood->mean(&head, imputer->mean, head.column->width);
	for (size_t d = 0; d < n; d++)
	{
		const HvReal *mean = imputer->mean + d * head.column->width;
		double share = part * imputer->draws.share[d];

		for (uint32_t f = 0; f < head.column->width; f++)
			answer[f] += share * mean[f];
		if (head.column->kind != HV_EMBEDDING)
			answer[1] += share * ((double) mean[0] * mean[0] + cell_variance(&head, d, seed));
	}
}

/* The answers of all members of a stage, asked with imputer->filled before it. */
static void
ask_stage(HvImputer *imputer, uint32_t s, const HvReal *record)
{
	const HvSchema *schema = &imputer->model->schema;
	const HvStage *stage = &schema->stages[s];
	uint32_t members = s == 0 ? 1 : imputer->model->vae.config.members;
	size_t n = HV_IMPUTE_DRAWS / members;

	memcpy(imputer->draws.rows, record, schema->width * sizeof(HvReal));
	memcpy(imputer->draws.rows, imputer->filled, stage->begin * sizeof(HvReal));
	for (uint32_t m = 0; m < members; m++)
	{
		const HvBlock *block = hv_vae_block(&imputer->model->vae, s, m);

		hv_draw(&imputer->draws, &imputer->model->vae, block, imputer->blas, 0, n);
		for (uint32_t j = stage->first; j < stage->last; j++)
			if (record[schema->columns[j].m_at] == 0)
				add_answer(imputer, block, j, n, 1.0 / members);
	}
	for (uint32_t j = stage->first; j < stage->last; j++)
	{
		const HvColumn *column = &schema->columns[j];
		double *answer = imputer->network + imputer->at[j];

		if (record[column->m_at] == 0 && !hv_has_levels(column) && column->kind != HV_EMBEDDING)
			answer[1] = fmax(answer[1] - answer[0] * answer[0], 1e-6);
	}
}

/* ---- both ---- */

void
hv_blend_levels(double a, double b, const double *copula, const double *network, uint32_t n,
                double *guess)
{
	double total = 0;

	for (uint32_t k = 0; k < n; k++)
	{
		guess[k] = exp(a * log(fmax(copula[k], LEAST)) + b * log(fmax(network[k], LEAST)));
		total += guess[k];
	}
	for (uint32_t k = 0; k < n; k++)
		guess[k] /= total;
}

static void
blend(HvImputer *imputer, uint32_t j)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const HvBlend *by = &imputer->model->blend[j];
	bool asked = imputer->model->copula.width > 0 && hv_copula_features(column) > 0;
	const double *network = imputer->network + imputer->at[j];
	const double *copula = asked ? imputer->copula + imputer->at[j] : network;
	double *guess = imputer->guess + imputer->at[j];
	uint32_t n = guess_width(column);

	if (hv_has_levels(column))
		hv_blend_levels(by->copula, by->network, copula, network, n, guess);
	else
		for (uint32_t i = 0; i < n; i++)
			guess[i] = asked ? by->copula * copula[i] + by->network * network[i] : network[i];
	if (!hv_has_levels(column) && column->kind != HV_EMBEDDING)
		guess[1] *= by->stretch * by->stretch;
}

/* A guess into imputer->filled, as an observed cell. */
static void
fill(HvImputer *imputer, uint32_t j)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const double *guess = imputer->guess + imputer->at[j];
	HvReal *x = imputer->filled + column->x_at;
	double index = 0;

	imputer->filled[column->m_at] = 1;
	if (column->kind == HV_ORDINAL || column->kind == HV_BINARY)
	{
		for (uint32_t k = 0; k < column->nlevels; k++)
			index += k * guess[k];
		x[0] = (HvReal) ((index - column->center) / column->scale);
		return;
	}
	for (uint32_t f = 0; f < column->width; f++)
		x[f] = (HvReal) guess[f];
}

void
hv_impute(HvImputer *imputer, const HvReal *record)
{
	const HvSchema *schema = &imputer->model->schema;

	memcpy(imputer->filled, record, schema->width * sizeof(HvReal));
	memset(imputer->network, 0, imputer->size * sizeof(double));
	ask_copula(imputer, record);
	for (uint32_t s = 0; s < schema->nstages; s++)
	{
		const HvStage *stage = &schema->stages[s];
		bool gaps = false;

		for (uint32_t j = stage->first; j < stage->last; j++)
			gaps |= record[schema->columns[j].m_at] == 0;
		if (!gaps)
			continue;
		ask_stage(imputer, s, record);
		for (uint32_t j = stage->first; j < stage->last; j++)
			if (record[schema->columns[j].m_at] == 0)
			{
				blend(imputer, j);
				fill(imputer, j);
			}
	}
}

/* ---- values ---- */

static double
decode(const HvColumn *column, double x)
{
	if (column->transform == HV_SCORES)
		return hv_quantile_value(column, x * column->scale + column->center);
	return hv_decode_number(column, x);
}

/* A quantile of the predicted distribution of a number. */
static double
quantile(const HvImputer *imputer, uint32_t j, double p)
{
	const double *guess = imputer->guess + imputer->at[j];
	double share = hv_blend_share(&imputer->model->blend[j], p);

	return decode(&imputer->model->schema.columns[j],
	              guess[0] + sqrt(guess[1]) * hv_normal_quantile(share));
}

/*
 * The value at the mean score is about the median, the best guess where errors count by ratio; the
 * mean over the distribution is the best where they count by square on the column's own scale. Some
 * of both is near the best on either (NHANES: OWN_SCALE 0, .25, 1: raw .679 .670 .659, log .635 .655
 * .714 of a standard deviation).
 */
static double
number_value(const HvImputer *imputer, uint32_t j)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	double sum = 0;

	for (int i = 0; i < NODES; i++)
		sum += quantile(imputer, j, (i + 0.5) / NODES);
	return OWN_SCALE * sum / NODES +
	       (1 - OWN_SCALE) * decode(column, imputer->guess[imputer->at[j]]);
}

/* Words are right or wrong: the likeliest. Ordered numbers are near or far: the median. */
static uint32_t
best_level(const HvColumn *column, const double *probability)
{
	uint32_t best = 0;
	double upto = probability[0];

	if (column->kind == HV_ORDINAL && column->cell == HV_CELL_NUMBER)
	{
		while (upto < 0.5 && best + 1 < column->nlevels)
			upto += probability[++best];
		return best;
	}
	for (uint32_t k = 1; k < column->nlevels; k++)
		if (probability[k] > probability[best])
			best = k;
	return best;
}

/* Levels are added to the best one, the likelier neighbour first, until they hold enough. */
static void
level_interval(const HvColumn *column, const double *probability, double coverage,
               HvCellGuess *cell)
{
	uint32_t low = (uint32_t) cell->value, high = low, last = column->nlevels - 1;
	double held = probability[low];

	cell->low = cell->high = NAN;
	if (column->kind != HV_ORDINAL)
		return;
	while (held < coverage && (low > 0 || high < last))
		if (high == last || (low > 0 && probability[low - 1] > probability[high + 1]))
			held += probability[--low];
		else
			held += probability[++high];
	cell->low = low;
	cell->high = high;
}

HvCellGuess
hv_cell_guess(const HvImputer *imputer, uint32_t j, double coverage)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const double *guess = imputer->guess + imputer->at[j];
	HvCellGuess cell = {.probability = NAN};

	if (hv_has_levels(column))
	{
		uint32_t best = best_level(column, guess);

		cell.value = best;
		cell.probability = guess[best];
		level_interval(column, guess, coverage, &cell);
		return cell;
	}
	cell.value = number_value(imputer, j);
	cell.value = fmax(cell.value, quantile(imputer, j, 0.5 - HV_COVERAGE / 2));
	cell.value = fmin(cell.value, quantile(imputer, j, 0.5 + HV_COVERAGE / 2));
	cell.value = hv_round_number(column, cell.value);
	cell.low = hv_round_number(column, quantile(imputer, j, 0.5 - coverage / 2));
	cell.high = hv_round_number(column, quantile(imputer, j, 0.5 + coverage / 2));
	return cell;
}

void
hv_impute_values(const HvImputer *imputer, const HvReal *record, double *values, bool *known,
                 HvSure *sure)
{
	const HvSchema *schema = &imputer->model->schema;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		known[j] = record[column->m_at] != 0;
		if (known[j])
			continue;
		if (column->kind == HV_EMBEDDING)
			for (uint32_t f = 0; f < column->width; f++)
				values[column->value_at + f] =
					hv_decode_number(column, imputer->guess[imputer->at[j] + f]);
		else
			values[column->value_at] = hv_cell_guess(imputer, j, HV_COVERAGE).value;
	}
	hv_derive(&imputer->model->formulas, schema, values, known, sure);
}
