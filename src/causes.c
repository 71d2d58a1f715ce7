/*
 * causes.c: vae_anomaly_causes, a row for each cell, first what the row is least strange without.
 */
#include "hadvice.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "core/cause.h"
#include "question.h"
#include "reader.h"

/* What is kept from row to row of a statement. */
typedef struct Kept
{
	HvCauses causes;
	HvCause *found;
} Kept;

static Kept *
kept_of(HvQuestion *q)
{
	Kept *kept = q->kept;
	HvArena arena;

	if (kept != NULL)
		return kept;
	kept = MemoryContextAllocZero(q->call->cxt, sizeof(Kept));
	kept->found = MemoryContextAlloc(q->call->cxt, q->model->schema.ncolumns * sizeof(HvCause));
	hv_arena_in(&arena, q->call->cxt, hv_work_limit());
	HV_CHECK(hv_causes_init(&kept->causes, q->model, q->blas, &arena), "using a model");
	q->kept = kept;
	return kept;
}

/* (column_name, value, expected, surprise) of every observed cell but vectors. */
static Datum
anomaly_causes(FunctionCallInfo fcinfo, HvAsked asked)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HvQuestion *q = hv_question(fcinfo, asked);
	Kept *kept;
	uint32_t n;

	InitMaterializedSRF(fcinfo, 0);
	if (q == NULL)
		return (Datum) 0;
	kept = kept_of(q);
	n = hv_causes(&kept->causes, q->record, &hv_interrupts, kept->found);
	for (uint32_t i = 0; i < n; i++)
	{
		const HvCause *cause = &kept->found[i];
		const HvColumn *column = &q->model->schema.columns[cause->column];
		char *value = hv_value_text(column, q->values[column->value_at]);
		char *expected = hv_value_text(column, cause->expected);
		bool nulls[4] = {false, value == NULL, expected == NULL, false};
		Datum values[4] = {0};
		NameData name;

		namestrcpy(&name, column->name);
		values[0] = NameGetDatum(&name);
		if (value != NULL)
			values[1] = CStringGetTextDatum(value);
		if (expected != NULL)
			values[2] = CStringGetTextDatum(expected);
		values[3] = Float8GetDatum(cause->surprise);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

HV_FORMS(anomaly_causes)
