/*
 * limits.c: from rules to bounds, for one person.
 *
 * Every rule that applies narrows an action; a rule whose condition cannot be decided applies. The
 * semantics are those at the head of sql/catalogue.sql and of core/rules.h. Example, sodium at
 * 3,900 mg: floor 1500, never raised -> [1500, 3900]; with heart failure -> forbidden.
 *
 * Bounds are rounded towards the present value to the decimals that are printed, so that the
 * number a person reads is itself allowed.
 */
#include "hadvice.h"

#include <math.h>

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "limits.h"

/* What is known of a rule's condition. */
typedef enum Known
{
	NOT_ASKED,
	HOLDS,
	HOLDS_NOT
} Known;

/* Whether a jsonb array has a string. */
static bool
array_has(Jsonb *array, const char *word)
{
	JsonbValue key = {.type = jbvString};

	if (array == NULL)
		return false;
	key.val.string.val = unconstify(char *, word);
	key.val.string.len = (int) strlen(word);
	return findJsonbValueFromContainer(&array->root, JB_FARRAY, &key) != NULL;
}

/* The number under a key of a jsonb object; `missing` when it is not there. */
static double
object_number(Jsonb *object, const char *word, double missing)
{
	JsonbValue key = {.type = jbvString};
	JsonbValue *found;

	if (object == NULL)
		return missing;
	key.val.string.val = unconstify(char *, word);
	key.val.string.len = (int) strlen(word);
	found = findJsonbValueFromContainer(&object->root, JB_FOBJECT, &key);
	if (found == NULL || found->type != jbvNumeric)
		return missing;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(found->val.numeric)));
}

double
hv_wish(const HvAdviceOptions *options, const HvFeature *feature)
{
	double wish = object_number(options->wishes, feature->feature, NAN);

	if (isnan(wish))
		wish = object_number(options->wishes, feature->domain, 1);
	return wish;
}

/* Rounds to `digits` decimals, downwards or upwards. */
static double
round_to(double value, int digits, bool up)
{
	double unit = pow(10, digits);
	double scaled = value * unit;

	/* 85.30000000000001 is 85.3, not a reason to go up to 85.4 */
	if (fabs(scaled - round(scaled)) < 1e-6)
		return round(scaled) / unit;
	return (up ? ceil(scaled) : floor(scaled)) / unit;
}

static void
apply_rule(HvConsidered *considered, const HvRule *rule, const HvFeature *feature,
           const HvPerson *person)
{
	HvBounds *bounds = &considered->bounds;
	double bound;

	switch (rule->effect)
	{
		case HV_FORBID: bounds->forbidden = true; break;
		case HV_NO_INCREASE: bounds->no_increase = true; break;
		case HV_NO_DECREASE: bounds->no_decrease = true; break;
		case HV_CAP:
			bound = hv_expression(rule->bound, person->json);
			hv_bounds_cap(bounds, isnan(bound) ? bound : round_to(bound, feature->digits, false));
			break;
		case HV_FLOOR:
			bound = hv_expression(rule->bound, person->json);
			hv_bounds_floor(bounds, isnan(bound) ? bound : round_to(bound, feature->digits, true));
			break;
		case HV_REFER: break;
	}
}

/* The feature's own limits: direction, largest step, plausible range, and the person's locks. */
static void
apply_feature(HvConsidered *considered, const HvFeature *feature, const HvAdviceOptions *options)
{
	HvBounds *bounds = &considered->bounds;
	double c = considered->current;

	if (feature->safe_direction == NULL)
		bounds->forbidden = true;
	else if (strcmp(feature->safe_direction, "up") == 0)
		bounds->no_decrease = true;
	else if (strcmp(feature->safe_direction, "down") == 0)
		bounds->no_increase = true;
	if (!isnan(feature->max_step))
	{
		hv_bounds_floor(bounds, round_to(c - feature->max_step, feature->digits, true));
		hv_bounds_cap(bounds, round_to(c + feature->max_step, feature->digits, false));
	}
	/* where neither a rule nor a step says how far, not at all */
	bounds->no_decrease = bounds->no_decrease || isinf(bounds->floor);
	bounds->no_increase = bounds->no_increase || isinf(bounds->cap);
	if (!isnan(feature->plausible_low))
		hv_bounds_floor(bounds, feature->plausible_low);
	if (!isnan(feature->plausible_high))
		hv_bounds_cap(bounds, feature->plausible_high);
	if (array_has(options->locked, feature->feature) ||
	    array_has(options->locked, feature->domain) || hv_wish(options, feature) <= 0)
	{
		bounds->forbidden = true;
		considered->status = "locked by the person";
	}
}

