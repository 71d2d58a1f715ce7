/*
 * copula.h: the linear ties between all columns: one Gaussian over the encoded cells.
 *
 * A VAE of moderate size learns the shape of a table, but pairs that hang together closely (weight
 * and waist, fat and energy) take it many epochs. Those ties are mostly linear once numbers are
 * normal scores, and a Gaussian finds them exactly, for any pattern of missing cells. So it is kept
 * beside the network: both are asked what a missing cell is, and impute.h blends the two answers.
 *
 * Numbers stand with their encoded value, ordinals with the normal score of their level, binaries and
 * categories with their 0/1 features; embeddings do not take part. Mean and covariance are fitted by
 * EM over rows with gaps (Little, Rubin: Statistical Analysis with Missing Data, 11.2), with a small
 * ridge. What is kept is the precision P (inverse covariance), since with u the missing and o the
 * observed cells
 *
 *     E[x_u | x_o] = m_u - P_uu^-1 P_uo (x_o - m_o)     Var[x_u | x_o] = P_uu^-1
 *
 * needs a factorisation of the missing part only.
 */
#ifndef HV_COPULA_H
#define HV_COPULA_H

#include "blas.h"
#include "schema.h"

#define HV_MAX_COPULA 640 /* features; a wider table has no copula */
#define HV_RIDGE 0.01     /* where ties are not expected to be exact */

typedef struct HvCopula
{
	uint32_t width;   /* features, 0: none */
	float *mean;      /* of a feature */
	float *scale;     /* its standard deviation; below all is standardised by both */
	float *precision; /* lower triangle by rows: width (width + 1) / 2 */
} HvCopula;

/* Room for one row; filled by hv_copula_condition. */
typedef struct HvTies
{
	double *x;         /* width: standardised, missing ones at their conditional mean */
	bool *missing;     /* width */
	uint32_t *unknown; /* nunknown features that are missing */
	uint32_t nunknown;
	double *factor;   /* nunknown×nunknown: Cholesky factor of P_uu */
	double *variance; /* width: conditional variance of a missing feature */
	double *work;     /* width */
	double *room;     /* width × width */
} HvTies;

uint32_t hv_copula_width(const HvSchema *schema);

/* First feature of a column in the copula, given in the order of the columns; see copula.c. */
uint32_t hv_copula_features(const HvColumn *column);

/* The features of a record as they are coded here, not yet standardised; missing[width]. */
void hv_copula_read(const HvSchema *schema, const HvReal *record, double *x, bool *missing);

/*
 * Fits it on records (n×schema->width); makes copula->width 0 when there is nothing to fit. `ridge` is
 * added to the diagonal of the correlations, and more of it in small tables.
 * Memory for the result and for the work comes from `arena`.
 */
HvStatus hv_copula_fit(HvCopula *copula, const HvSchema *schema, const HvBlas *blas,
                       const HvReal *records, size_t n, double ridge, const HvHost *host,
                       HvArena *arena);

HvStatus hv_ties_init(HvTies *ties, const HvCopula *copula, HvArena *arena);

/* The row's missing cells given its observed ones. */
void hv_copula_condition(const HvCopula *copula, const HvSchema *schema, const HvReal *record,
                         HvTies *ties);

/*
 * The answer for one column, `at` its first feature here: mean and variance of the encoded value of
 * a number, or probabilities of the levels. An observed cell comes back as it is.
 */
void hv_copula_number(const HvCopula *copula, const HvTies *ties, uint32_t at, double *mean,
                      double *variance);
void hv_copula_levels(const HvCopula *copula, const HvColumn *column, const HvTies *ties,
                      uint32_t at, double *probability);

#endif
