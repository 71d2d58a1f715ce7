/*
 * limits.h: what a person's actions may do: the catalogue's rules turned into bounds.
 */
#ifndef HV_LIMITS_H
#define HV_LIMITS_H

#include "advice.h"

/* Fills advice->considered: every action of the catalogue, its bounds and what became of it. */
void hv_limits(HvAdvice *advice, const HvQuestion *question, const HvCatalogue *catalogue,
               const HvPerson *person, const HvAdviceOptions *options);

/* The weight that a person gives a feature, by its name or else its domain; 1 without a wish. */
double hv_wish(const HvAdviceOptions *options, const HvFeature *feature);

#endif
