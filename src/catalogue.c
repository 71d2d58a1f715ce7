/*
 * catalogue.c: reads the catalogue, and evaluates its conditions.
 *
 * The catalogue is rows, so that clinicians can change it; a statement that advises reads it once,
 * under its own snapshot, or finds it unchanged (catalogue_kept.c). Conditions and bounds are jsonpath, which can compare and compute but
 * never run SQL. Example: rule potassium_cvd, no_increase, !($.cardiovascular_disease == "no")
 * holds for a person {"cardiovascular_disease": "yes"}, and for {} (not known) as well.
 */
#include "hadvice.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"
#include "utils/numeric.h"

#include "catalogue.h"
#include "spi.h"

static const char *
copy_text(MemoryContext cxt, uint64 row, int column)
{
	char *text = hv_spi_text(row, column);

	return text != NULL ? MemoryContextStrdup(cxt, text) : NULL;
}

static JsonPath *
copy_path(MemoryContext cxt, uint64 row, int column)
{
	bool isnull;
	Datum datum = hv_spi_datum(row, column, &isnull);
	MemoryContext old;
	JsonPath *path;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(cxt);
	path = (JsonPath *) PG_DETOAST_DATUM_COPY(datum);
	MemoryContextSwitchTo(old);
	return path;
}

static const char **
copy_texts(MemoryContext cxt, uint64 row, int column, int *n)
{
	bool isnull;
	Datum datum = hv_spi_datum(row, column, &isnull);
	Datum *elements;
	bool *nulls;
	const char **texts;

	*n = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT, &elements,
	                  &nulls, n);
	texts = MemoryContextAlloc(cxt, (*n + 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
	{
		const char *element = nulls[i] ? "" : TextDatumGetCString(elements[i]);

		texts[i] = MemoryContextStrdup(cxt, element);
	}
	return texts;
}

static int
compare_aliases(const void *a, const void *b)
{
	return strcmp(((const HvAlias *) a)->name, ((const HvAlias *) b)->name);
}

int
hv_catalogue_find(const HvCatalogue *catalogue, const char *name)
{
	HvAlias key = {.name = str_tolower(name, strlen(name), C_COLLATION_OID)};
	HvAlias *found =
		bsearch(&key, catalogue->aliases, catalogue->naliases, sizeof(HvAlias), compare_aliases);

	return found != NULL ? found->feature : -1;
}

static HvRole
role_of_name(const char *name)
{
	for (int role = 0; role < HV_ROLES; role++)
		if (strcmp(name, hv_role_name(role)) == 0)
			return role;
	return HV_CONTEXT;
}

static void
load_features(HvCatalogue *catalogue, MemoryContext cxt)
{
	uint64 n = hv_spi_query(
		"SELECT feature, label, domain, unit, source, safe_direction, role,"
		" plausible_low, plausible_high, recommended_low, recommended_high,"
		" step, max_step, cost, digits, levels, met_when,"
		" levels IS NOT NULL OR coalesce(kind IN ('categorical', 'ordinal', 'binary'), false)"
		" FROM hadvice.features ORDER BY feature",
		true, 0, NULL);

	catalogue->nfeatures = (int) n;
	catalogue->features = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvFeature));
	for (uint64 i = 0; i < n; i++)
	{
		HvFeature *f = &catalogue->features[i];

		f->feature = copy_text(cxt, i, 1);
		f->label = copy_text(cxt, i, 2);
		if (f->label == NULL)
			f->label = f->feature;
		f->domain = copy_text(cxt, i, 3);
		f->unit = copy_text(cxt, i, 4);
		f->source = copy_text(cxt, i, 5);
		f->safe_direction = copy_text(cxt, i, 6);
		f->role = role_of_name(hv_spi_text(i, 7));
		f->plausible_low = hv_spi_float(i, 8, NAN);
		f->plausible_high = hv_spi_float(i, 9, NAN);
		f->recommended_low = hv_spi_float(i, 10, NAN);
		f->recommended_high = hv_spi_float(i, 11, NAN);
		f->step = hv_spi_float(i, 12, 1);
		f->max_step = hv_spi_float(i, 13, NAN);
		f->cost = hv_spi_float(i, 14, 1);
		f->digits = hv_spi_int(i, 15);
		f->levels = copy_texts(cxt, i, 16, &f->nlevels);
		f->met_when = copy_path(cxt, i, 17);
		f->words = strcmp(hv_spi_text(i, 18), "t") == 0;
	}
	n = hv_spi_query("SELECT pg_catalog.lower(feature), feature FROM hadvice.features UNION ALL"
	                 " SELECT pg_catalog.lower(s), feature FROM hadvice.features,"
	                 " pg_catalog.unnest(synonyms) AS s",
	                 true, 0, NULL);
	catalogue->aliases = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvAlias));
	for (uint64 i = 0; i < n; i++)
	{
		const char *feature = hv_spi_text(i, 2);

		catalogue->aliases[i].name = copy_text(cxt, i, 1);
		for (int j = 0; j < catalogue->nfeatures; j++)
			if (strcmp(catalogue->features[j].feature, feature) == 0)
				catalogue->aliases[i].feature = j;
	}
	catalogue->naliases = (int) n;
	qsort(catalogue->aliases, n, sizeof(HvAlias), compare_aliases);
}

