/*
 * reader.c: Datums ↔ cells, by type.
 *
 * Numbers become doubles as they are; a boolean is the text "no" or "yes"; dates and times are
 * days since 2000-01-01 (PostgreSQL's own epoch), times of day and intervals days. The way back
 * is through text and the type's input function for all types alike: it rounds to a numeric's
 * scale, keeps to a domain's constraints and cannot make a Datum that the type would not allow.
 */
#include "hadvice.h"

#include "reader.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* PostgreSQL's own convention where an interval's months must become days. */
#define DAYS_A_MONTH 30

static HvForm
form_of_builtin(Oid base)
{
	switch (base)
	{
		case BOOLOID: return HV_FORM_BOOL;
		case INT2OID: return HV_FORM_INT2;
		case INT4OID: return HV_FORM_INT4;
		case INT8OID: return HV_FORM_INT8;
		case FLOAT4OID: return HV_FORM_FLOAT4;
		case FLOAT8OID: return HV_FORM_FLOAT8;
		case NUMERICOID: return HV_FORM_NUMERIC;
		case DATEOID: return HV_FORM_DATE;
		case TIMESTAMPOID: return HV_FORM_TIMESTAMP;
		case TIMESTAMPTZOID: return HV_FORM_TIMESTAMPTZ;
		case TIMEOID: return HV_FORM_TIME;
		case INTERVALOID: return HV_FORM_INTERVAL;
		case BPCHAROID: return HV_FORM_BPCHAR;
		case NAMEOID: return HV_FORM_NAME;
		case UUIDOID:
		case CHAROID: return HV_FORM_OUTPUT;
		case FLOAT4ARRAYOID: return HV_FORM_FLOAT4S;
		case FLOAT8ARRAYOID: return HV_FORM_FLOAT8S;
		default: return HV_FORM_NONE;
	}
}

/* Whether a function is written in C: only a superuser can have made it. */
static bool
is_c_function(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool c;

	if (!HeapTupleIsValid(tuple))
		return false;
	c = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId &&
	    ((Form_pg_proc) GETSTRUCT(tuple))->pronargs == 3;
	ReleaseSysCache(tuple);
	return c;
}

/*
 * pgvector's vector and halfvec are known by name, since an extension's OIDs are not fixed. Anybody
 * can make a type of that name with a cast of their own, which would then run as whoever trains; so
 * it must be a base type with a cast in C, which only superusers can make.
 */
static bool
is_vector(Oid base, Oid *cast)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(base));
	const char *name;
	bool named;

	if (!HeapTupleIsValid(tuple))
		return false;
	name = NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname);
	named = (strcmp(name, "vector") == 0 || strcmp(name, "halfvec") == 0) &&
	        ((Form_pg_type) GETSTRUCT(tuple))->typtype == TYPTYPE_BASE;
	ReleaseSysCache(tuple);
	return named &&
	       find_coercion_pathway(FLOAT4ARRAYOID, base, COERCION_EXPLICIT, cast) ==
	           COERCION_PATH_FUNC &&
	       is_c_function(*cast);
}

static HvCell
cell_of_form(HvForm form)
{
	if (form == HV_FORM_FLOAT4S || form == HV_FORM_FLOAT8S || form == HV_FORM_VECTOR)
		return HV_CELL_VECTOR;
	if (form == HV_FORM_BOOL || (form >= HV_FORM_TEXT && form <= HV_FORM_OUTPUT))
		return HV_CELL_TEXT;
	return HV_CELL_NUMBER;
}

void
hv_reader_init(HvReader *reader, Oid type, int32 typmod, MemoryContext cxt)
{
	Oid base = getBaseTypeAndTypmod(type, &(int32){typmod});
	Oid function = InvalidOid;
	bool varlena;

	*reader = (HvReader){.declared = type, .typmod = typmod, .base = base, .cxt = cxt};
	reader->form = form_of_builtin(base);
	if (reader->form == HV_FORM_NONE)
	{
		char category;
		bool preferred;

		get_type_category_preferred(base, &category, &preferred);
		if (category == TYPCATEGORY_STRING && IsBinaryCoercible(base, TEXTOID))
			reader->form = HV_FORM_TEXT; /* text, varchar, citext, … */
		else if (get_typtype(base) == TYPTYPE_ENUM)
			reader->form = HV_FORM_OUTPUT;
		else if (is_vector(base, &function))
			reader->form = HV_FORM_VECTOR;
	}
	reader->cell = cell_of_form(reader->form);
	if (reader->form == HV_FORM_OUTPUT)
		getTypeOutputInfo(base, &function, &varlena);
	if (OidIsValid(function))
		fmgr_info_cxt(function, &reader->out, cxt);
}

