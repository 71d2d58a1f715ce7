/*
 * advise.c: vae_advise: arguments in, rows out.
 */
#include "hadvice.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "answer.h"
#include "json.h"
#include "sentence.h"

/* Columns of vae_advice. */
enum
{
	A_PLAN,
	A_RANK,
	A_KIND,
	A_DOMAIN,
	A_FEATURE,
	A_CURRENT,
	A_TARGET,
	A_CHANGE,
	A_UNIT,
	A_ADVICE,
	A_OUTCOME,
	A_EFFECT,
	A_LOW,
	A_HIGH,
	A_PROBABILITY,
	A_EFFECTS,
	A_PLAUSIBILITY,
	A_BASIS,
	A_SOURCE,
	A_MODEL,
	A_VERSION,
	A_COLUMNS
};

typedef struct Row
{
	Datum values[A_COLUMNS];
	bool nulls[A_COLUMNS];
} Row;

static void
set_text(Row *row, int column, const char *value)
{
	row->nulls[column] = value == NULL;
	if (value != NULL)
		row->values[column] = CStringGetTextDatum(value);
}

static void
set_number(Row *row, int column, double value)
{
	row->nulls[column] = isnan(value);
	row->values[column] = Float8GetDatum(value);
}

static void
set_feature(Row *row, const HvFeature *feature)
{
	set_text(row, A_DOMAIN, feature->domain);
	set_text(row, A_FEATURE, feature->feature);
	set_text(row, A_UNIT, feature->unit);
	set_text(row, A_SOURCE, feature->source);
}

static void
set_action(Row *row, const HvAnswer *answer, const HvAdviceItem *item)
{
	const HvFeature *feature = &answer->catalogue->features[item->considered->feature];

	set_feature(row, feature);
	set_text(row, A_CURRENT, hv_feature_number(feature, item->considered->current));
	set_text(row, A_TARGET, hv_feature_number(feature, item->target));
	set_number(row, A_CHANGE, item->target - item->considered->current);
	set_number(row, A_PLAUSIBILITY, item->plausibility);
	set_text(row, A_BASIS, item->outcome < 0 ? "guideline" : "model+guideline");
	if (item->outcome >= 0)
	{
		const HvEffect *effect = &item->effects[item->outcome];
		int outcome = answer->advice->goal_features[item->outcome];
		StringInfoData json;

		set_text(row, A_OUTCOME, answer->catalogue->features[outcome].feature);
		set_number(row, A_EFFECT, effect->mean);
		set_number(row, A_LOW, effect->low);
		set_number(row, A_HIGH, effect->high);
		set_number(row, A_PROBABILITY, effect->probability);
		hv_json_init(&json);
		hv_effect_array(&json, answer, item);
		row->values[A_EFFECTS] = hv_json_datum(&json);
		row->nulls[A_EFFECTS] = false;
	}
}

static void
emit(ReturnSetInfo *result, const HvAnswer *answer, const HvAdviceItem *item)
{
	static const char *const kinds[] = {"refer", "action", "keep"};
	const HvServed *served = answer->question->served;
	Row row;

	memset(&row, 0, sizeof(row));
	memset(row.nulls, true, sizeof(row.nulls));
	row.values[A_PLAN] = Int32GetDatum(item->plan);
	row.values[A_RANK] = Int32GetDatum(item->rank);
	row.nulls[A_PLAN] = row.nulls[A_RANK] = false;
	set_text(&row, A_KIND, kinds[item->kind]);
	if (item->kind == HV_ADVICE_ACTION)
		set_action(&row, answer, item);
	if (item->kind == HV_ADVICE_REFER)
	{
		int feature = hv_catalogue_find(answer->catalogue, item->flag->feature);

		if (feature >= 0)
			set_feature(&row, &answer->catalogue->features[feature]);
		set_text(&row, A_SOURCE, item->flag->source);
		set_text(&row, A_BASIS, "guideline");
	}
	set_text(&row, A_ADVICE, hv_sentence(answer->catalogue, answer->advice, item, answer->lang));
	set_text(&row, A_MODEL, served->name);
	if (served->name != NULL)
	{
		row.values[A_VERSION] = Int32GetDatum(served->version);
		row.nulls[A_VERSION] = false;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, row.values, row.nulls);
}

/* SETOF vae_advice. */
static Datum
advise(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvAnswer answer;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	if (!hv_answer_advice(fcinfo, asked, false, &answer))
		return (Datum) 0;
	foreach (cell, answer.advice->items)
		emit((ReturnSetInfo *) fcinfo->resultinfo, &answer, lfirst(cell));
	return (Datum) 0;
}

HV_FORMS(advise)
