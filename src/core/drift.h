/*
 * drift.h: how far a column's cells of today are from those that a model was trained on, by the
 * statistics that the model keeps.
 *
 *   PSI   population stability index: sum over bins of (now - then) log(now / then). Levels are bins,
 *         and all levels that the model does not know are one more. Of numbers, each that at least 1 %
 *         of the training's cells had is a bin; the others fall into up to ten bins of about a tenth
 *         each. A bin of which fewer than HV_DRIFT_CELLS cells are expected would tell of chance. A share counts as at least HV_DRIFT_FLOOR.
 *         Below 0.1 is commonly called stable, from 0.25 on a shift. (Siddiqi 2006)
 *   KS    Kolmogorov-Smirnov: the largest distance between the two distribution functions. The
 *         training's is known at 65 quantiles, so this is good to about 0.02.
 *
 * Missing cells count for neither: their share is a measure of its own.
 */
#ifndef HV_DRIFT_H
#define HV_DRIFT_H

#include "schema.h"

#define HV_DRIFT_FLOOR 1e-4
#define HV_DRIFT_CELLS 20
#define HV_DRIFT_TEXTS 3 /* new levels that are remembered by name */
#define HV_DRIFT_BYTES 64

/* A level that the model does not know: its first bytes. */
typedef struct HvDriftText
{
	char text[HV_DRIFT_BYTES];
	size_t length;
	uint64_t count;
} HvDriftText;

/* One column while rows go by; of fixed size but for the counts of levels. */
typedef struct HvDrift
{
	const HvColumn *column; /* of the model */
	uint64_t observed, missing;
	/* numbers: different quantiles, the training's share of cells up to each, cells up to each */
	uint32_t nedges;
	double edges[HV_QUANTILES], shares[HV_QUANTILES];
	uint64_t counts[HV_QUANTILES + 1]; /* above the one before, up to this one */
	uint64_t masses[HV_MAX_MASSES];    /* of those, exactly a frequent value of the training */
	uint64_t outside;                  /* smaller or larger than any of the training */
	double mean, m2;                   /* of numbers, and of all elements of vectors */
	uint64_t n;
	/* levels */
	uint64_t *levels;
	uint64_t unknown;
	HvDriftText texts[HV_DRIFT_TEXTS];
	uint32_t ntexts;
} HvDrift;

typedef struct HvDriftMeasures
{
	double psi, ks;        /* NaN: not to be told */
	double missing_change; /* share of missing cells now - then */
	double missing_psi;    /* the index of observed and missing as two bins */
} HvDriftMeasures;

HvStatus hv_drift_init(HvDrift *drift, const HvColumn *column, HvArena *arena);

/* One cell. As in a training, implausible numbers count as missing. */
void hv_drift_missing(HvDrift *drift);
void hv_drift_number(HvDrift *drift, double value);
void hv_drift_text(HvDrift *drift, const char *text, size_t length);
void hv_drift_vector(HvDrift *drift, const float *values, size_t n);

void hv_drift_finish(const HvDrift *drift, HvDriftMeasures *measures);

/*
 * The index of two normal distributions: Jeffreys' divergence, which is what the index of finer and
 * finer bins comes to. For vectors and for latent codes.
 */
double hv_drift_normal(double mean_then, double variance_then, double mean_now,
                       double variance_now);

#endif
