/*
 * feedback.c: what was fed back about a model (answers.h) for the advice to one person.
 *
 * Example: of 30 women under 40 who were told to cut sodium 24 took it up, of 30 to move more 6. The
 * chances are about .73 and .28 (hadvice.feedback_summary says how they are shrunk), so the next one
 * hears of sodium first unless movement would do two and a half times as much for her.
 */
#include "hadvice.h"

#include <math.h>

#include "feedback.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "answers.h"
#include "spi.h"

struct HvFeedbackKept
{
	const HvAnswers *answers;
	int *uptakes; /* per row of the answers' uptakes: the feature, or -1 */
	int ncalibrated;
	HvCalibrated *calibrated;
};

/* ---- once a statement ---- */

HvFeedbackKept *
hv_feedback_keep(const HvQuestion *question, const HvCatalogue *catalogue, MemoryContext cxt)
{
	const HvServed *served = question->served;
	const HvAnswers *answers =
		served->name != NULL ? hv_answers(served->name, served->version, cxt) : NULL;
	HvFeedbackKept *kept;

	if (answers == NULL)
		return NULL;
	kept = MemoryContextAllocZero(cxt, sizeof(HvFeedbackKept));
	kept->answers = answers;
	kept->uptakes = MemoryContextAlloc(cxt, (answers->nuptakes + 1) * sizeof(int));
	for (int i = 0; i < answers->nuptakes; i++)
		kept->uptakes[i] = hv_catalogue_find(catalogue, answers->uptakes[i].feature);
	kept->calibrated = MemoryContextAlloc(cxt, (answers->neffects + 1) * sizeof(HvCalibrated));
	for (int i = 0; i < answers->neffects; i++)
	{
		const HvRealised *effect = &answers->effects[i];
		HvCalibrated c = {.action = hv_catalogue_find(catalogue, effect->action),
		                  .outcome = hv_catalogue_find(catalogue, effect->outcome),
		                  .slope = effect->slope,
		                  .sd = effect->sd};

		if (c.action >= 0 && c.outcome >= 0 && c.sd > 0)
			kept->calibrated[kept->ncalibrated++] = c;
	}
	return kept;
}

/* ---- for one person ---- */

static char *
key_of_row(HeapTupleHeader row, const char *key)
{
	TupleDesc desc =
		lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	char *text = NULL;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		bool isnull, isvarlena;
		Datum datum;
		Oid output;

		if (att->attisdropped || strcmp(NameStr(att->attname), key) != 0)
			continue;
		datum = heap_getattr(&tuple, i + 1, desc, &isnull);
		if (!isnull)
		{
			getTypeOutputInfo(att->atttypid, &output, &isvarlena);
			text = OidOutputFunctionCall(output, datum);
		}
	}
	ReleaseTupleDesc(desc);
	return text;
}

static char *
key_of_json(Jsonb *json, const char *key)
{
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(json) ||
	    getKeyJsonValueFromContainer(&json->root, key, strlen(key), &value) == NULL)
		return NULL;
	if (value.type == jbvString)
		return pnstrdup(value.val.string.val, value.val.string.len);
	if (value.type == jbvNumeric)
		return DatumGetCString(
			DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
	return NULL;
}

static void
set_chances(const HvFeedbackKept *kept, const HvCatalogue *catalogue, const char *group,
            double *chance)
{
	const HvAnswers *answers = kept->answers;

	for (int i = 0; i < catalogue->nfeatures; i++)
		chance[i] = answers->chance;
	for (int i = 0; i < answers->nuptakes; i++)
		if (kept->uptakes[i] >= 0)
			chance[kept->uptakes[i]] = answers->uptakes[i].chance_feature;
	for (int i = 0; i < answers->nuptakes; i++)
		if (kept->uptakes[i] >= 0 && group != NULL && strcmp(answers->uptakes[i].group, group) == 0)
			chance[kept->uptakes[i]] = answers->uptakes[i].chance;
}

