/*
 * answer.h: a question answered: what vae_advise and vae_advise_explain have in common.
 */
#ifndef HV_ANSWER_H
#define HV_ANSWER_H

#include "advice.h"

#include "lib/stringinfo.h"

/* One answered question. */
typedef struct HvAnswer
{
	HvQuestion *question;
	const HvCatalogue *catalogue;
	const char *lang;
	HvAdvice *advice;
} HvAnswer;

/*
 * Reads the question and its options (max_actions, programme, alternatives, locked, wishes, lang
 * behind the arguments of hv_question) and answers it; with `explain`, what only the trace needs, too.
 * False when the row is NULL.
 */
bool hv_answer_advice(FunctionCallInfo fcinfo, HvAsked asked, bool explain, HvAnswer *answer);

/* The effects of an item on every goal, as jsonb has them. */
void hv_effect_array(StringInfo json, const HvAnswer *answer, const HvAdviceItem *item);

#endif
