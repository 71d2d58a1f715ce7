/*
 * sentence.h: advice in words, from the templates of hadvice.texts.
 */
#ifndef HV_SENTENCE_H
#define HV_SENTENCE_H

#include "advice.h"

/* A number of a feature with the decimals it is printed with. */
char *hv_feature_number(const HvFeature *feature, double value);

/* The sentence of an item in a language; English where the language has no template. */
char *hv_sentence(const HvCatalogue *catalogue, const HvAdvice *advice, const HvAdviceItem *item,
                  const char *lang);

/* Whether hadvice.texts has a language. */
bool hv_has_language(const HvCatalogue *catalogue, const char *lang);

#endif
