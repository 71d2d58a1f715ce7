/*
 * cause.h: which cells make a record strange: without which it would be less so, and how each compares
 * with what the others let expect.
 */
#ifndef HV_CAUSE_H
#define HV_CAUSE_H

#include "anomaly.h"
#include "impute.h"

typedef struct HvCause
{
	uint32_t column;
	double expected; /* value, given all other cells */
	double surprise; /* nats: -log of the probability of a value at least as unexpected */
	double rest;     /* strangeness of the record without the cell, see hv_judge_combine */
} HvCause;

typedef struct HvCauses
{
	HvImputer imputer;
	HvJudge judge; /* where the model has one */
	HvReal *rest;  /* a record without the cell in question */
} HvCauses;

HvStatus hv_causes_init(HvCauses *causes, const HvModel *model, const HvBlas *blas, HvArena *arena);

/*
 * One cause for every observed cell but vectors, first the one without which the record is least strange,
 * the more surprising one of two that are equal (of all, in models without a judge); room for ncolumns of
 * them. Returns how many there are.
 */
uint32_t hv_causes(HvCauses *causes, const HvReal *record, const HvHost *host, HvCause *found);

#endif
