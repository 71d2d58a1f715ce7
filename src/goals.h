/*
 * goals.h: the programme and the targets of one person.
 */
#ifndef HV_GOALS_H
#define HV_GOALS_H

#include "advice.h"

/* Fills advice->programme and the goals: outcomes that the record has and the model knows. */
void hv_goals(HvAdvice *advice, const HvQuestion *question, const HvCatalogue *catalogue,
              const HvPerson *person, const HvAdviceOptions *options);

/* Whether a goal is missed: in the range is low <= value < high. */
bool hv_goal_missed(const HvAdvice *advice, int goal);
bool hv_any_goal_missed(const HvAdvice *advice);

/* Whether a word is among n words. */
bool hv_listed(const char *const *words, int n, const char *word);

#endif
