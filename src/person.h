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
	const int *features; /* per column of the model: the catalogue's feature, or -1 */
	double *numbers;     /* per feature of the catalogue; NaN when missing, implausible or a word */
	Jsonb *json;     /* what targets and bounds are asked about: known features, plausible values */
	Jsonb *recorded; /* the same with the implausible values as recorded; NULL: there are none */
} HvPerson;

/*
 * The mappings for rows of a relation (InvalidOid: none) before a model: the model's own columns
 * first, then hadvice.column_map of the relation, of the partitioned tables above it, and of the
 * model's source; else names and synonyms.
 */
HvPersonMap *hv_person_map(const HvCatalogue *catalogue, const HvQuestion *question,
                           MemoryContext cxt);

/*
 * The person of a question. Numbers are converted to catalogue units, words are matched with the
 * feature's levels ("Yes", true and 1 are "yes", "F" is "female"); a word that a yes/no feature
 * does not know counts as yes, the careful side. BMI is added when only weight and height are
 * known. Two columns that are one feature and differ are an error.
 */
void hv_person_read(const HvCatalogue *catalogue, HvPersonMap *map, const HvQuestion *question,
                    HvPerson *person);

/*
 * Whether a rule's condition holds, of the plausible values or of the recorded ones: a systolic
 * pressure of 270 is no number to compute with, but it is a red flag.
 */
bool hv_person_holds(const HvPerson *person, JsonPath *condition, bool unknown);

#endif
