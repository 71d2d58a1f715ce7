/*
 * question.c: from the arguments of a call to an encoded row and a decoded model.
 *
 * The buffers live with the model in the call's context, so a scan of a million rows allocates them
 * once. Example: SELECT vae_anomaly(t) FROM health_records t. First row: the row's type is that of
 * health_records, its current model is read and decoded, buffers are made; each further row only
 * reads its cells and encodes them.
 */
#include "question.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "core/encode.h"
#include "openblas.h"
#include "row.h"

static bool
by_value(HvAsked asked)
{
	return asked == HV_MODEL_ROW || asked == HV_MODEL_JSONB;
}

static const HvServed *
find_model(FunctionCallInfo fcinfo, HvCall *call, HvAsked asked, Oid relid, int first)
{
	const char *name = NULL;
	int version = 0;

	if (by_value(asked))
		return hv_model_of_datum(call, PG_GETARG_DATUM(0));
	if (!PG_ARGISNULL(first))
		name = text_to_cstring(PG_GETARG_TEXT_PP(first));
	if (!PG_ARGISNULL(first + 1))
		version = PG_GETARG_INT32(first + 1);
	return hv_model_current(call, relid, name, version);
}

/* The buffers for a model that has just been decoded. */
static HvQuestion *
make_question(HvCall *call, HvAsked asked, const HvServed *served)
{
	HvQuestion *question = MemoryContextAllocZero(call->cxt, sizeof(HvQuestion));
	const HvSchema *schema = &served->model.schema;
	HvArena arena;

	question->asked = asked;
	question->call = call;
	question->served = served;
	question->model = &served->model;
	question->blas = hv_openblas_later();
	hv_arena_in(&arena, call->cxt, hv_work_limit());
	question->values = hv_new(&arena, double, schema->nvalues, 1);
	question->record = hv_new(&arena, HvReal, schema->width, 1);
	question->scratch = hv_new(&arena, HvReal, HV_SURPRISE_DRAWS, schema->width);
	question->weight = hv_new(&arena, HvReal, HV_SURPRISE_DRAWS, schema->ncolumns);
	if (!question->values || !question->record || !question->scratch || !question->weight)
		hv_raise(HV_NO_MEMORY, "using a model");
	HV_CHECK(hv_work_init(&question->work, &served->model.vae, HV_SURPRISE_DRAWS, false, &arena),
	         "using a model");
	return question;
}

/*
 * Polymorphic functions are called with any type, and only a row may be read as one. The type is
 * what the parser resolved; a call without an expression cannot say it and is refused.
 */
static void
check_row_type(FunctionCallInfo fcinfo, int argument)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, argument);

	if (!OidIsValid(type) || !type_is_rowtype(type))
		ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
		        errmsg("a row is needed, not a value of type %s",
		               OidIsValid(type) ? format_type_be(type) : "unknown"),
		        errhint("Pass a table's row: SELECT vae_impute(t) FROM some_table AS t."));
}

HvQuestion *
hv_question(FunctionCallInfo fcinfo, HvAsked asked)
{
	return hv_question_at(fcinfo, asked, 1);
}

HvQuestion *
hv_question_at(FunctionCallInfo fcinfo, HvAsked asked, int first)
{
	int argument = by_value(asked) ? 1 : 0;
	bool is_row = asked == HV_ROW || asked == HV_MODEL_ROW;
	HeapTupleHeader row = NULL;
	Jsonb *json = NULL;
	Oid relid = InvalidOid;
	HvQuestion *question;
	HvCall *call;
	const HvServed *served;

	if (is_row)
		check_row_type(fcinfo, argument);
	if (PG_ARGISNULL(argument) || (by_value(asked) && PG_ARGISNULL(0)))
		return NULL;
	if (is_row)
	{
		row = PG_GETARG_HEAPTUPLEHEADER(argument);
		relid = hv_relation_of_row(row);
	}
	else
		json = PG_GETARG_JSONB_P(argument);
	call = hv_call(fcinfo);
	served = find_model(fcinfo, call, asked, relid, first);
	if (call->own == NULL)
		call->own = make_question(call, asked, served);
	question = call->own;
	question->relid = OidIsValid(relid) ? relid : served->source;
	question->row = row;
	question->json = json;
	if (is_row)
		hv_row_from_record(call, row, question->values);
	else
		hv_row_from_jsonb(question->model, json, question->values);
	hv_encode_row(&question->model->schema, question->values, question->record);
	return question;
}

Datum
hv_answer(const HvQuestion *question, const double *values, const bool *replace)
{
	if (question->row != NULL)
		return hv_row_to_record(question->call, question->row, values, replace);
	return hv_row_to_jsonb(question->model, question->json, values, replace);
}
