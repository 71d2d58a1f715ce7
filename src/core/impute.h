/*
 * impute.h: what the missing cells of a record are, with their uncertainty.
 *
 * Two answers are blended, column by column, as blend.h says, by weights found on held-out rows:
 *   the network   draws of the latent position weighted by how well they explain what is observed
 *                 (SNIS, SCIENCE 3.2): w ~ p(x_obs | z) p(z) / q(z | x_obs)
 *   the copula    the conditional Gaussian of copula.h
 * In an ordered model a stage is asked with the gaps before it filled by the answers so far; what the
 * outcomes say about a missing behaviour comes through the copula.
 *
 * A guess is, for a number, mean and variance of its encoded value; for levels their probabilities;
 * for an embedding its expected features. All is deterministic.
 */
#ifndef HV_IMPUTE_H
#define HV_IMPUTE_H

#include "draws.h"

#define HV_IMPUTE_DRAWS 64 /* of the latent position, over all members of a stage */

typedef struct HvImputer
{
	const HvModel *model;
	const HvBlas *blas;
	HvDraws draws;
	HvTies ties;
	HvReal *filled;                   /* one record: gaps filled with what is expected */
	HvReal *mean;                     /* HV_MAX_DRAWS × widest column */
	uint32_t *at;                     /* per column: its place in a guess */
	size_t size;                      /* of a guess */
	double *network, *copula, *guess; /* the two answers and the blend */
	double *probability;              /* HV_MAX_LEVELS */
} HvImputer;

HvStatus hv_imputer_init(HvImputer *imputer, const HvModel *model, const HvBlas *blas,
                         HvArena *arena);

/* imputer->guess for every missing cell of the record (the observed ones: undefined). */
void hv_impute(HvImputer *imputer, const HvReal *record);

/*
 * A guess as a value of the column (its slots of a value row), with its probability and the interval
 * that holds `coverage` of such cells, in (0, 1). The value is within the one of HV_COVERAGE.
 */
#define HV_COVERAGE 0.9
typedef struct HvCellGuess
{
	double value;       /* level index, or the number as the column writes them */
	double low, high;   /* of a number, or an ordinal's levels; else NaN */
	double probability; /* of the level; NaN for a number */
} HvCellGuess;

HvCellGuess hv_cell_guess(const HvImputer *imputer, uint32_t column, double coverage);

/*
 * All missing cells into a value row, in agreement with the formulas of derived columns; known[ncolumns]
 * becomes which cells are given or follow from those, with sure[ncolumns] (may be NULL), see derived.h.
 */
void hv_impute_values(const HvImputer *imputer, const HvReal *record, double *values, bool *known,
                      HvSure *sure);

/* guess[n] of n levels: copula^a network^b, of sum 1. */
void hv_blend_levels(double a, double b, const double *copula, const double *network, uint32_t n,
                     double *guess);

/* Records to weigh guesses by. */
typedef struct HvHeldRows
{
	const HvReal *rows; /* held-out ones, if there are any; else training rows */
	size_t n;
	const HvReal *seen; /* training rows, for the shape of errors; may be none */
	size_t nseen;
} HvHeldRows;

/* Finds model->blend: hides cells of records, and compares the two answers with what was hidden. */
HvStatus hv_impute_calibrate(HvModel *model, const HvBlas *blas, const HvHeldRows *held,
                             const HvHost *host, HvArena *arena);

#endif
