/*
 * kept.c: the catalogue, mappings and feedback of a statement, as long as they cannot have changed.
 */
#include "hadvice.h"

#include "kept.h"

#include "utils/memutils.h"

HvKept *
hv_kept(HvQuestion *q)
{
	HvMoment moment = hv_moment();
	HvCatalogue *catalogue;
	HvKept *kept = q->kept;

	if (kept == NULL)
	{
		kept = MemoryContextAllocZero(q->call->cxt, sizeof(HvKept));
		kept->cxt =
			AllocSetContextCreate(q->call->cxt, "hadvice catalogue", ALLOCSET_DEFAULT_SIZES);
		q->kept = kept;
	}
	if (kept->catalogue != NULL && kept->relid == q->relid &&
	    hv_same_moment(&kept->moment, &moment))
		return kept;
	kept->catalogue = NULL; /* an error on the way leaves no half of it behind */
	MemoryContextReset(kept->cxt);
	kept->moment = moment;
	kept->relid = q->relid;
	catalogue = hv_catalogue_load(kept->cxt);
	kept->map = hv_person_map(catalogue, q, kept->cxt);
	kept->feedback_known = false;
	kept->catalogue = catalogue;
	return kept;
}

HvFeedbackKept *
hv_kept_feedback(HvKept *kept, const HvQuestion *q)
{
	if (!kept->feedback_known)
		kept->feedback = hv_feedback_keep(q, kept->catalogue, kept->cxt);
	kept->feedback_known = true;
	return kept->feedback;
}
