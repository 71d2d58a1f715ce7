/*
 * answer.c: from the arguments of a call to everything that is to be said.
 */
#include "hadvice.h"

#include "utils/builtins.h"

#include "answer.h"
#include "json.h"
#include "kept.h"
#include "sentence.h"

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

		if (token == WJB_VALUE && value.type != jbvNumeric)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("every value in %s must be a number", name),
			                errhint("For example '{\"exercise\": 2}'; 1 is as usual, 0 never.")));
		if (token == WJB_ELEM && value.type != jbvString)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("every element of %s must be a string", name),
			                errhint("For example '[\"sleep_hours\"]'.")));
		if (token != WJB_KEY && token != WJB_ELEM)
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

bool
hv_answer_advice(FunctionCallInfo fcinfo, HvAsked asked, bool explain, HvAnswer *answer)
{
	int first = asked == HV_ROW || asked == HV_JSONB ? 3 : 2;
	HvAdviceOptions options = {.min_probability = hv_min_probability, .explain = explain};
	HvQuestion *q = hv_question(fcinfo, asked);
	HvPerson person;
	HvKept *kept;

	if (q == NULL)
		return false;
	check_model(q->model);
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

static void
effect_object(StringInfo json, const HvAnswer *answer, const HvAdviceItem *item, int goal)
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

void
hv_effect_array(StringInfo json, const HvAnswer *answer, const HvAdviceItem *item)
{
	hv_json_open(json, '[');
	for (int k = 0; k < answer->advice->ngoals; k++)
		effect_object(json, answer, item, k);
	hv_json_close(json, ']');
}
