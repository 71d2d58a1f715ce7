/*
 * plausible.h: no plan makes a person stranger than the search's room allows.
 */
#ifndef HV_PLAUSIBLE_H
#define HV_PLAUSIBLE_H

#include "planner.h"

/*
 * Eases a plan until there is room for it: the search added prices up, together they may be dearer.
 * Returns the plausibility: the share of the training rows whose context and behaviour are stranger.
 */
double hv_make_plausible(HvPlanner *planner, HvPlan *plan);

#endif
