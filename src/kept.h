/*
 * kept.h: what a call site that looks at persons keeps beside the question's buffers: the catalogue,
 * the mappings of columns, and what was fed back about the model.
 */
#ifndef HV_KEPT_H
#define HV_KEPT_H

#include "feedback.h"
#include "person.h"

typedef struct HvKept
{
	MemoryContext cxt;
	HvMoment moment;
	Oid relid;
	HvCatalogue *catalogue; /* NULL: to be loaded */
	HvPersonMap *map;
	bool feedback_known;
	HvFeedbackKept *feedback;
} HvKept;

/* Read anew for every statement: a rule counts from its commit on. */
HvKept *hv_kept(HvQuestion *q);

/* The same for what was fed back about the model, read when it is first asked for; NULL: nothing. */
HvFeedbackKept *hv_kept_feedback(HvKept *kept, const HvQuestion *q);

#endif
