/*
 * accord.h: whether the cells of a record go together: each is compared with what all others let expect.
 *
 * What the others let expect is linear on the right scale only, and which one that is differs: energy is
 * 4 protein + 4 carbohydrate + 9 fat in plain numbers, body mass is weight / height^2 in logarithms, and
 * most of the rest is nearest to a line in normal scores. So three Gaussians are fitted, of all columns
 * on each of the scales, and every column is judged on the one where a stranger's cell surprises
 * most.
 *
 * The residual of a number, an ordinal, or a binary is its distance from the conditional mean in
 * conditional standard deviations, that of a category -log of its conditional probability.
 */
#ifndef HV_ACCORD_H
#define HV_ACCORD_H

#include "copula.h"
#include "tail.h"

typedef enum HvScale
{
	HV_SCALE_SCORE = 0, /* as records have it */
	HV_SCALE_PLAIN,     /* (v - mean) / standard deviation */
	HV_SCALE_LOG,       /* log(v / min), log(1 + v / mean) where there are zeros, else plain */
	HV_SCALES
} HvScale;

typedef struct HvAccord
{
	HvCopula ties[HV_SCALES]; /* as the model's, but with ordinals as plain numbers */
	uint8_t *scale;           /* per column: an HvScale */
	HvTail *residual;         /* per column, on its scale */
} HvAccord;

/* One of the Gaussians, arranged for a row at a time. */
typedef struct HvTied
{
	HvReal *precision;    /* width×width */
	uint32_t nown;        /* features of the columns that are judged on this scale, and … */
	HvReal *own;          /* … their rows of the precision */
	HvReal *shift, *unit; /* of a feature; x is (feature - shift) unit */
	HvReal *stiff;        /* root of the precision's diagonal */
	double *block; /* per category its features' conditional covariance, one after the other */
} HvTied;

typedef struct HvAccordWork
{
	const HvSchema *schema;
	const HvAccord *accord;
	uint32_t width; /* features; 0: nothing can be said */
	HvTied tied[HV_SCALES];
	double *value;    /* per column: the number that is there (hv_accord_read) */
	HvReal *scaled;   /* a record on one of the scales */
	HvReal *x, *pull; /* pull: own rows of the precision, times x */
	uint32_t *unknown;
	double *factor, *fill; /* for the missing ones */
} HvAccordWork;

HvStatus hv_accord_init(HvAccordWork *work, const HvAccord *accord, const HvSchema *schema,
                        HvArena *arena);

/* A record (of the width of the schema) on another scale: numbers change, all else is copied. */
void hv_accord_rescale(const HvSchema *schema, HvScale scale, const HvReal *record, HvReal *scaled);

/* Reads the numbers of a record into work->value; what follows wants it done. */
void hv_accord_read(HvAccordWork *work, const HvReal *record);

/* residual[ncolumns] of a record, each on its column's scale; -1 where there is none. */
void hv_accord_residuals(HvAccordWork *work, const HvReal *record, float *residual);

/* The same of all columns on one scale. */
void hv_accord_on(HvAccordWork *work, HvScale scale, const HvReal *record, float *residual);

/* A cell's surprise in nats. */
static inline double
hv_accord_surprise(const HvAccord *accord, uint32_t column, float residual)
{
	return hv_tail_surprise(&accord->residual[column], (double) residual, true);
}

/* accord_fit.c: from n records, `step` apart, in memory of `arena`. */
HvStatus hv_accord_fit(HvAccord *accord, const HvSchema *schema, const HvBlas *blas,
                       const HvReal *records, size_t n, size_t step, const HvHost *host,
                       HvArena *arena);

/* A record with about a tenth of its cells from another one; taken[ncolumns] says which, and `number` decides. */
void hv_accord_mix(const HvSchema *schema, const HvReal *record, const HvReal *other,
                   uint64_t number, HvReal *mixed, bool *taken);

#endif
