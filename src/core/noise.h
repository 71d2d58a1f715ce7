/*
 * noise.h: what a head leaves open of a cell, as one standard normal number.
 *
 * Given its latent position the network draws cells independently. But what it leaves unexplained of one
 * cell hangs together with what it leaves of others: weight and waist, a diagnosis and its medicine.
 * So every cell is made of a normal number e, and these are correlated:
 *
 *     a number       mean + sd e
 *     levels, none   the first level whose cumulative probability exceeds u = Phi(e)
 *
 * Of an observed number e is known, of an observed level an interval, of a missing cell nothing.
 */
#ifndef HV_NOISE_H
#define HV_NOISE_H

#include "likelihood.h"

#define HV_MAX_NOISE 640 /* columns whose noise is correlated; a wider table has none of it */
#define HV_NOISE_MOST 7  /* no e is farther from 0 */

static inline bool
hv_is_gaussian(const HvColumn *column)
{
	return column->kind != HV_EMBEDDING &&
	       hv_likelihood(column, false) == hv_likelihood_by_id(HV_GAUSSIAN);
}

/* Whether a column's cells are drawn from such a number; how many are. */
static inline bool
hv_has_noise(const HvColumn *column)
{
	return column->kind != HV_EMBEDDING &&
	       (hv_is_gaussian(column) || hv_likelihood(column, false)->quantile != NULL);
}

static inline uint32_t
hv_noise_width(const HvSchema *schema)
{
	uint32_t width = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
		width += hv_has_noise(&schema->columns[j]);
	return width;
}

/* The cell x[width] that e makes of a head's first row; the e that make x. */
void hv_noise_cell(const HvHead *head, double e, HvReal *x);
void hv_noise_range(const HvHead *head, const HvReal *x, float *low, float *high);

/* A draw of N(mean, sd^2) between low and high, by a uniform number u. */
double hv_noise_within(double mean, double sd, double low, double high, double u);

/*
 * correlation (lower triangle by rows) of `width` normal numbers of n rows, of which low … high is known
 * (n×width both; equal: all is known).
 */
HvStatus hv_noise_correlate(const float *low, const float *high, size_t n, uint32_t width,
                            const HvHost *host, HvArena *arena, float *correlation);

#endif
