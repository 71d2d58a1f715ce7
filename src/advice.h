/*
 * advice.h: everything that is to be said to one person, computed once; advise.c puts it into rows
 * or into the trace of vae_advise_explain.
 */
#ifndef HV_ADVICE_H
#define HV_ADVICE_H

#include "feedback.h"
#include "person.h"

#include "core/search.h"

#define HV_MAX_ALTERNATIVES 5

typedef struct HvAdviceOptions
{
	int max_actions;       /* 1 … HV_MAX_ITEMS */
	int alternatives;      /* 1 … HV_MAX_ALTERNATIVES */
	const char *programme; /* NULL: chosen by the record */
	Jsonb *locked;         /* array of features or domains, or NULL */
	Jsonb *wishes;         /* object: feature or domain → weight, or NULL */
	double min_probability;
	bool explain;               /* fill HvConsidered.contrary */
	const HvFeedback *feedback; /* NULL: none */
} HvAdviceOptions;

/* What was found out about one action. Bounds are NaN where the person's value is missing. */
typedef struct HvConsidered
{
	int feature;
	double current, low, high; /* the interval in which a target may lie */
	HvBounds bounds;
	int column;         /* of the model, or -1: the model is silent */
	int naction;        /* index into the search's actions, or -1 */
	const char *status; /* what became of it, in words */
	List *rules;        /* const HvRule *, those that apply */
	double recommended_low, recommended_high;
	bool *contrary; /* per goal: the model alone speaks against it; NULL when it was not asked */
	bool outside;   /* the value is outside a recommended range that has numbers */
} HvConsidered;

typedef enum HvAdviceKind
{
	HV_ADVICE_REFER,
	HV_ADVICE_ACTION,
	HV_ADVICE_KEEP
} HvAdviceKind;

typedef struct HvAdviceItem
{
	int plan, rank;
	HvAdviceKind kind;
	const HvRule *flag;             /* of a referral */
	const HvConsidered *considered; /* of an action */
	double target;
	int outcome;         /* index into goals of the effect that is named; -1: none */
	HvEffect *effects;   /* one per goal; NULL when the model carries nothing */
	double plausibility; /* of the plan, NaN when there is none */
} HvAdviceItem;

typedef struct HvAdvice
{
	const HvProgramme *programme;
	int ngoals;
	HvGoal *goals;
	int *goal_features;       /* per goal */
	const HvTarget **targets; /* per goal */
	uint32_t *goal_columns;   /* per goal */
	double *goal_values;      /* the person's own */
	int nconsidered;
	HvConsidered *considered;
	List *items;        /* HvAdviceItem * */
	const char *reason; /* why there is no action, or NULL */
} HvAdvice;

/* In the current memory context. */
HvAdvice *hv_advice(const HvQuestion *question, const HvCatalogue *catalogue,
                    const HvPerson *person, const HvAdviceOptions *options);

#endif
