/*
 * feedback.h: what people's answers mean for the advice to one of them.
 *
 *     chance      of each action being taken up by this kind of person: ranks
 *     blocked     actions this very person said are not possible or did harm: not advised
 *     calibrated  effects seen in people who took an action up: weighed in like a trial
 *
 * None of it widens what the rules allow.
 */
#ifndef HV_FEEDBACK_H
#define HV_FEEDBACK_H

#include "person.h"

/* What is kept for a statement. */
typedef struct HvFeedbackKept HvFeedbackKept;

/* A row of hadvice.effect_calibration; features by index into the catalogue. */
typedef struct HvCalibrated
{
	int action, outcome;
	double slope, sd; /* outcome units per unit of the action */
} HvCalibrated;

typedef struct HvFeedback
{
	double usual;         /* chance of any advice being taken up, above 0 */
	double *chance;       /* per feature of the catalogue */
	const char **blocked; /* per feature: why, in words, or NULL */
	int ncalibrated;
	const HvCalibrated *calibrated;
} HvFeedback;

/* NULL when the model has no name, or nothing was fed back about it. */
HvFeedbackKept *hv_feedback_keep(const HvQuestion *question, const HvCatalogue *catalogue,
                                 MemoryContext cxt);

/* For the person of the question, in the current context; NULL when `kept` is. */
HvFeedback *hv_feedback_read(HvFeedbackKept *kept, const HvQuestion *question,
                             const HvCatalogue *catalogue, const HvPerson *person);

/* The first (most specific) trial of a pair of features that holds for the person, or NULL. */
const HvTrial *hv_find_trial(const HvCatalogue *catalogue, const HvPerson *person, int action,
                             int outcome);

/*
 * What is known of a pair from people who took the action up, weighed with the trial for this
 * person by precision (the conjugate update of a normal mean); false when nothing is. In units of
 * the outcome per unit of the action. `feedback` may be NULL.
 */
bool hv_realised_effect(const HvFeedback *feedback, const HvCatalogue *catalogue,
                        const HvPerson *person, int action, int outcome, double *slope, double *sd);

#endif
