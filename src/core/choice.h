/*
 * choice.h: words given the numbers of a record and the words before them.
 *
 * A network draws a cell around a latent position, and in an ordered model from the stages before it. What
 * a diagnosis owes to the very number beside it gets lost there: hardly anybody with an HbA1c of 5.3 %
 * has diabetes, nearly everybody with 7.5 %, and correlated noise (noise.h), being linear, cannot say it.
 * So every column of not too many levels has a multinomial logit on all numbers and on the columns with
 * levels before it:
 *
 *     P(level k) ~ exp(w_k0 + w_k . f),  w_0 = 0     f: a number x and max(0, x - knot) for some knots,
 *                                                       0/1 for each level of a word
 *
 * One after the other they make the joint distribution of all words given the numbers. Example: features
 * of age and HbA1c, then of sex, then of diabetes: diabetes reads those before its own.
 */
#ifndef HV_CHOICE_H
#define HV_CHOICE_H

#include "blas.h"
#include "schema.h"

#define HV_MAX_CHOICE 640        /* features; a wider table has no choices */
#define HV_MOST_CHOICE 64        /* levels of a word that is drawn so */
#define HV_CHOICE_KNOTS 3        /* of a number */
#define HV_CHOICE_WEIGHTS 500000 /* at most, of all words */

typedef struct HvChoice
{
	uint32_t width; /* features; 0: there are no choices */
	float *center;  /* their means, which stand for missing ones */
	uint32_t weights;
	float *weight; /* word after word: levels - 1 rows of 1 + the features before it */
} HvChoice;

/* Whether a column is drawn so, in a model that has choices. */
static inline bool
hv_is_choice(const HvColumn *column)
{
	return hv_has_levels(column) && column->nlevels >= 2 && column->nlevels <= HV_MOST_CHOICE;
}

/*
 * Where the columns stand: order[ncolumns], those to be chosen last; per column its first feature
 * and the place of its weights. The numbers of all features and weights.
 */
typedef struct HvChoicePlan
{
	uint32_t *order;
	uint32_t *first;
	size_t *at;
	uint32_t width;
	size_t weights;
} HvChoicePlan;

HvStatus hv_choice_plan(HvChoicePlan *plan, const HvSchema *schema, HvArena *arena);

/* Whether a table of that plan has choices. */
bool hv_choice_able(const HvChoicePlan *plan);

/* The features of an observed cell, not centred; how many. */
uint32_t hv_choice_features(const HvColumn *column, const HvReal *record, float *features);

/* The level that a uniform number u draws, given features[plan->first[j]], centred. */
uint32_t hv_choose(const HvChoice *choice, const HvChoicePlan *plan, const HvColumn *column,
                   uint32_t j, const float *features, double u);

/* choice_fit.c: from n records, in memory of `arena`; choice->width is 0 where there is nothing to fit. */
HvStatus hv_choice_fit(HvChoice *choice, const HvSchema *schema, const HvBlas *blas,
                       const HvReal *records, size_t n, const HvHost *host, HvArena *arena);

#endif
