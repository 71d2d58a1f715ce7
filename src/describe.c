/*
 * describe.c: vae_features, a row as the catalogue's rules and targets see it.
 */
#include "hadvice.h"

#include "kept.h"

static Datum
features(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvQuestion *q = hv_question(fcinfo, asked);
	HvPerson person;
	HvKept *kept;

	if (q == NULL)
		PG_RETURN_NULL();
	kept = hv_kept(q);
	hv_person_read(kept->catalogue, kept->map, q, &person);
	PG_RETURN_JSONB_P(person.json);
}

HV_FORMS(features)