bool
hv_form_integer(HvForm form)
{
	return form == HV_FORM_INT2 || form == HV_FORM_INT4 || form == HV_FORM_INT8 ||
	       form == HV_FORM_DATE;
}

bool
hv_form_date(HvForm form)
{
	return form >= HV_FORM_DATE && form <= HV_FORM_INTERVAL;
}

/* ---- reading ---- */

static double
days_of_interval(const Interval *interval)
{
#if PG_VERSION_NUM >= 170000
	if (INTERVAL_NOT_FINITE(interval))
		return NAN;
#endif
	return (double) interval->month * DAYS_A_MONTH + interval->day +
	       (double) interval->time / USECS_PER_DAY;
}

static double
days_of_timestamp(Timestamp timestamp)
{
	return TIMESTAMP_NOT_FINITE(timestamp) ? NAN : (double) timestamp / USECS_PER_DAY;
}

static double
read_number(HvForm form, Datum datum)
{
	switch (form)
	{
		case HV_FORM_INT2: return DatumGetInt16(datum);
		case HV_FORM_INT4: return DatumGetInt32(datum);
		case HV_FORM_INT8: return (double) DatumGetInt64(datum);
		case HV_FORM_FLOAT4: return DatumGetFloat4(datum);
		case HV_FORM_FLOAT8: return DatumGetFloat8(datum);
		case HV_FORM_NUMERIC:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, datum));
		case HV_FORM_DATE:
			return DATE_NOT_FINITE(DatumGetDateADT(datum)) ? NAN : DatumGetDateADT(datum);
		case HV_FORM_TIMESTAMP:
		case HV_FORM_TIMESTAMPTZ: return days_of_timestamp(DatumGetTimestamp(datum));
		case HV_FORM_TIME: return (double) DatumGetTimeADT(datum) / USECS_PER_DAY;
		case HV_FORM_INTERVAL: return days_of_interval(DatumGetIntervalP(datum));
		default: break;
	}
	elog(ERROR, "unexpected form %d of a number", (int) form);
}

static void
read_text(HvReader *reader, Datum datum, HvRaw *raw)
{
	if (reader->form == HV_FORM_BOOL)
		raw->text = DatumGetBool(datum) ? "yes" : "no";
	else if (reader->form == HV_FORM_NAME)
		raw->text = NameStr(*DatumGetName(datum));
	else if (reader->form == HV_FORM_OUTPUT)
		raw->text = OutputFunctionCall(&reader->out, datum);
	else
	{
		text *value = DatumGetTextPP(datum);

		raw->text = VARDATA_ANY(value);
		raw->n = VARSIZE_ANY_EXHDR(value);
		if (reader->form == HV_FORM_BPCHAR)
			raw->n = bpchartruelen((char *) raw->text, (int) raw->n);
		return;
	}
	raw->n = strlen(raw->text);
}

/* Arrays of more dimensions, or with NULLs in them, count as missing. */
static void
read_vector(HvReader *reader, Datum datum, HvRaw *raw)
{
	ArrayType *array;
	float *copy;

	if (reader->form == HV_FORM_VECTOR)
		/* the casts of pgvector take the typmod and the kind of cast, too */
		datum = FunctionCall3(&reader->out, datum, Int32GetDatum(-1), BoolGetDatum(true));
	array = DatumGetArrayTypeP(datum);
	raw->missing = ARR_NDIM(array) != 1 || array_contains_nulls(array);
	if (raw->missing)
		return;
	raw->n = (size_t) ARR_DIMS(array)[0];
	if (reader->form != HV_FORM_FLOAT8S)
	{
		raw->vector = (const float *) ARR_DATA_PTR(array);
		return;
	}
	raw->vector = copy = palloc(raw->n * sizeof(float));
	for (size_t i = 0; i < raw->n; i++)
		copy[i] = (float) ((const double *) ARR_DATA_PTR(array))[i];
}

void
hv_reader_read(HvReader *reader, Datum datum, bool isnull, HvRaw *raw)
{
	*raw = (HvRaw){.missing = isnull};
	if (isnull)
		return;
	if (reader->cell == HV_CELL_NUMBER)
		raw->number = read_number(reader->form, datum);
	else if (reader->cell == HV_CELL_TEXT)
		read_text(reader, datum, raw);
	else
		read_vector(reader, datum, raw);
}

