/*
 * summary.h: what is kept of one column's cells, in bounded memory, while a table goes by.
 *
 * stats.c turns summaries into a schema; of the rest only hv_sorted_quantile is used elsewhere.
 * Everything depends only on the cells and their order.
 */
#ifndef HV_SUMMARY_H
#define HV_SUMMARY_H

#include "schema.h"

#define HV_SKETCH 1024 /* smallest hashes kept: the distinct count is exact below that */
#define HV_SAMPLE 4096 /* values kept for the quantiles */
#define HV_MOST 1e90   /* a larger number is taken for NaN: its third power would overflow */

/* A distinct value and how often it came. */
typedef struct HvEntry
{
	uint64_t hash;
	const char *text; /* of a text column, zero-terminated in the arena; else NULL */
	double number;
	uint64_t count;
} HvEntry;

typedef struct HvSummary
{
	uint64_t observed, missing, implausible;
	double low, high; /* plausible range of numbers */
	bool fixed;       /* the levels were given: others are implausible */

	/* Moments of the numbers (of all elements of the vectors). */
	uint64_t n;
	double mean, m2, m3, min, max;
	bool fractional; /* a number was no integer */
	int digits;      /* decimals that hold every number; -1: more than HV_MAX_DIGITS */

	/* Dictionary: exact while it is not full. */
	HvEntry *entries; /* HV_MAX_LEVELS, in order of first appearance */
	uint32_t nentries;
	uint16_t *slots; /* hash table of entry numbers + 1 */
	bool full;       /* one more came; from then on only the sketch counts */

	/* The HV_SKETCH smallest hashes as numbers in [0, 1), increasing; in use once full. */
	double *sketch;
	uint32_t nsketch;

	/* Reservoir of the numbers. */
	double *sample;
	uint32_t nsample;
	uint64_t stream;  /* of its random numbers */
	uint32_t word[4]; /* the last block of them; a cell takes the next word */

	uint32_t width; /* of the vectors, 0 before the first */
} HvSummary;

/* `column` says what cells come; its number keeps its random numbers apart from others'. */
HvStatus hv_summary_init(HvSummary *summary, const HvColumn *column, uint32_t number,
                         HvArena *arena);

/* Fixed levels, in order, before the first cell. */
HvStatus hv_summary_level(HvSummary *summary, const char *text, double number);

void hv_summary_number(HvSummary *summary, double value);
HvStatus hv_summary_text(HvSummary *summary, const char *text, size_t length, HvArena *arena);
HvStatus hv_summary_vector(HvSummary *summary, const float *values, size_t n);

/* Different values seen: exact, or an estimate once there were more than HV_SKETCH. */
double hv_summary_distinct(const HvSummary *summary);
double hv_summary_sd(const HvSummary *summary);
double hv_summary_skewness(const HvSummary *summary);

/* Levels into bytewise or numeric order; the last thing to be done with the dictionary. */
void hv_summary_sort_levels(HvSummary *summary);

/* Sorts the sample; afterwards its quantiles at 0, 1/64, … 1 (the ends are the true ones). */
void hv_summary_quantiles(HvSummary *summary, double *quantiles);

/*
 * The numbers that at least HV_LEAST_MASS of the cells have, increasing; room for HV_MAX_MASSES.
 * Returns how many there are. After hv_summary_quantiles.
 */
uint32_t hv_summary_masses(const HvSummary *summary, HvMass *masses);

/* Increasing order. */
void hv_sort_numbers(double *numbers, size_t n);

/* The element at share q of a sorted array, linear between neighbours. */
double hv_sorted_quantile(const double *sorted, size_t n, double q);

#endif
