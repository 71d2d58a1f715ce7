/*
 * explain.c: vae_advise_explain: the trace of an answer: which goals counted, what was considered,
 * what was blocked and by which rule, where the model speaks against the guideline, and why there is
 * nothing.
 */
#include "hadvice.h"

#include "answer.h"
#include "goals.h"
#include "json.h"
#include "sentence.h"

static void
explain_goals(StringInfo json, const HvAnswer *answer)
{
	const HvAdvice *advice = answer->advice;

	hv_json_key(json, "goals");
	hv_json_open(json, '[');
	for (int k = 0; k < advice->ngoals; k++)
	{
		hv_json_open(json, '{');
		hv_json_key(json, "outcome");
		hv_json_text(json, answer->catalogue->features[advice->goal_features[k]].feature);
		hv_json_key(json, "value");
		hv_json_number(json, advice->goal_values[k]);
		hv_json_key(json, "low");
		hv_json_number(json, advice->goals[k].low);
		hv_json_key(json, "high");
		hv_json_number(json, advice->goals[k].high);
		hv_json_key(json, "reached");
		hv_json_bool(json, !hv_goal_missed(advice, k));
		hv_json_key(json, "weight");
		hv_json_number(json, advice->goals[k].weight);
		hv_json_key(json, "source");
		hv_json_text(json, advice->targets[k]->source);
		hv_json_close(json, '}');
	}
	hv_json_close(json, ']');
}

/* Outcomes for which the model alone speaks against what the guideline recommends. */
static void
explain_disagreement(StringInfo json, const HvAnswer *answer, const HvConsidered *considered)
{
	hv_json_key(json, "model_disagrees");
	hv_json_open(json, '[');
	for (int k = 0; considered->contrary != NULL && k < answer->advice->ngoals; k++)
		if (considered->contrary[k])
			hv_json_text(json,
			             answer->catalogue->features[answer->advice->goal_features[k]].feature);
	hv_json_close(json, ']');
}

static void
explain_action(StringInfo json, const HvAnswer *answer, const HvConsidered *considered)
{
	ListCell *cell;

	hv_json_open(json, '{');
	hv_json_key(json, "feature");
	hv_json_text(json, answer->catalogue->features[considered->feature].feature);
	hv_json_key(json, "current");
	hv_json_number(json, considered->current);
	hv_json_key(json, "lowest_target");
	hv_json_number(json, considered->low);
	hv_json_key(json, "highest_target");
	hv_json_number(json, considered->high);
	hv_json_key(json, "known_to_model");
	hv_json_bool(json, considered->column >= 0);
	hv_json_key(json, "status");
	hv_json_text(json, considered->status != NULL ? considered->status
	                                              : "no improvement worth the effort");
	explain_disagreement(json, answer, considered);
	hv_json_key(json, "rules");
	hv_json_open(json, '[');
	foreach (cell, considered->rules)
	{
		const HvRule *rule = lfirst(cell);

		hv_json_open(json, '{');
		hv_json_key(json, "rule");
		hv_json_text(json, rule->id);
		hv_json_key(json, "reason");
		hv_json_text(json, rule->reason);
		hv_json_close(json, '}');
	}
	hv_json_close(json, ']');
	hv_json_close(json, '}');
}

static void
explain_items(StringInfo json, const HvAnswer *answer)
{
	ListCell *cell;

	hv_json_key(json, "advice");
	hv_json_open(json, '[');
	foreach (cell, answer->advice->items)
	{
		const HvAdviceItem *item = lfirst(cell);

		hv_json_open(json, '{');
		hv_json_key(json, "plan");
		hv_json_integer(json, item->plan);
		hv_json_key(json, "rank");
		hv_json_integer(json, item->rank);
		hv_json_key(json, "text");
		hv_json_text(json, hv_sentence(answer->catalogue, answer->advice, item, answer->lang));
		if (item->kind == HV_ADVICE_ACTION)
		{
			hv_json_key(json, "feature");
			hv_json_text(json, answer->catalogue->features[item->considered->feature].feature);
			hv_json_key(json, "target");
			hv_json_number(json, item->target);
		}
		if (item->effects != NULL)
		{
			hv_json_key(json, "effects");
			hv_effect_array(json, answer, item);
		}
		hv_json_close(json, '}');
	}
	hv_json_close(json, ']');
}

/* jsonb: what was considered, what was blocked and by which rule, and why there is nothing. */
static Datum
advise_explain(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvAnswer answer;
	StringInfoData json;

	if (!hv_answer_advice(fcinfo, asked, true, &answer))
		PG_RETURN_NULL();
	hv_json_init(&json);
	hv_json_open(&json, '{');
	hv_json_key(&json, "programme");
	hv_json_text(&json, answer.advice->programme ? answer.advice->programme->programme : NULL);
	hv_json_key(&json, "reason");
	hv_json_text(&json, answer.advice->reason);
	explain_goals(&json, &answer);
	hv_json_key(&json, "considered");
	hv_json_open(&json, '[');
	for (int i = 0; i < answer.advice->nconsidered; i++)
		explain_action(&json, &answer, &answer.advice->considered[i]);
	hv_json_close(&json, ']');
	explain_items(&json, &answer);
	hv_json_close(&json, '}');
	PG_RETURN_DATUM(hv_json_datum(&json));
}

HV_FORMS(advise_explain)