static HvRuleEffect
effect_of_name(const char *name)
{
	static const char *const names[] = {"forbid", "no_increase", "no_decrease",
	                                    "cap",    "floor",       "refer"};

	for (int effect = 0; effect < (int) lengthof(names); effect++)
		if (strcmp(name, names[effect]) == 0)
			return effect;
	return HV_FORBID; /* the table's CHECK allows no other; if it did: the careful one */
}

static bool
same_path(const JsonPath *a, const JsonPath *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

static void
load_rules(HvCatalogue *catalogue, MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT id, feature, reason, source, effect, bound, applies_when"
	                        " FROM hadvice.rules WHERE active ORDER BY id",
	                        true, 0, NULL);

	catalogue->nrules = (int) n;
	catalogue->rules = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvRule));
	for (uint64 i = 0; i < n; i++)
	{
		HvRule *rule = &catalogue->rules[i];

		rule->id = copy_text(cxt, i, 1);
		rule->feature = copy_text(cxt, i, 2);
		rule->reason = copy_text(cxt, i, 3);
		rule->source = copy_text(cxt, i, 4);
		rule->effect = effect_of_name(hv_spi_text(i, 5));
		rule->bound = copy_path(cxt, i, 6);
		rule->applies_when = copy_path(cxt, i, 7);
		rule->action = strcmp(rule->feature, "*") == 0
		                   ? HV_EVERY
		                   : hv_catalogue_find(catalogue, rule->feature);
		while (!same_path(catalogue->rules[rule->same].applies_when, rule->applies_when))
			rule->same++;
	}
}

static void
load_targets(HvCatalogue *catalogue, MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT outcome, low, high, priority::float8, scale, programme, source,"
	                        " applies_when FROM hadvice.targets ORDER BY precedence DESC, id",
	                        true, 0, NULL);

	catalogue->ntargets = (int) n;
	catalogue->targets = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvTarget));
	for (uint64 i = 0; i < n; i++)
	{
		HvTarget *target = &catalogue->targets[i];

		target->outcome = hv_catalogue_find(catalogue, hv_spi_text(i, 1));
		target->low = hv_spi_float(i, 2, -INFINITY);
		target->high = hv_spi_float(i, 3, INFINITY);
		target->priority = hv_spi_float(i, 4, 1);
		target->scale = hv_spi_float(i, 5, 1);
		target->programme = copy_text(cxt, i, 6);
		target->source = copy_text(cxt, i, 7);
		target->applies_when = copy_path(cxt, i, 8);
	}
}

