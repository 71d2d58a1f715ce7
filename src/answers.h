/*
 * answers.h: what was fed back about one model, counted: uptake by kind of person, realised effects.
 */
#ifndef HV_ANSWERS_H
#define HV_ANSWERS_H

#include "hadvice.h"

/* A row of hadvice.feedback_summary. */
typedef struct HvUptake
{
	const char *feature, *group;
	double chance, chance_feature;
} HvUptake;

/* A row of hadvice.effect_calibration. */
typedef struct HvRealised
{
	const char *action, *outcome;
	double slope, sd; /* outcome units per unit of the action */
} HvRealised;

typedef struct HvAnswers
{
	const char *key; /* column of the source that names a person, or NULL */
	double chance;   /* of any advice being taken up */
	int nuptakes, neffects;
	HvUptake *uptakes;
	HvRealised *effects;
} HvAnswers;

/*
 * Of a model that the caller has been allowed to use; NULL when nothing was fed back. In `cxt`; kept
 * by the session as long as no row of the two tables changes.
 */
const HvAnswers *hv_answers(const char *model, int version, MemoryContext cxt);

/*
 * Statements in between run as the owner of hadvice.feedback. An error ends the transaction, which
 * gives the role back.
 */
typedef struct HvCaller
{
	Oid role;
	int context;
} HvCaller;

HvCaller hv_become_reader(void);
void hv_return_to(HvCaller caller);

#endif