HvFeedback *
hv_feedback_read(HvFeedbackKept *kept, const HvQuestion *question, const HvCatalogue *catalogue,
                 const HvPerson *person)
{
	HvFeedback *feedback;
	const char *who = NULL, *group;
	HvParam params[4];
	HvCaller caller;
	uint64 n;

	if (kept == NULL)
		return NULL;
	feedback = palloc0(sizeof(HvFeedback));
	feedback->chance = palloc((catalogue->nfeatures + 1) * sizeof(double));
	feedback->blocked = palloc0((catalogue->nfeatures + 1) * sizeof(char *));
	feedback->usual = kept->answers->chance;
	feedback->ncalibrated = kept->ncalibrated;
	feedback->calibrated = kept->calibrated;
	if (kept->answers->key != NULL)
		who = question->row != NULL ? key_of_row(question->row, kept->answers->key)
		                            : key_of_json(question->json, kept->answers->key);
	params[0] = (HvParam){TEXTOID, CStringGetTextDatum(question->served->name), false};
	params[1] = (HvParam){INT4OID, Int32GetDatum(question->served->version), false};
	params[2] = (HvParam){TEXTOID, who ? CStringGetTextDatum(who) : (Datum) 0, who == NULL};
	params[3] = (HvParam){JSONBOID, JsonbPGetDatum(person->json), false};
	caller = hv_become_reader();
	hv_spi_connect();
	/* harm counts until it is deleted, "not possible" until a later answer */
	n = hv_spi_query(
		"SELECT hadvice.person_group($4), b.feature, b.harmed"
		"  FROM (SELECT) AS one LEFT JOIN"
		"       (SELECT f.feature, bool_or(f.verdict = 'harmed') AS harmed,"
		"               (array_agg(f.verdict ORDER BY f.given_at DESC))[1] AS last"
		"          FROM hadvice.feedback AS f"
		"         WHERE f.model = $1 AND f.person = $3 AND f.owner ="
		"               (SELECT m.owner FROM hadvice.models AS m WHERE m.name = $1 AND m.version = $2)"
		"         GROUP BY f.feature) AS b ON b.harmed OR b.last = 'not_possible'",
		true, 4, params);
	group = n > 0 ? hv_spi_text(0, 1) : NULL;
	for (uint64 i = 0; i < n; i++)
	{
		const char *name = hv_spi_text(i, 2);
		int feature = name != NULL ? hv_catalogue_find(catalogue, name) : -1;

		if (feature >= 0)
			feedback->blocked[feature] = strcmp(hv_spi_text(i, 3), "t") == 0
			                                 ? "did harm, as the person said"
			                                 : "not possible, as the person said";
	}
	hv_spi_finish();
	hv_return_to(caller);
	set_chances(kept, catalogue, group, feedback->chance);
	return feedback;
}

/* ---- effects ---- */

const HvTrial *
hv_find_trial(const HvCatalogue *catalogue, const HvPerson *person, int action, int outcome)
{
	for (int i = 0; i < catalogue->ntrials; i++)
	{
		const HvTrial *trial = &catalogue->trials[i];

		if (trial->action == action && trial->outcome == outcome &&
		    hv_condition(trial->applies_when, person->json, false))
			return trial;
	}
	return NULL;
}

bool
hv_realised_effect(const HvFeedback *feedback, const HvCatalogue *catalogue, const HvPerson *person,
                   int action, int outcome, double *slope, double *sd)
{
	for (int i = 0; feedback != NULL && i < feedback->ncalibrated; i++)
	{
		const HvCalibrated *c = &feedback->calibrated[i];
		const HvTrial *trial;
		double precision = 1 / (c->sd * c->sd), trial_precision;

		if (c->action != action || c->outcome != outcome)
			continue;
		trial = hv_find_trial(catalogue, person, action, outcome);
		trial_precision = trial != NULL ? pow(trial->per / trial->sd, 2) : 0;
		*slope = precision * c->slope;
		if (trial != NULL)
			*slope += trial_precision * trial->effect / trial->per;
		*slope /= precision + trial_precision;
		*sd = sqrt(1 / (precision + trial_precision));
		return true;
	}
	return false;
}
