/*
 * finish.h: the end of a training: what stands in a model beside its weights.
 */
#ifndef HV_FINISH_H
#define HV_FINISH_H

#include "hadvice.h"

#include "core/format.h"
#include "core/source.h"

/*
 * Fills in the model's copula, formulas, blend and quantiles of surprise, from the training rows and
 * the held-out ones. `doing` is for messages.
 */
void hv_finish(HvModel *model, HvSource *train, HvSource *held, const char *doing, HvArena *arena);

#endif
