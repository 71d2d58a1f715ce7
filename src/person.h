/*
 * person.h: a row as the catalogue sees it: features in catalogue units.
 */
#ifndef HV_PERSON_H
#define HV_PERSON_H

#include "catalogue.h"
#include "question.h"

/* Which attribute or key of a row is which feature, in which unit. */
typedef struct HvPersonMap HvPersonMap;

typedef struct HvPerson
{
	double *numbers; /* per feature of the catalogue; NaN when missing or not a number */
	Jsonb *json;     /* what conditions are asked about: known features only */
} HvPerson;

/* The mappings of hadvice.column_map for a relation; InvalidOid: names and synonyms alone. */
HvPersonMap *hv_person_map(const HvCatalogue *catalogue, Oid relid, MemoryContext cxt);

/*
 * The person of a question. Numbers are converted to catalogue units, those outside the plausible
 * range are left out; words are matched with the feature's levels ("Yes", true and 1 are "yes",
 * "F" is "female"). BMI is added when only weight and height are known.
 */
void hv_person_read(const HvCatalogue *catalogue, HvPersonMap *map, const HvQuestion *question,
                    HvPerson *person);

#endif
