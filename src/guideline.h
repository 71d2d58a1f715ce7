/*
 * guideline.h: what guidelines advise where the model is silent.
 */
#ifndef HV_GUIDELINE_H
#define HV_GUIDELINE_H

#include "planner.h"

/*
 * The habit that is the farthest outside its recommended range, of those that nothing was said about,
 * and the target that brings it in; NULL when there is none. `plan` is what is said so far, and the
 * habit becomes part of it where it is an action of the search. The caller sets its status.
 */
HvConsidered *hv_next_guideline(HvPlanner *planner, HvPlan *plan, double *target);

#endif
