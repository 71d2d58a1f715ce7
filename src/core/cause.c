/*
 * cause.c: leave-one-out: every observed cell is hidden in turn, the rest judged, and the cell guessed.
 *
 * The causes are in the order of how strange the rest is. A wrong weight also makes height and body mass look
 * odd, each given the others; but only without the weight all is well. (NHANES, 5 cells of others in
 * a row: the first cause was one of them for 77 to 81 % of the flagged rows, and for 65 to 67 % when the least
 * expected cell came first.)
 *
 * A number's surprise is the two-sided tail of a normal distribution with the guess's mean its
 * variance, stretched to the errors that were made in training (blend.h); of a point of mass the nearer end counts. A
 * level's is the probability of all levels that are no likelier than it.
 *
 * Worked example: weight 60 where the others say 80 ± 5. z = -4, p = 2 * 3.2e-5, surprise 9.7 nats.
 */
#include "cause.h"

#include <math.h>
#include <string.h>

#include "encode.h"
#include "scores.h"

#define FAR 8 /* deviations where the tail's asymptote is as good */
#define LEAST_VARIANCE 1e-6

HvStatus
hv_causes_init(HvCauses *causes, const HvModel *model, const HvBlas *blas, HvArena *arena)
{
	HV_TRY(hv_imputer_init(&causes->imputer, model, blas, arena));
	if (model->strange.fitted)
		HV_TRY(hv_judge_init(&causes->judge, model, blas, arena));
	causes->rest = hv_new(arena, HvReal, model->schema.width, 1);
	return causes->rest != NULL ? HV_OK : HV_NO_MEMORY;
}

/* -log of the two-sided tail beyond z >= 0. */
static double
normal_surprise(double z)
{
	if (z <= 0)
		return 0;
	if (z < FAR)
		return -log(erfc(z * M_SQRT1_2));
	/* erfc(x) = e^(-x^2) / (x sqrt(pi)) (1 - 1 / (2 x^2) + …) */
	return z * z / 2 + log(z) + 0.5 * log(M_PI / 2) + 1 / (z * z);
}

/* The two ends of an observed number: those of a point of mass, or twice the number. */
static void
ends_of(const HvColumn *column, double x, double *low, double *high)
{
	*low = *high = x;
	if (column->transform != HV_SCORES)
		return;
	for (uint32_t i = 0; i < column->nknots; i++)
	{
		const HvKnot *knot = &column->knots[i];

		if (fabs((knot->middle - column->center) / column->scale - x) < 1e-4)
		{
			*low = (knot->low - column->center) / column->scale;
			*high = (knot->high - column->center) / column->scale;
		}
	}
}

static double
number_surprise(const HvImputer *imputer, uint32_t j, double x)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const double *guess = imputer->guess + imputer->at[j];
	double sd = sqrt(fmax(guess[1], LEAST_VARIANCE)) * (double) imputer->model->blend[j].stretch;
	double low, high;

	ends_of(column, x, &low, &high);
	return normal_surprise(fmax(low - guess[0], guess[0] - high) / fmax(sd, LEAST_VARIANCE));
}

static double
level_surprise(const HvImputer *imputer, uint32_t j, const HvReal *record)
{
	const HvColumn *column = &imputer->model->schema.columns[j];
	const double *probability = imputer->guess + imputer->at[j];
	HvColumn alone = *column;
	double level, sum = 0;

	alone.value_at = 0; /* a level is one slot */
	hv_decode_cell(&alone, record, &level);
	for (uint32_t k = 0; k < column->nlevels; k++)
		if (probability[k] <= probability[(uint32_t) level])
			sum += probability[k];
	return -log(fmin(fmax(sum, 1e-30), 1));
}

/* Of causes->rest; 0 when nothing is left of it, or there is no judge. */
static double
strangeness(HvCauses *causes)
{
	const HvStrange *strange = &causes->imputer.model->strange;

	if (!strange->fitted || hv_judge_parts(&causes->judge, causes->rest) == 0)
		return 0;
	return hv_judge_combine(strange, causes->judge.part);
}

static bool
comes_before(const HvCause *a, const HvCause *b)
{
	return a->rest < b->rest || (a->rest == b->rest && a->surprise > b->surprise);
}

static HvCause
cause_of(HvCauses *causes, uint32_t j, const HvReal *record)
{
	const HvImputer *imputer = &causes->imputer;
	const HvColumn *column = &imputer->model->schema.columns[j];
	HvCause cause = {.column = j};

	memset(causes->rest + column->x_at, 0, column->width * sizeof(HvReal));
	causes->rest[column->m_at] = 0;
	hv_impute(&causes->imputer, causes->rest);
	cause.rest = strangeness(causes);
	memcpy(causes->rest + column->x_at, record + column->x_at, column->width * sizeof(HvReal));
	causes->rest[column->m_at] = 1;
	cause.expected = hv_cell_guess(imputer, j, HV_COVERAGE).value;
	cause.surprise = hv_has_levels(column)
	                     ? level_surprise(imputer, j, record)
	                     : number_surprise(imputer, j, (double) record[column->x_at]);
	return cause;
}

uint32_t
hv_causes(HvCauses *causes, const HvReal *record, const HvHost *host, HvCause *found)
{
	const HvSchema *schema = &causes->imputer.model->schema;
	uint32_t n = 0;

	memcpy(causes->rest, record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		HvCause cause;
		uint32_t to = n;

		if (record[schema->columns[j].m_at] == 0 || schema->columns[j].kind == HV_EMBEDDING)
			continue;
		hv_check(host);
		cause = cause_of(causes, j, record);
		for (; to > 0 && comes_before(&cause, &found[to - 1]); to--)
			found[to] = found[to - 1];
		found[to] = cause;
		n++;
	}
	return n;
}
