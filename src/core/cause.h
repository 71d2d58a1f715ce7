/*
 * cause.h: which cells make a record strange: how each compares with what the others let expect.
 */
#ifndef HV_CAUSE_H
#define HV_CAUSE_H

#include "impute.h"

typedef struct HvCause
{
	uint32_t column;
	double expected; /* value, given all other cells */
	double surprise; /* nats: -log of the probability of a value at least as unexpected */
} HvCause;

typedef struct HvCauses
{
	HvImputer imputer;
	HvReal *rest; /* a record without the cell in question */
} HvCauses;

HvStatus hv_causes_init(HvCauses *causes, const HvModel *model, const HvBlas *blas, HvArena *arena);

/*
 * One cause for every observed cell but vectors, the most surprising first; room for ncolumns of them.
 * Returns how many there are.
 */
uint32_t hv_causes(HvCauses *causes, const HvReal *record, const HvHost *host, HvCause *found);

#endif
