/*
 * line.h: the straight line beside the network: what a linear regression says of an effect.
 *
 * The regression of every outcome on context and behaviour is contained in the model's copula
 * (copula.h): with u the outcomes and body measures, o all other features, P the precision,
 *
 *     E[x_u | x_o] = m_u - P_uu^-1 P_uo (x_o - m_o)
 *
 * so the slopes are -P_uu^-1 P_uo, between normal scores, and their standard errors follow from the
 * residual variance and the number of rows. Body measures are left free, so that the slope of
 * exercise holds what passes through weight: it is the total effect, as the network's is. The slope of
 * weight itself is taken with weight among o.
 *
 * Habits go together: who eats more salt eats more of all. So the slopes of all actions are weighed
 * with the guideline at once: each is expected to do the little good of evidence.h and none to do harm
 * in the direction that the guideline recommends, and what one may not claim falls to the others that
 * it goes with. That is a ridge regression towards the guideline under bounds on the signs; `guided`.
 */
#ifndef HV_LINE_H
#define HV_LINE_H

#include "copula.h"
#include "schema.h"

typedef struct HvLines
{
	/* what is asked; columns, and how many rows the copula was fitted on */
	const HvCopula *copula;
	const HvSchema *schema;
	double rows;
	uint32_t nactions, noutcomes;
	const uint32_t *actions, *outcomes;
	const int *way;    /* actions: +1 when one would be raised, -1 lowered, 0 left */
	const int *better; /* outcomes: +1 when more of one is better, -1 when less, 0 when unknown */
	/* the answer, actions×outcomes, encoded units of the outcome per encoded unit of the action */
	double *slope, *sd;         /* of the data alone; 0 for a column that cannot be asked */
	double *guided, *guided_sd; /* weighed with the guideline */
} HvLines;

/* False when the model has no copula. */
bool hv_lines_fit(HvLines *lines, HvArena *arena);

#endif