static void
load_programmes(HvCatalogue *catalogue, MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT programme, outcomes, focus, domains, applies_when"
	                        " FROM hadvice.programmes ORDER BY precedence DESC, programme",
	                        true, 0, NULL);

	catalogue->nprogrammes = (int) n;
	catalogue->programmes = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvProgramme));
	for (uint64 i = 0; i < n; i++)
	{
		HvProgramme *p = &catalogue->programmes[i];

		p->programme = copy_text(cxt, i, 1);
		p->outcomes = copy_texts(cxt, i, 2, &p->noutcomes);
		p->focus = copy_texts(cxt, i, 3, &p->nfocus);
		p->domains = copy_texts(cxt, i, 4, &p->ndomains);
		p->applies_when = copy_path(cxt, i, 5);
	}
}

static void
load_trials(HvCatalogue *catalogue, MemoryContext cxt)
{
	uint64 n = hv_spi_query("SELECT action, outcome, per, effect, sd, applies_when"
	                        " FROM hadvice.effect_priors ORDER BY precedence DESC, action, outcome",
	                        true, 0, NULL);

	catalogue->ntrials = (int) n;
	catalogue->trials = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvTrial));
	for (uint64 i = 0; i < n; i++)
	{
		HvTrial *trial = &catalogue->trials[i];

		trial->action = hv_catalogue_find(catalogue, hv_spi_text(i, 1));
		trial->outcome = hv_catalogue_find(catalogue, hv_spi_text(i, 2));
		trial->per = hv_spi_float(i, 3, 1);
		trial->effect = hv_spi_float(i, 4, 0);
		trial->sd = hv_spi_float(i, 5, 1);
		trial->applies_when = copy_path(cxt, i, 6);
	}
}

static void
load_texts(HvCatalogue *catalogue, MemoryContext cxt)
{
	uint64 n =
		hv_spi_query("SELECT feature, direction, lang, sentence FROM hadvice.texts", true, 0, NULL);

	catalogue->ntexts = (int) n;
	catalogue->texts = MemoryContextAllocZero(cxt, (n + 1) * sizeof(HvText));
	for (uint64 i = 0; i < n; i++)
	{
		HvText *text = &catalogue->texts[i];

		text->feature = copy_text(cxt, i, 1);
		text->direction = copy_text(cxt, i, 2);
		text->lang = copy_text(cxt, i, 3);
		text->sentence = copy_text(cxt, i, 4);
	}
}

HvCatalogue *
hv_catalogue_read(MemoryContext cxt)
{
	HvCatalogue *catalogue = MemoryContextAllocZero(cxt, sizeof(HvCatalogue));

	hv_spi_connect();
	load_features(catalogue, cxt);
	load_rules(catalogue, cxt);
	load_targets(catalogue, cxt);
	load_programmes(catalogue, cxt);
	load_trials(catalogue, cxt);
	load_texts(catalogue, cxt);
	hv_spi_finish();
	return catalogue;
}

/* Calls one of the jsonb_path_* functions, which may return NULL. */
static bool
call_path(PGFunction function, JsonPath *path, Jsonb *person, Datum *result)
{
	LOCAL_FCINFO(fcinfo, 4);
	Jsonb variables = {.root.header = JB_FOBJECT}; /* no members */

	SET_VARSIZE(&variables, sizeof(variables));
	InitFunctionCallInfoData(*fcinfo, NULL, 4, InvalidOid, NULL, NULL);
	fcinfo->args[0] = (NullableDatum){JsonbPGetDatum(person), false};
	fcinfo->args[1] = (NullableDatum){PointerGetDatum(path), false};
	fcinfo->args[2] = (NullableDatum){JsonbPGetDatum(&variables), false};
	fcinfo->args[3] = (NullableDatum){BoolGetDatum(true), false}; /* silent: errors are unknown */
	*result = function(fcinfo);
	return !fcinfo->isnull;
}

bool
hv_condition(JsonPath *condition, Jsonb *person, bool unknown)
{
	Datum result;

	if (condition == NULL)
		return true;
	return call_path(jsonb_path_match, condition, person, &result) ? DatumGetBool(result) : unknown;
}

double
hv_expression(JsonPath *expression, Jsonb *person)
{
	Datum result;
	JsonbValue value;

	if (!call_path(jsonb_path_query_first, expression, person, &result) ||
	    !JsonbExtractScalar(&DatumGetJsonbP(result)->root, &value) || value.type != jbvNumeric)
		return NAN;
	return DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
}
