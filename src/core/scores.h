/*
 * scores.h: normal scores: numbers as the standard normal quantile of their rank.
 *
 * A column's empirical distribution is kept as knots: values with the share of the training cells
 * below them and up to them, both as normal quantiles. A point of mass (0 drinks for a third of the
 * people) is a knot whose two ends lie apart; between knots the distribution is a straight line.
 * Whatever the scale of a column, its scores are nearly normal, so one Gaussian head fits all, an
 * outlier is 4 and not 40, and the way back returns points of mass as what they were.
 *
 * Two ways back:
 *   hv_unscore        smooth: linear between the middles of the knots, and beyond the last ones;
 *                     differences of it are effects
 *   hv_quantile_value the quantile function: a score between the ends of a point of mass is that
 *                     value; never beyond the smallest and the largest value seen
 */
#ifndef HV_SCORES_H
#define HV_SCORES_H

#include "schema.h"

double hv_normal_cdf(double x);
double hv_normal_quantile(double p); /* p in (0, 1) */

/* A value and how often it came, by increasing value. */
typedef struct HvTally
{
	double value;
	double count;
} HvTally;

/*
 * Knots of a column from all its values (n of them, their counts sum to `total`), and center and
 * scale, so that the encoded values have mean 0 and variance 1.
 */
HvStatus hv_scores_make(HvColumn *column, const HvTally *tally, size_t n, HvArena *arena);

/* Scores, neither centered nor scaled. */
double hv_score(const HvColumn *column, double value);
double hv_unscore(const HvColumn *column, double score);

/*
 * hv_unscore of one of many scores that lie close together: *near, 0 at first, is the segment of the
 * last one, and no search is needed where this one is in it, too.
 */
double hv_unscore_near(const HvColumn *column, double score, uint32_t *near);
double hv_quantile_value(const HvColumn *column, double score);

/* d value / d score of the smooth way back: the Jacobian of the density. */
double hv_score_slope(const HvColumn *column, double score);

#endif
