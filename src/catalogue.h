/*
 * catalogue.h: the clinicians' tables (hadvice.features, targets, rules, …) in memory.
 */
#ifndef HV_CATALOGUE_H
#define HV_CATALOGUE_H

#include "hadvice.h"

#include "utils/jsonb.h"
#include "utils/jsonpath.h"

#include "core/schema.h"

/* A row of hadvice.features. NaN stands for NULL. */
typedef struct HvFeature
{
	const char *feature, *label, *domain, *unit, *source, *safe_direction;
	HvRole role;
	double plausible_low, plausible_high;
	double recommended_low, recommended_high;
	double step, max_step, cost;
	JsonPath *met_when; /* the recommendation counts as met although the value is outside */
	int digits;
	bool words; /* values are words, not numbers */
	int nlevels;
	const char **levels;
} HvFeature;

typedef enum HvRuleEffect
{
	HV_FORBID,
	HV_NO_INCREASE,
	HV_NO_DECREASE,
	HV_CAP,
	HV_FLOOR,
	HV_REFER
} HvRuleEffect;

#define HV_EVERY (-2) /* a rule of all actions */

typedef struct HvRule
{
	const char *id, *feature, *reason, *source;
	int action; /* index into features of `feature`, HV_EVERY, or -1 */
	int same;   /* index of the first rule with the same condition */
	HvRuleEffect effect;
	JsonPath *bound, *applies_when; /* NULL: none, always */
} HvRule;

typedef struct HvTarget
{
	int outcome; /* index into features */
	double low, high, priority, scale;
	const char *programme, *source;
	JsonPath *applies_when;
} HvTarget;

typedef struct HvProgramme
{
	const char *programme;
	int noutcomes, nfocus, ndomains;
	const char **outcomes, **focus, **domains;
	JsonPath *applies_when;
} HvProgramme;

typedef struct HvTrial
{
	int action, outcome; /* indexes into features */
	double per, effect, sd;
	JsonPath *applies_when;
} HvTrial;

typedef struct HvText
{
	const char *feature, *direction, *lang, *sentence;
} HvText;

/* Name or synonym → feature; sorted by name. */
typedef struct HvAlias
{
	const char *name;
	int feature;
} HvAlias;

/* Targets, programmes and trials are ordered by precedence, the highest first. */
typedef struct HvCatalogue
{
	int nfeatures, nrules, ntargets, nprogrammes, ntrials, ntexts, naliases;
	HvFeature *features;
	HvRule *rules;
	HvTarget *targets;
	HvProgramme *programmes;
	HvTrial *trials;
	HvText *texts;
	HvAlias *aliases;
} HvCatalogue;

/* All active rows, in `cxt`. Connects to SPI itself. */
HvCatalogue *hv_catalogue_read(MemoryContext cxt);

/*
 * The same, kept by the session as long as no row of it changes (catalogue_kept.c). It stays at
 * least until `user` is reset or deleted. Not to be changed.
 */
HvCatalogue *hv_catalogue_load(MemoryContext user);

/* A hash of the tuples of a table that the active snapshot sees, in any order; 0 when there are none. */
uint64 hv_state_of_table(Oid relid);

/* Index of the feature with this name or synonym (case does not count), or -1. */
int hv_catalogue_find(const HvCatalogue *catalogue, const char *name);

/* Whether a condition holds for a person; NULL always holds; `unknown` when it cannot be said. */
bool hv_condition(JsonPath *condition, Jsonb *person, bool unknown);

/* A numeric expression over a person; NaN when it cannot be computed. */
double hv_expression(JsonPath *expression, Jsonb *person);

#endif
