/*
 * answers.c: reads and counts what was fed back about a model, and keeps the counts for the session.
 *
 * Whose model it is was checked when the model was found. What its people said is then read as the
 * tables' owner, whoever asks: a role that may use a model must respect "not possible" as its owner
 * does, although it may not see who said so. All that leaves is advice.
 *
 * Counting 9,000 answers takes 20 milliseconds, as long as five persons' advice. Whether they must be
 * counted again is seen from the few tuples of hadvice.feedback_state, as for the catalogue
 * (catalogue_kept.c).
 */
#include "hadvice.h"

#include "answers.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "catalogue.h"
#include "spi.h"

/* What the session keeps: of the model asked for last. */
typedef struct Kept
{
	MemoryContext cxt;
	const char *model;
	Oid owner;
	uint64 state;
	HvAnswers answers;
} Kept;

static Kept *kept;

/* InvalidOid where an older version of the extension has no such table. */
static Oid
find_table(const char *name)
{
	Oid schema = get_namespace_oid("hadvice", true);

	if (!OidIsValid(schema))
		return InvalidOid;
	return get_relname_relid(name, schema);
}

HvCaller
hv_become_reader(void)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(find_table("feedback")));
	HvCaller caller;
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE), errmsg("there is no hadvice.feedback"));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	GetUserIdAndSecContext(&caller.role, &caller.context);
	SetUserIdAndSecContext(owner,
	                       caller.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	return caller;
}

void
hv_return_to(HvCaller caller)
{
	SetUserIdAndSecContext(caller.role, caller.context);
}

/* ---- counting ---- */

static void
load_uptakes(HvAnswers *answers, const HvParam *params, MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT s.feature, s.person_group, s.chance, s.chance_feature,"
	                        "       s.chance_all"
	                        "  FROM hadvice.feedback_summary AS s"
	                        " WHERE s.model = $1 AND s.owner = $2",
	                        true, 2, params);

	answers->chance = 0.5;
	answers->nuptakes = (int) n;
	answers->uptakes = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvUptake));
	for (uint64 i = 0; i < n; i++)
	{
		answers->chance = hv_spi_float(i, 5, 0.5);
		answers->uptakes[i] = (HvUptake){.feature = MemoryContextStrdup(cxt, hv_spi_text(i, 1)),
		                                 .group = MemoryContextStrdup(cxt, hv_spi_text(i, 2)),
		                                 .chance = hv_spi_float(i, 3, 0.5),
		                                 .chance_feature = hv_spi_float(i, 4, 0.5)};
	}
}

static void
load_effects(HvAnswers *answers, const HvParam *params, MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT c.action, c.outcome, c.slope, c.sd"
	                        "  FROM hadvice.effect_calibration AS c"
	                        " WHERE c.model = $1 AND c.owner = $2"
	                        " ORDER BY c.action, c.outcome",
	                        true, 2, params);

	answers->neffects = (int) n;
	answers->effects = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvRealised));
	for (uint64 i = 0; i < n; i++)
		answers->effects[i] = (HvRealised){.action = MemoryContextStrdup(cxt, hv_spi_text(i, 1)),
		                                   .outcome = MemoryContextStrdup(cxt, hv_spi_text(i, 2)),
		                                   .slope = hv_spi_float(i, 3, 0),
		                                   .sd = hv_spi_float(i, 4, 0)};
}

static void
load(HvAnswers *answers, const char *model, Oid owner, MemoryContext cxt)
{
	HvParam params[] = {{TEXTOID, CStringGetTextDatum(model), false},
	                    {REGROLEOID, ObjectIdGetDatum(owner), false}};
	HvCaller caller = hv_become_reader();

	hv_spi_connect();
	load_uptakes(answers, params, cxt);
	load_effects(answers, params, cxt);
	hv_spi_finish();
	hv_return_to(caller);
}

/* Whose model it is, and which column of its source names a person: asked anew by each statement. */
static Oid
owner_and_key(const char *model, int version, MemoryContext cxt, const char **key)
{
	HvParam params[] = {{TEXTOID, CStringGetTextDatum(model), false},
	                    {INT4OID, Int32GetDatum(version), false}};
	HvCaller caller = hv_become_reader();
	Oid owner = InvalidOid;
	bool isnull;

	hv_spi_connect();
	*key = NULL;
	if (hv_spi_query("SELECT m.owner::oid, hadvice.person_key(m.name, m.version)"
	                 "  FROM hadvice.models AS m WHERE m.name = $1 AND m.version = $2",
	                 true, 2, params) > 0)
	{
		owner = DatumGetObjectId(hv_spi_datum(0, 1, &isnull));
		if (hv_spi_text(0, 2) != NULL)
			*key = MemoryContextStrdup(cxt, hv_spi_text(0, 2));
	}
	hv_spi_finish();
	hv_return_to(caller);
	return owner;
}

/* ---- keeping ---- */

static void
keep(const char *model, Oid owner, uint64 state, MemoryContext user)
{
	/* Read under the user's context first, where an error cleans up. */
	MemoryContext cxt = AllocSetContextCreate(user, "hadvice answers", ALLOCSET_SMALL_SIZES);
	Kept *new = MemoryContextAllocZero(cxt, sizeof(Kept));

	*new = (Kept){
		.cxt = cxt, .model = MemoryContextStrdup(cxt, model), .owner = owner, .state = state};
	load(&new->answers, model, owner, cxt);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	if (kept != NULL)
		MemoryContextDelete(kept->cxt);
	kept = new;
}

/* A copy: what the session keeps may be replaced while a statement goes on. */
static HvAnswers *
copy(const HvAnswers *from, const char *key, MemoryContext cxt)
{
	HvAnswers *to = MemoryContextAlloc(cxt, sizeof(HvAnswers));

	*to = *from;
	to->key = key;
	to->uptakes = MemoryContextAlloc(cxt, (to->nuptakes + 1) * sizeof(HvUptake));
	for (int i = 0; i < to->nuptakes; i++)
	{
		to->uptakes[i] = from->uptakes[i];
		to->uptakes[i].feature = MemoryContextStrdup(cxt, from->uptakes[i].feature);
		to->uptakes[i].group = MemoryContextStrdup(cxt, from->uptakes[i].group);
	}
	to->effects = MemoryContextAlloc(cxt, (to->neffects + 1) * sizeof(HvRealised));
	for (int i = 0; i < to->neffects; i++)
	{
		to->effects[i] = from->effects[i];
		to->effects[i].action = MemoryContextStrdup(cxt, from->effects[i].action);
		to->effects[i].outcome = MemoryContextStrdup(cxt, from->effects[i].outcome);
	}
	return to;
}

const HvAnswers *
hv_answers(const char *model, int version, MemoryContext cxt)
{
	Oid changes = find_table("feedback_state"), effects = find_table("effect_calibration");
	const char *key;
	uint64 state;
	Oid owner;

	if (!OidIsValid(changes) || !OidIsValid(effects))
		return NULL;
	state = hv_state_of_table(changes);
	state += hv_state_of_table(effects);
	if (state == 0) /* there has never been any */
		return NULL;
	owner = owner_and_key(model, version, cxt, &key);
	if (kept == NULL || kept->state != state || kept->owner != owner ||
	    strcmp(kept->model, model) != 0)
		keep(model, owner, state, cxt);
	if (kept->answers.nuptakes == 0 && kept->answers.neffects == 0)
		return NULL;
	return copy(&kept->answers, key, cxt);
}
