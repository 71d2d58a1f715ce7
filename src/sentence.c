/*
 * sentence.c: fills the templates of hadvice.texts.
 *
 * A template is looked up by (feature, direction, language); {name} is replaced, anything else is
 * copied. Example: 'Sleep longer, from {from} to {to} hours a night.' with 5.5 and 7 gives 'Sleep
 * longer, from 5.5 to 7.0 hours a night.' The sentence on the expected effect is a template of its
 * own ('effect', or 'effect_trials' where trial evidence was weighed in), worded as an association
 * among people alike, never as a promise.
 */
#include "hadvice.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "sentence.h"

typedef struct Word
{
	const char *name, *value;
} Word;

char *
hv_feature_number(const HvFeature *feature, double value)
{
	char *text = psprintf("%.*f", feature->digits, value);

	/* "-0" is 0 */
	return strspn(text, "-0.") == strlen(text) && text[0] == '-' ? text + 1 : text;
}

static const char *
find_text(const HvCatalogue *catalogue, const char *feature, const char *direction,
          const char *lang)
{
	const char *english = NULL;

	for (int i = 0; i < catalogue->ntexts; i++)
	{
		const HvText *t = &catalogue->texts[i];

		if (strcmp(t->feature, feature) != 0 || strcmp(t->direction, direction) != 0)
			continue;
		if (strcmp(t->lang, lang) == 0)
			return t->sentence;
		if (strcmp(t->lang, "en") == 0)
			english = t->sentence;
	}
	return english;
}

bool
hv_has_language(const HvCatalogue *catalogue, const char *lang)
{
	for (int i = 0; i < catalogue->ntexts; i++)
		if (strcmp(catalogue->texts[i].lang, lang) == 0)
			return true;
	return false;
}

static void
fill(StringInfo to, const char *from, const Word *words, int nwords)
{
	while (*from != '\0')
	{
		const char *end = *from == '{' ? strchr(from, '}') : NULL;
		bool known = false;

		for (int i = 0; end != NULL && i < nwords; i++)
			if (strlen(words[i].name) == (size_t) (end - from - 1) &&
			    strncmp(words[i].name, from + 1, end - from - 1) == 0)
			{
				appendStringInfoString(to, words[i].value);
				known = true;
				break;
			}
		if (known)
			from = end + 1;
		else
			appendStringInfoChar(to, *from++);
	}
}

/* The name of a feature in a language: a text with direction none, or its label. */
static const char *
label(const HvCatalogue *catalogue, const HvFeature *feature, const char *lang)
{
	const char *name =
		strcmp(lang, "en") == 0 ? NULL : find_text(catalogue, feature->feature, "none", lang);

	return name != NULL ? name : feature->label;
}

static const char *
unit_name(const HvCatalogue *catalogue, const HvFeature *feature, const char *lang)
{
	const char *name;

	if (feature->unit == NULL)
		return "";
	name = find_text(catalogue, psprintf("unit:%s", feature->unit), "none", lang);
	return name != NULL ? name : feature->unit;
}

static void
add_effect(StringInfo to, const HvCatalogue *catalogue, const HvAdvice *advice,
           const HvAdviceItem *item, const char *lang)
{
	const HvEffect *effect = &item->effects[item->outcome];
	const HvFeature *outcome = &catalogue->features[advice->goal_features[item->outcome]];
	const char *direction = effect->mean < 0 ? "down" : "up";
	const char *from =
		find_text(catalogue, effect->prior ? "effect_trials" : "effect", direction, lang);
	/* a small effect needs a decimal more than the value it belongs to */
	HvFeature fine = *outcome;
	/* the interval in the direction of the sentence: "lower by 4 (90 % interval 1 to 7)" */
	double sign = effect->mean < 0 ? -1 : 1;
	double low = sign < 0 ? -effect->high : effect->low;
	double high = sign < 0 ? -effect->low : effect->high;
	Word words[] = {{"outcome", label(catalogue, outcome, lang)},
	                {"effect", NULL},
	                {"low", NULL},
	                {"high", NULL},
	                {"unit", unit_name(catalogue, outcome, lang)}};

	if (from == NULL)
		return;
	fine.digits++;
	words[1].value = hv_feature_number(&fine, fabs(effect->mean));
	words[2].value = hv_feature_number(&fine, low);
	words[3].value = hv_feature_number(&fine, high);
	appendStringInfoChar(to, ' ');
	fill(to, from, words, lengthof(words));
}

static void
add_action(StringInfo to, const HvCatalogue *catalogue, const HvAdvice *advice,
           const HvAdviceItem *item, const char *lang)
{
	const HvFeature *feature = &catalogue->features[item->considered->feature];
	double change = item->target - item->considered->current;
	const char *direction = change < 0 ? "down" : "up";
	const char *from = find_text(catalogue, feature->feature, direction, lang);
	Word words[] = {{"from", hv_feature_number(feature, item->considered->current)},
	                {"to", hv_feature_number(feature, item->target)},
	                {"change", hv_feature_number(feature, fabs(change))},
	                {"unit", unit_name(catalogue, feature, lang)},
	                {"label", label(catalogue, feature, lang)},
	                {"source", feature->source != NULL ? feature->source : ""}};

	fill(to, from != NULL ? from : "{label}: {from} → {to} {unit}.", words, lengthof(words));
	if (item->outcome >= 0)
		add_effect(to, catalogue, advice, item, lang);
	else
	{
		from = find_text(catalogue, "guideline", "none", lang);
		appendStringInfoChar(to, ' ');
		fill(to, from != NULL ? from : "", words, lengthof(words));
	}
}

char *
hv_sentence(const HvCatalogue *catalogue, const HvAdvice *advice, const HvAdviceItem *item,
            const char *lang)
{
	StringInfoData to;
	const char *from;

	initStringInfo(&to);
	switch (item->kind)
	{
		case HV_ADVICE_REFER:
			from =
				strcmp(lang, "en") == 0 ? NULL : find_text(catalogue, item->flag->id, "none", lang);
			appendStringInfoString(&to, from != NULL ? from : item->flag->reason);
			break;
		case HV_ADVICE_ACTION: add_action(&to, catalogue, advice, item, lang); break;
		case HV_ADVICE_KEEP:
			from = find_text(catalogue, advice->reason, "none", lang);
			appendStringInfoString(&to, from != NULL ? from : advice->reason);
			break;
	}
	return to.data;
}
