/*
 * evidence.h: what is believed of one effect when several witnesses speak of it.
 *
 * Witnesses are the networks of the ensemble, the straight line through the same data (line.h),
 * trials, and the guideline that recommends the change. The first two saw the same people, so they
 * are averaged and their disagreement counts as doubt; the others are independent of the data and
 * weighed by precision. Example, systolic pressure for 1,000 mg less sodium, in mmHg:
 *
 *     networks -2.0 ± 0.8, line -1.0 ± 0.6      -> model  -1.5 ± 0.9
 *     guideline: better by 0.2, ± 0.6 or more    ->        -1.1 ± 0.7
 *     trials -3.1 ± 0.6, taken at ± 3.2          ->        -1.2 ± 0.7
 */
#ifndef HV_EVIDENCE_H
#define HV_EVIDENCE_H

#include <stdbool.h>

/*
 * The benefit that a guideline's recommendation is expected to have, and the sd of real effects around
 * that: in standard deviations of the outcome, for each of the action (ANCHORS 5: .01 of risk).
 */
#define HV_EXPECTED 0.03
#define HV_EXPECTED_SD 0.035

typedef struct HvBelief
{
	double mean, variance;
} HvBelief;

/* Two independent witnesses, weighed by their precision. */
HvBelief hv_belief_join(HvBelief a, HvBelief b);

/*
 * Two readings of the same data, as a mixture weighed by precision: agreement makes it no firmer, and
 * disagreement is doubt.
 */
HvBelief hv_belief_average(HvBelief a, HvBelief b);

/*
 * Shrinks a finding towards `expected`, more so the less it stands out of its own noise. The
 * expectation's variance is `spread`^2 or what the finding says it is, mean^2 - variance, if that is
 * more (empirical Bayes: a strong finding is left alone, a weak one is mostly noise).
 */
HvBelief hv_belief_shrink(HvBelief finding, double expected, double spread);

/* A slope ± sd at a change; of a trial if `foreign`, whose world is not this person's. */
HvBelief hv_belief_slope(double slope, double sd, double change, bool foreign);

#endif
