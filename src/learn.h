/*
 * learn.h: from a relation to a trained model.
 */
#ifndef HV_LEARN_H
#define HV_LEARN_H

#include "hadvice.h"
#include "options.h"
#include "table.h"

#include "core/checkpoint.h"
#include "core/format.h"
#include "core/warm.h"

/* How a training that began from an earlier model, the champion, went. */
typedef struct HvRetraining
{
	bool warm;        /* it started from the champion's weights */
	const char *cold; /* why not */
	HvKinship kinship;
	HvComparison comparison; /* with the champion, on the held-out rows */
} HvRetraining;

typedef struct HvTrained
{
	HvTable *table; /* all columns, those left out with a note */
	HvModel model;
	HvFitResult fit;
	HvRetraining retraining; /* zero when there is no champion */
	struct HvKeeper *keeper; /* of its checkpoints; NULL: there are none */
	HvLogged *log;
	int nlog;
	double seconds;
} HvTrained;

/*
 * Trains; everything is in the current context, notices have been given. Connects to SPI itself.
 * `model` is the name under which others see it run (NULL: none); the caller ends that progress.
 * `champion` is an earlier model to start from, and to be compared with; NULL: none.
 */
void hv_learn(Oid relid, const char *model, const HvOptions *options, const HvModel *champion,
              HvTrained *trained);

#endif
