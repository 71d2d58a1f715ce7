/*
 * sample.c: vae_sample, new rows of a table's type drawn from a model.
 *
 * The row argument is never looked at: its type says which rows are wanted, and which model is asked.
 * Rows go through a tuplestore, so that any number of them takes work_mem and a file.
 */
#include "hadvice.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "core/encode.h"
#include "core/sample.h"
#include "model.h"
#include "openblas.h"
#include "row.h"

/* What is asked for. */
typedef struct Order
{
	HvCall *call;
	const HvModel *model;
	TupleDesc desc;          /* of the rows; NULL: jsonb objects */
	HeapTupleHeader nothing; /* a row of NULLs */
	int n;
	uint64 seed;
	bool missing;
} Order;

/* The type of the row argument: a table's row, or jsonb. */
static Oid
row_type(FunctionCallInfo fcinfo, int argument)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, argument);

	if (OidIsValid(type))
		type = getBaseType(type);
	if (!OidIsValid(type) || type == RECORDOID || (type != JSONBOID && !type_is_rowtype(type)))
		ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
		        errmsg("the type of the rows is needed, not a value of type %s",
		               OidIsValid(type) ? format_type_be(type) : "unknown"),
		        errhint("Pass a NULL of a table's row type: "
		                "SELECT * FROM vae_sample(NULL::some_table, 100)."));
	return type;
}

static int
count_argument(FunctionCallInfo fcinfo, int argument)
{
	int n;

	if (PG_ARGISNULL(argument))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		        errmsg("the number of rows must not be NULL"));
	n = PG_GETARG_INT32(argument);
	if (n < 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("the number of rows must not be negative, but it is %d", n));
	return n;
}

/* ---- given cells ---- */

/* Whether the object says null of a column, which asks for a gap. */
static bool
is_null(Jsonb *given, const char *name)
{
	JsonbValue value;

	return getKeyJsonValueFromContainer(&given->root, name, (int) strlen(name), &value) != NULL &&
	       value.type == jbvNull;
}

static void
check_keys(const HvModel *model, Jsonb *given)
{
	JsonbIterator *it = JsonbIteratorInit(&given->root);
	JsonbValue value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		if (hv_schema_find(&model->schema, name) < 0)
			ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
			        errmsg("the model knows no column \"%s\"", name),
			        errhint("vae_info(model) lists its columns."));
	}
}

/* A given cell that the model could not encode would not be obeyed. */
static void
check_given(const HvColumn *column, const double *values)
{
	HvColumn alone = *column;
	HvReal *record = palloc0((column->width + 1) * sizeof(HvReal));

	alone.value_at = alone.x_at = 0;
	alone.m_at = column->width;
	hv_encode_cell(&alone, values + column->value_at, record);
	if (record[alone.m_at] == 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("the value given for \"%s\" is none that the model knows", column->name),
		        hv_has_levels(column)
		            ? errhint("It must be one of the levels seen in training.")
		            : errhint("It must lie within the column's plausible range."));
	pfree(record);
}

/* given as a value row, gaps[ncolumns] for what is to be NULL. */
static double *
read_given(const HvModel *model, Jsonb *given, bool *gaps)
{
	const HvSchema *schema = &model->schema;
	double *values = palloc(schema->nvalues * sizeof(double));

	for (uint32_t i = 0; i < schema->nvalues; i++)
		values[i] = NAN;
	if (given == NULL)
		return values;
	hv_row_from_jsonb(model, given, values);
	check_keys(model, given);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		JsonbValue value;

		gaps[j] = is_null(given, column->name);
		if (!gaps[j] && getKeyJsonValueFromContainer(&given->root, column->name,
		                                             (int) strlen(column->name), &value) != NULL)
			check_given(column, values);
	}
	return values;
}

/* ---- rows ---- */

static void
put_row(const Order *order, Tuplestorestate *store, TupleDesc desc, const double *values,
        const bool *replace)
{
	Datum row;
	bool isnull = false;

	if (order->desc == NULL)
	{
		row = hv_row_to_jsonb(order->model, NULL, values, replace);
		tuplestore_putvalues(store, desc, &row, &isnull);
	}
	else
	{
		HeapTupleHeader header =
			DatumGetHeapTupleHeader(hv_row_to_record(order->call, order->nothing, values, replace));
		HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

		ItemPointerSetInvalid(&tuple.t_self);
		tuplestore_puttuple(store, &tuple);
	}
}

