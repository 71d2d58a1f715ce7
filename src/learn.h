/*
 * learn.h: from a relation to a trained model.
 */
#ifndef HV_LEARN_H
#define HV_LEARN_H

#include "hadvice.h"
#include "options.h"
#include "table.h"

#include "core/fit.h"
#include "core/format.h"

/* One epoch as training_history keeps it. */
typedef struct HvLogged
{
	HvEpoch epoch;
	double seconds; /* since the training began */
} HvLogged;

#define HV_MAX_LOG 1000 /* epochs kept of a training; of a longer one every second, third, … */

typedef struct HvTrained
{
	HvTable *table; /* all columns, those left out with a note */
	HvModel model;
	HvFitResult fit;
	HvLogged *log;
	int nlog;
	double seconds;
} HvTrained;

/*
 * Trains; everything is in the current context, notices have been given. Connects to SPI itself.
 * `model` is the name under which others see it run (NULL: none); the caller ends that progress.
 */
void hv_learn(Oid relid, const char *model, const HvOptions *options, HvTrained *trained);

#endif
