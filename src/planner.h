/*
 * planner.h: one person's search in the making: what core/search.h is asked with.
 */
#ifndef HV_PLANNER_H
#define HV_PLANNER_H

#include "advice.h"

#define HV_PREFERRED 0.67 /* effort of an action in a domain that the programme prefers */

typedef struct HvPlanner
{
	const HvQuestion *question;
	const HvCatalogue *catalogue;
	const HvPerson *person;
	const HvAdviceOptions *options;
	HvAdvice *advice;
	HvArena arena;
	HvAction *actions;
	HvConsidered **of_action; /* per action */
	HvPrior *priors;
	HvCase person_case;
	HvSearch search;
} HvPlanner;

/*
 * Fills actions, priors, case and search from the advice's goals and considered actions; sets the
 * status of an action that the search cannot use.
 */
void hv_planner_start(HvPlanner *planner);

/* Asks the model alone about every action at the end of its way, and fills their `contrary`. */
void hv_planner_disagreements(HvPlanner *planner);

/* The chance that this kind of person takes an action up; 1 where nothing is known. */
double hv_uptake(const HvPlanner *planner, const HvConsidered *considered);

#endif