static void
put_rows(const Order *order, Jsonb *given, Tuplestorestate *store, TupleDesc desc)
{
	const HvSchema *schema = &order->model->schema;
	MemoryContext before = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(before, "hadvice sampling", ALLOCSET_DEFAULT_SIZES);
	MemoryContext each = AllocSetContextCreate(work, "hadvice sample", ALLOCSET_DEFAULT_SIZES);
	double *values, *known;
	bool *gaps, *replace;
	HvSampler sampler;
	HvArena arena;

	MemoryContextSwitchTo(work);
	hv_arena_in(&arena, work, hv_work_limit());
	values = palloc(schema->nvalues * sizeof(double));
	gaps = palloc0(schema->ncolumns * sizeof(bool));
	replace = palloc(schema->ncolumns * sizeof(bool));
	known = read_given(order->model, given, gaps);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		replace[j] = true;
	HV_CHECK(hv_sampler_init(&sampler, order->model, hv_openblas_later(), known, order->missing,
	                         order->seed, &arena),
	         "drawing rows");
	for (int row = 0; row < order->n; row++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(each);
		hv_sample(&sampler, (uint64) row, values);
		for (uint32_t j = 0; j < schema->ncolumns; j++)
			if (gaps[j])
				values[schema->columns[j].value_at] = NAN;
		put_row(order, store, desc, values, replace);
		MemoryContextReset(each);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(work);
}

/* A row of NULLs of a type, to be filled. */
static HeapTupleHeader
make_nothing(Oid type, TupleDesc desc)
{
	Datum *values = palloc0(sizeof(Datum) * Max(desc->natts, 1));
	bool *nulls = palloc(sizeof(bool) * Max(desc->natts, 1));
	HeapTupleHeader row;

	memset(nulls, true, Max(desc->natts, 1));
	row = DatumGetHeapTupleHeader(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
	HeapTupleHeaderSetTypeId(row, type);
	return row;
}

/* Results are materialised; memory of the query holds the store and its description. */
static Tuplestorestate *
make_store(FunctionCallInfo fcinfo, TupleDesc desc)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Tuplestorestate *store;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
	    (rsinfo->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		        errmsg("set-valued function called in context that cannot accept a set"));
	store = tuplestore_begin_heap((rsinfo->allowedModes & SFRM_Materialize_Random) != 0, false,
	                              work_mem);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = store;
	rsinfo->setDesc = desc;
	return store;
}

static TupleDesc
json_desc(void)
{
	TupleDesc desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "vae_sample", JSONBOID, -1, 0);
	return desc;
}

/*
 * (row, n, given, seed, missing, model, version), or with the model in front instead of the last two.
 */
static Datum
sample(FunctionCallInfo fcinfo, bool by_value)
{
	int at = by_value ? 1 : 0;
	Oid type = row_type(fcinfo, at);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Jsonb *given = PG_ARGISNULL(at + 2) ? NULL : PG_GETARG_JSONB_P(at + 2);
	Order order = {.n = count_argument(fcinfo, at + 1),
	               .call = hv_call(fcinfo),
	               .missing = !PG_ARGISNULL(at + 4) && PG_GETARG_BOOL(at + 4)};
	const HvServed *served;
	MemoryContext before;
	Tuplestorestate *store;
	TupleDesc desc;

	order.seed = PG_ARGISNULL(at + 3) ? pg_prng_uint64(&pg_global_prng_state)
	                                  : (uint64) PG_GETARG_INT64(at + 3);
	if (by_value && PG_ARGISNULL(0))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		        errmsg("the model must not be NULL"));
	if (by_value)
		served = hv_model_of_datum(order.call, PG_GETARG_DATUM(0));
	else
		served =
			hv_model_current(order.call, type == JSONBOID ? InvalidOid : get_typ_typrelid(type),
		                     PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5)),
		                     PG_ARGISNULL(6) ? 0 : PG_GETARG_INT32(6));
	order.model = &served->model;
	before = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	desc = type == JSONBOID ? json_desc() : lookup_rowtype_tupdesc_copy(type, -1);
	store = make_store(fcinfo, desc);
	MemoryContextSwitchTo(before);
	if (type != JSONBOID)
	{
		order.desc = desc;
		order.nothing = make_nothing(type, desc);
	}
	put_rows(&order, given, store, desc);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(vae_sample);
PG_FUNCTION_INFO_V1(vae_sample_model);

Datum
vae_sample(PG_FUNCTION_ARGS)
{
	return sample(fcinfo, false);
}

Datum
vae_sample_model(PG_FUNCTION_ARGS)
{
	return sample(fcinfo, true);
}
