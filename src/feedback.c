/*
 * feedback.c: reads hadvice.feedback and hadvice.effect_calibration for the advice to one person.
 *
 * Whose model it is was checked when the model was found. What its people said is then read as the
 * tables' owner, whoever asks: a role that may use a model must respect "not possible" as its owner
 * does, although it may not see who said so. All that leaves is advice.
 *
 * Example: of 30 women under 40 who were told to cut sodium 24 took it up, of 30 to move more 6. The
 * chances are about .73 and .28 (hadvice.feedback_summary says how they are shrunk), so the next one
 * hears of sodium first unless movement would do two and a half times as much for her.
 */
#include "hadvice.h"

#include <math.h>

#include "feedback.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "spi.h"

/* A row of hadvice.feedback_summary. */
typedef struct Uptake
{
	int feature;
	const char *group;
	double chance, chance_feature;
} Uptake;

struct HvFeedbackKept
{
	Oid reader;      /* owner of the tables */
	const char *key; /* column of the row that names the person, or NULL */
	double chance;   /* of any advice */
	int nuptakes;
	Uptake *uptakes;
	int ncalibrated;
	HvCalibrated *calibrated;
};

/* ---- as the owner of the tables ---- */

typedef struct Caller
{
	Oid role;
	int context;
} Caller;

static Oid
owner_of_tables(void)
{
	Oid schema = get_namespace_oid("hadvice", true), owner = InvalidOid;
	Oid relid = OidIsValid(schema) ? get_relname_relid("feedback", schema) : InvalidOid;
	HeapTuple tuple = OidIsValid(relid) ? SearchSysCache1(RELOID, ObjectIdGetDatum(relid)) : NULL;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/* An error in between ends the transaction, which gives the role back. */
static Caller
become(Oid role)
{
	Caller caller;

	GetUserIdAndSecContext(&caller.role, &caller.context);
	SetUserIdAndSecContext(role,
	                       caller.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	return caller;
}

static void
return_to(Caller caller)
{
	SetUserIdAndSecContext(caller.role, caller.context);
}

/* ---- once a statement ---- */

static void
load_uptakes(HvFeedbackKept *kept, const HvCatalogue *catalogue, const HvParam *params,
             MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT s.feature, s.person_group, s.chance, s.chance_feature,"
	                        "       s.chance_all"
	                        "  FROM hadvice.feedback_summary AS s"
	                        " WHERE s.model = $1 AND s.owner = (SELECT m.owner FROM hadvice.models"
	                        "       AS m WHERE m.name = $1 AND m.version = $2)",
	                        true, 2, params);

	kept->uptakes = MemoryContextAllocZero(cxt, (n + 1) * sizeof(Uptake));
	for (uint64 i = 0; i < n; i++)
	{
		int feature = hv_catalogue_find(catalogue, hv_spi_text(i, 1));

		kept->chance = hv_spi_float(i, 5, 0.5);
		if (feature >= 0)
			kept->uptakes[kept->nuptakes++] =
				(Uptake){.feature = feature,
			             .group = MemoryContextStrdup(cxt, hv_spi_text(i, 2)),
			             .chance = hv_spi_float(i, 3, 0.5),
			             .chance_feature = hv_spi_float(i, 4, 0.5)};
	}
}

static void
load_calibration(HvFeedbackKept *kept, const HvCatalogue *catalogue, const HvParam *params,
                 MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT c.action, c.outcome, c.slope, c.sd"
	                        "  FROM hadvice.effect_calibration AS c"
	                        " WHERE c.model = $1 AND c.owner = (SELECT m.owner FROM hadvice.models"
	                        "       AS m WHERE m.name = $1 AND m.version = $2)"
	                        " ORDER BY c.action, c.outcome",
	                        true, 2, params);

	kept->calibrated = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvCalibrated));
	for (uint64 i = 0; i < n; i++)
	{
		HvCalibrated c = {.action = hv_catalogue_find(catalogue, hv_spi_text(i, 1)),
		                  .outcome = hv_catalogue_find(catalogue, hv_spi_text(i, 2)),
		                  .slope = hv_spi_float(i, 3, 0),
		                  .sd = hv_spi_float(i, 4, 0)};

		if (c.action >= 0 && c.outcome >= 0 && c.sd > 0)
			kept->calibrated[kept->ncalibrated++] = c;
	}
}

HvFeedbackKept *
hv_feedback_keep(const HvQuestion *question, const HvCatalogue *catalogue, MemoryContext cxt)
{
	const HvServed *served = question->served;
	HvFeedbackKept *kept = MemoryContextAllocZero(cxt, sizeof(HvFeedbackKept));
	HvParam params[2];
	Caller caller;

	kept->reader = owner_of_tables();
	if (served->name == NULL || !OidIsValid(kept->reader))
		return NULL;
	params[0] = (HvParam){TEXTOID, CStringGetTextDatum(served->name), false};
	params[1] = (HvParam){INT4OID, Int32GetDatum(served->version), false};
	kept->chance = 0.5;
	caller = become(kept->reader);
	hv_spi_connect();
	load_uptakes(kept, catalogue, params, cxt);
	load_calibration(kept, catalogue, params, cxt);
	if (kept->nuptakes > 0 &&
	    hv_spi_query("SELECT hadvice.person_key($1, $2)", true, 2, params) > 0 &&
	    hv_spi_text(0, 1) != NULL)
		kept->key = MemoryContextStrdup(cxt, hv_spi_text(0, 1));
	hv_spi_finish();
	return_to(caller);
	return kept->nuptakes > 0 || kept->ncalibrated > 0 ? kept : NULL;
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
	for (int i = 0; i < catalogue->nfeatures; i++)
		chance[i] = kept->chance;
	for (int i = 0; i < kept->nuptakes; i++)
		chance[kept->uptakes[i].feature] = kept->uptakes[i].chance_feature;
	for (int i = 0; i < kept->nuptakes; i++)
		if (group != NULL && strcmp(kept->uptakes[i].group, group) == 0)
			chance[kept->uptakes[i].feature] = kept->uptakes[i].chance;
}

HvFeedback *
hv_feedback_read(HvFeedbackKept *kept, const HvQuestion *question, const HvCatalogue *catalogue,
                 const HvPerson *person)
{
	HvFeedback *feedback;
	const char *who = NULL, *group;
	HvParam params[4];
	Caller caller;
	uint64 n;

	if (kept == NULL)
		return NULL;
	feedback = palloc0(sizeof(HvFeedback));
	feedback->chance = palloc((catalogue->nfeatures + 1) * sizeof(double));
	feedback->blocked = palloc0((catalogue->nfeatures + 1) * sizeof(char *));
	feedback->ncalibrated = kept->ncalibrated;
	feedback->calibrated = kept->calibrated;
	if (kept->key != NULL)
		who = question->row != NULL ? key_of_row(question->row, kept->key)
		                            : key_of_json(question->json, kept->key);
	params[0] = (HvParam){TEXTOID, CStringGetTextDatum(question->served->name), false};
	params[1] = (HvParam){INT4OID, Int32GetDatum(question->served->version), false};
	params[2] = (HvParam){TEXTOID, who ? CStringGetTextDatum(who) : (Datum) 0, who == NULL};
	params[3] = (HvParam){JSONBOID, JsonbPGetDatum(person->json), false};
	caller = become(kept->reader);
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
	return_to(caller);
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
