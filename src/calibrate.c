/*
 * calibrate.c: least squares for the plpgsql of vae_calibrate.
 */
#include "hadvice.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"

#include "core/regress.h"

PG_FUNCTION_INFO_V1(vae_least_squares);

/* The numbers of an array without NULL; an error otherwise. */
static const double *
numbers(ArrayType *array, int dimensions)
{
	if (ARR_NDIM(array) != dimensions || ARR_HASNULL(array))
		ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		        errmsg("x must be a matrix and y a vector, without NULL"));
	return (const double *) ARR_DATA_PTR(array);
}

static Datum
number_array(double *values, size_t n)
{
	Datum *elements = palloc(n * sizeof(Datum));

	for (size_t i = 0; i < n; i++)
		elements[i] = Float8GetDatum(values[i]);
	return PointerGetDatum(construct_array(elements, (int) n, FLOAT8OID, sizeof(float8),
	                                       FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* hadvice.least_squares(x float8[][], y float8[]) → (coefficient float8[], sd float8[]) */
Datum
vae_least_squares(PG_FUNCTION_ARGS)
{
	ArrayType *x = PG_GETARG_ARRAYTYPE_P(0), *y = PG_GETARG_ARRAYTYPE_P(1);
	const double *rows = numbers(x, 2), *values = numbers(y, 1);
	size_t n = (size_t) ARR_DIMS(x)[0], p = (size_t) ARR_DIMS(x)[1];
	double *work, *b, *sd;
	TupleDesc desc;
	HvStatus status;
	Datum results[2] = {0};
	bool nulls[2] = {true, true};

	if ((size_t) ARR_DIMS(y)[0] != n)
		ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		        errmsg("x has %zu rows, but y %d numbers", n, ARR_DIMS(y)[0]));
	if (p > HV_MAX_REGRESSORS)
		hv_raise(HV_TOO_LARGE, "least squares");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	work = palloc(p * (p + 2) * sizeof(double));
	b = palloc(p * sizeof(double));
	sd = palloc(p * sizeof(double));
	status = hv_least_squares(n, p, rows, values, work, b, sd);
	if (status == HV_OK)
	{
		results[0] = number_array(b, p);
		results[1] = number_array(sd, p);
		nulls[0] = nulls[1] = false;
	}
	else if (status != HV_NO_DATA && status != HV_DIVERGED)
		hv_raise(status, "least squares");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), results, nulls)));
}
