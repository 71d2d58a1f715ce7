/*
 * advise.c: vae_advise and vae_advise_explain: arguments in, rows or a trace out.
 */
#include "hadvice.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "advice.h"
#include "goals.h"
#include "json.h"
#include "kept.h"
#include "sentence.h"

/* One answered question. */
typedef struct Answer
{
	HvQuestion *question;
	const HvCatalogue *catalogue;
	const char *lang;
	HvAdvice *advice;
} Answer;

static int
int_argument(FunctionCallInfo fcinfo, int n, const char *name, int low, int high, int missing)
{
	int value = PG_ARGISNULL(n) ? missing : PG_GETARG_INT32(n);

	if (value < low || value > high)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be between %d and %d", name, low, high)));
	return value;
}

static Jsonb *
jsonb_argument(FunctionCallInfo fcinfo, int n, const char *name, bool array)
{
	Jsonb *json = PG_ARGISNULL(n) ? NULL : PG_GETARG_JSONB_P(n);

	if (json != NULL &&
	    (array ? !JB_ROOT_IS_ARRAY(json) || JB_ROOT_IS_SCALAR(json) : !JB_ROOT_IS_OBJECT(json)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("%s must be a JSON %s", name, array ? "array" : "object"),
		                errhint("For example %s.", array ? "locked => '[\"sleep_hours\"]'"
		                                                 : "wishes => '{\"exercise\": 2}'")));
	return json;
}

/* The names in `locked` and `wishes` must be features or domains, or they would do nothing. */
static void
check_names(const HvCatalogue *catalogue, Jsonb *json, const char *name)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (json == NULL)
		return;
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char *word;
		bool known = false;

		if ((token != WJB_KEY && token != WJB_ELEM) || value.type != jbvString)
			continue;
		word = pnstrdup(value.val.string.val, value.val.string.len);
		for (int i = 0; i < catalogue->nfeatures; i++)
			known = known || strcmp(word, catalogue->features[i].feature) == 0 ||
			        strcmp(word, catalogue->features[i].domain) == 0;
		if (!known)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("\"%s\" in %s is neither a feature nor a domain", word, name),
			                errhint("SELECT feature, domain FROM hadvice.features;")));
	}
}

/*
 * Reads the question and its options (from argument `first` on: max_actions, programme,
 * alternatives, locked, wishes, lang) and answers it. False when the row is NULL.
 */
static bool
answer_question(FunctionCallInfo fcinfo, HvAsked asked, Answer *answer)
{
	int first = asked == HV_ROW || asked == HV_JSONB ? 3 : 2;
	HvAdviceOptions options = {.min_probability = hv_min_probability};
	HvQuestion *q = hv_question(fcinfo, asked);
	HvPerson person;
	HvKept *kept;

	if (q == NULL)
		return false;
	kept = hv_kept(q);
	options.max_actions = int_argument(fcinfo, first, "max_actions", 1, HV_MAX_ITEMS, 3);
	if (!PG_ARGISNULL(first + 1))
		options.programme = text_to_cstring(PG_GETARG_TEXT_PP(first + 1));
	options.alternatives =
		int_argument(fcinfo, first + 2, "alternatives", 1, HV_MAX_ALTERNATIVES, 1);
	options.locked = jsonb_argument(fcinfo, first + 3, "locked", true);
	options.wishes = jsonb_argument(fcinfo, first + 4, "wishes", false);
	check_names(kept->catalogue, options.locked, "locked");
	check_names(kept->catalogue, options.wishes, "wishes");
	answer->lang = PG_ARGISNULL(first + 5) ? "en" : text_to_cstring(PG_GETARG_TEXT_PP(first + 5));
	if (!hv_has_language(kept->catalogue, answer->lang))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("there are no texts in language \"%s\"", answer->lang),
		                errhint("SELECT DISTINCT lang FROM hadvice.texts;")));
	hv_person_read(kept->catalogue, kept->map, q, &person);
	options.feedback = hv_feedback_read(hv_kept_feedback(kept, q), q, kept->catalogue, &person);
	answer->question = q;
	answer->catalogue = kept->catalogue;
	answer->advice = hv_advice(q, kept->catalogue, &person, &options);
	return true;
}

/* A model that knows no action or no outcome cannot advise anybody. */
static void
check_model(const HvModel *model)
{
	bool has[HV_ROLES] = {false};

	for (uint32_t j = 0; j < model->schema.ncolumns; j++)
		has[model->schema.columns[j].role] = true;
	if (!has[HV_ACTION] || !has[HV_OUTCOME])
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("the model knows no %s, so it cannot advise",
		                has[HV_ACTION] ? "outcome" : "action"),
		         errdetail("No column of the trained table is such a feature of the catalogue."),
		         errhint("Tie columns to features with vae_map_column() and train again; "
		                 "SELECT feature, role, unit FROM hadvice.features lists them.")));
}

static void
effect_object(StringInfo json, const Answer *answer, const HvAdviceItem *item, int goal)
{
	const HvFeature *outcome = &answer->catalogue->features[answer->advice->goal_features[goal]];
	const HvEffect *effect = &item->effects[goal];

	hv_json_open(json, '{');
	hv_json_key(json, "outcome");
	hv_json_text(json, outcome->feature);
	hv_json_key(json, "effect");
	hv_json_number(json, effect->mean);
	hv_json_key(json, "low");
	hv_json_number(json, effect->low);
	hv_json_key(json, "high");
	hv_json_number(json, effect->high);
	hv_json_key(json, "probability");
	hv_json_number(json, effect->probability);
	hv_json_key(json, "unit");
	hv_json_text(json, outcome->unit);
	hv_json_close(json, '}');
}

static void
effect_array(StringInfo json, const Answer *answer, const HvAdviceItem *item)
{
	hv_json_open(json, '[');
	for (int k = 0; k < answer->advice->ngoals; k++)
		effect_object(json, answer, item, k);
	hv_json_close(json, ']');
}

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
set_action(Row *row, const Answer *answer, const HvAdviceItem *item)
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
		effect_array(&json, answer, item);
		row->values[A_EFFECTS] = hv_json_datum(&json);
		row->nulls[A_EFFECTS] = false;
	}
}

static void
emit(ReturnSetInfo *result, const Answer *answer, const HvAdviceItem *item)
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
	Answer answer;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	if (!answer_question(fcinfo, asked, &answer))
		return (Datum) 0;
	check_model(answer.question->model);
	foreach (cell, answer.advice->items)
		emit((ReturnSetInfo *) fcinfo->resultinfo, &answer, lfirst(cell));
	return (Datum) 0;
}

static void
explain_goals(StringInfo json, const Answer *answer)
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

static void
explain_action(StringInfo json, const Answer *answer, const HvConsidered *considered)
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
explain_items(StringInfo json, const Answer *answer)
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
			effect_array(json, answer, item);
		}
		hv_json_close(json, '}');
	}
	hv_json_close(json, ']');
}

/* jsonb: what was considered, what was blocked and by which rule, and why there is nothing. */
static Datum
advise_explain(FunctionCallInfo fcinfo, HvAsked asked)
{
	Answer answer;
	StringInfoData json;

	if (!answer_question(fcinfo, asked, &answer))
		PG_RETURN_NULL();
	check_model(answer.question->model);
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

HV_FORMS(advise)
HV_FORMS(advise_explain)