/* ---- raw cells to values ---- */

static void
embedding_values(const HvColumn *column, const HvRaw *raw, double *values)
{
	bool whole = !raw->missing && raw->n == column->width;

	for (uint32_t i = 0; i < column->width && whole; i++)
		whole = isfinite(raw->vector[i]);
	for (uint32_t i = 0; i < column->width; i++)
		values[i] = whole ? raw->vector[i] : NAN;
}

void
hv_values_of_raw(const HvColumn *column, const HvRaw *raw, double *values)
{
	if (column->kind == HV_EMBEDDING)
		embedding_values(column, raw, values);
	else if (raw->missing)
		values[0] = NAN;
	else if (hv_has_levels(column))
		values[0] = column->cell == HV_CELL_TEXT ? hv_level_of_text(column, raw->text, raw->n)
		                                         : hv_level_of_number(column, raw->number);
	else
		values[0] = isfinite(raw->number) ? raw->number : NAN;
}

/* ---- values to text and Datums ---- */

/* A float32 knows about seven digits: more would only look exact. */
static char *
number_text(double value)
{
	if (fabs(value) >= 1e6 && fabs(value) < 1e15)
		return psprintf("%.0f", value);
	return psprintf("%.7g", value);
}

/* Type names as format_type prints them: date, time …, timestamp …, interval. */
static bool
is_date_type(const char *type)
{
	return strcmp(type, "date") == 0 || strncmp(type, "time", 4) == 0 ||
	       strcmp(type, "interval") == 0;
}

/* Times are rounded to the second. */
static char *
date_text(const char *type, double days)
{
	int64 usecs = (int64) rint(days * SECS_PER_DAY) * USECS_PER_SEC;
	Datum text;

	if (strcmp(type, "date") == 0)
		text = DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) rint(days)));
	else if (strncmp(type, "timestamp", 9) == 0)
		text = DirectFunctionCall1(strstr(type, "without") ? timestamp_out : timestamptz_out,
		                           TimestampGetDatum(usecs));
	else if (strncmp(type, "time", 4) == 0)
		text = DirectFunctionCall1(time_out, TimeADTGetDatum(Max(0, Min(usecs, USECS_PER_DAY))));
	else
	{
		Interval interval = {.day = (int32) (usecs / USECS_PER_DAY), .time = usecs % USECS_PER_DAY};

		text = DirectFunctionCall1(interval_out, IntervalPGetDatum(&interval));
	}
	return DatumGetCString(text);
}

char *
hv_value_text(const HvColumn *column, double value)
{
	if (isnan(value))
		return NULL;
	if (hv_has_levels(column))
	{
		uint32_t level = (uint32_t) Max(0, Min(rint(value), column->nlevels - 1.0));

		if (column->cell == HV_CELL_NUMBER && column->level_values != NULL)
			value = column->level_values[level];
		else
			return pstrdup(column->levels[level]);
	}
	if (column->kind == HV_DATE || is_date_type(column->type))
		return date_text(column->type, value);
	return column->integer ? psprintf("%.0f", value) : number_text(value);
}

static char *
vector_text(const HvReader *reader, const double *values, uint32_t n)
{
	bool array = reader->form != HV_FORM_VECTOR;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, array ? '{' : '[');
	for (uint32_t i = 0; i < n; i++)
		appendStringInfo(&text, "%s%.9g", i > 0 ? "," : "", values[i]);
	appendStringInfoChar(&text, array ? '}' : ']');
	return text.data;
}

static bool
is_integer_type(HvForm form)
{
	return form == HV_FORM_INT2 || form == HV_FORM_INT4 || form == HV_FORM_INT8;
}

Datum
hv_reader_write(HvReader *reader, const HvColumn *column, const double *values, bool *isnull)
{
	char *text;

	*isnull = isnan(values[0]);
	if (*isnull)
		return (Datum) 0;
	if (!OidIsValid(reader->in.fn_oid))
	{
		Oid function;

		getTypeInputInfo(reader->declared, &function, &reader->in_param);
		fmgr_info_cxt(function, &reader->in, reader->cxt);
	}
	text = column->kind == HV_EMBEDDING ? vector_text(reader, values, column->width)
	                                    : hv_value_text(column, values[0]);
	/* the row's column may be of an integer type where the training table's was not */
	if (is_integer_type(reader->form) && column->cell == HV_CELL_NUMBER && !column->integer)
		text = psprintf("%.0f", rint(strtod(text, NULL)));
	return InputFunctionCall(&reader->in, text, reader->in_param, reader->typmod);
}
