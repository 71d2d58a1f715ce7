/*
 * derived.h: columns that follow from others by definition: body mass index from height and weight.
 *
 * A model predicts every column by itself, and what it predicts of the three would contradict. What
 * follows is computed here instead, in the columns' own units.
 */
#ifndef HV_DERIVED_H
#define HV_DERIVED_H

#include "schema.h"

typedef struct HvDerived
{
	int height, weight, bmi; /* numbers of the columns; -1: there is none */
} HvDerived;

/* Finds the columns by their features in the catalogue. */
void hv_derived_find(HvDerived *derived, const HvSchema *schema);

/*
 * Of a value row, what follows from the rest: the body mass index, or where that is `fixed`, the weight,
 * or else the height; nothing when all three are fixed or one of the others is missing. fixed: per
 * column. Returns the column that was computed, or -1.
 */
int hv_derive(const HvDerived *derived, const HvSchema *schema, const bool *fixed, double *values);

#endif