/*
 * Where the action should go. Without numbers in the guideline (weight, sitting) it is the far end
 * of what the rules leave open, on the one side that is open.
 */
static void
set_recommended(HvConsidered *considered, const HvFeature *feature, const HvPerson *person)
{
	double low = feature->recommended_low, high = feature->recommended_high;
	bool numbers = !isnan(low) || !isnan(high);

	considered->outside =
		(!isnan(low) && considered->current < low) || (!isnan(high) && considered->current > high);
	if (feature->met_when != NULL && hv_condition(feature->met_when, person->json, false))
		considered->outside = false;
	considered->recommended_low = isnan(low) ? -INFINITY : low;
	considered->recommended_high = isnan(high) ? INFINITY : high;
	if (numbers)
		return;
	if (considered->low < considered->current)
		considered->recommended_high = considered->low;
	else if (considered->high > considered->current)
		considered->recommended_low = considered->high;
}

/* The model's column of an action, when the person's value of it is known. */
static int
find_column(const HvQuestion *question, const HvPerson *person, int feature)
{
	const HvSchema *schema = &question->model->schema;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];

		if (person->features[j] == feature && column->role == HV_ACTION && !hv_has_levels(column) &&
		    question->record[column->m_at] > 0)
			return (int) j;
	}
	return -1;
}

/* Whether a rule's condition holds or cannot be decided. Many have the same: `known` keeps what was found. */
static bool
rule_holds(const HvRule *rule, const HvPerson *person, Known *known)
{
	if (known[rule->same] == NOT_ASKED)
		known[rule->same] = hv_person_holds(person, rule->applies_when, true) ? HOLDS : HOLDS_NOT;
	return known[rule->same] == HOLDS;
}

static void
consider(HvConsidered *considered, const HvQuestion *question, const HvCatalogue *catalogue,
         const HvPerson *person, const HvAdviceOptions *options, Known *known)
{
	const HvFeature *feature = &catalogue->features[considered->feature];

	considered->naction = -1;
	considered->current = person->numbers[considered->feature];
	considered->column = find_column(question, person, considered->feature);
	considered->low = considered->high = NAN;
	hv_bounds_init(&considered->bounds, considered->current);
	if (isnan(considered->current))
	{
		considered->status = "not recorded";
		return;
	}
	for (int i = 0; i < catalogue->nrules; i++)
	{
		const HvRule *rule = &catalogue->rules[i];

		if (rule->effect == HV_REFER ||
		    (rule->action != HV_EVERY && rule->action != considered->feature) ||
		    !rule_holds(rule, person, known))
			continue;
		apply_rule(considered, rule, feature, person);
		considered->rules = lappend(considered->rules, unconstify(HvRule *, rule));
	}
	apply_feature(considered, feature, options);
	hv_bounds_interval(&considered->bounds, &considered->low, &considered->high);
	set_recommended(considered, feature, person);
	if (considered->status == NULL && considered->bounds.forbidden)
		considered->status = "forbidden by a rule";
	else if (considered->status == NULL && considered->low == considered->high)
		considered->status = "no room within the rules";
}

void
hv_limits(HvAdvice *advice, const HvQuestion *question, const HvCatalogue *catalogue,
          const HvPerson *person, const HvAdviceOptions *options)
{
	Known *known = palloc0((catalogue->nrules + 1) * sizeof(Known));

	advice->considered = palloc0((catalogue->nfeatures + 1) * sizeof(HvConsidered));
	for (int i = 0; i < catalogue->nfeatures; i++)
	{
		if (catalogue->features[i].role != HV_ACTION)
			continue;
		advice->considered[advice->nconsidered].feature = i;
		consider(&advice->considered[advice->nconsidered], question, catalogue, person, options,
		         known);
		advice->nconsidered++;
	}
}
