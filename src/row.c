/*
 * row.c: composites and jsonb objects ↔ value rows of a model's schema, by column name.
 *
 * The mapping of a model's columns to a row type's attributes is made once per statement and kept
 * in the call site's HvCall, so a row costs one deforming of its tuple and one conversion a column.
 */
#include "hadvice.h"

#include "row.h"

#include <math.h>

#include "json.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

typedef struct HvRowMap
{
	uint64 type; /* typcache's identifier of the row type's present shape */
	TupleDesc desc;
	int *attribute;    /* per column of the model: index in the tuple, or -1 */
	HvReader *readers; /* per column of the model */
	Datum *datums;     /* a deformed row */
	bool *nulls;
} HvRowMap;

/* ---- composites ---- */

static int
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return i;
	}
	return -1;
}

/* Whether cells of this type can be what the model was trained on. */
static void
check_type(const HvColumn *column, const HvReader *reader)
{
	if (reader->form != HV_FORM_NONE && reader->cell == column->cell &&
	    hv_form_date(reader->form) == (column->kind == HV_DATE))
		return;
	ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
	        errmsg("column \"%s\" is of type %s, but the model was trained on %s", column->name,
	               format_type_be(reader->declared), column->type),
	        errhint("Cast the column in the query, or train the model anew."));
}

static HvRowMap *
make_map(HvCall *call, Oid type, int32 typmod, uint64 identifier)
{
	const HvSchema *schema = &call->served->model.schema;
	MemoryContext before = MemoryContextSwitchTo(call->cxt);
	HvRowMap *map = palloc0(sizeof(HvRowMap));

	map->desc = lookup_rowtype_tupdesc_copy(type, typmod);
	map->attribute = palloc(sizeof(int) * schema->ncolumns);
	map->readers = palloc0(sizeof(HvReader) * schema->ncolumns);
	map->datums = palloc(sizeof(Datum) * Max(map->desc->natts, 1));
	map->nulls = palloc(sizeof(bool) * Max(map->desc->natts, 1));
	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		int at = find_attribute(map->desc, schema->columns[i].name);

		map->attribute[i] = at;
		if (at >= 0)
		{
			Form_pg_attribute att = TupleDescAttr(map->desc, at);

			hv_reader_init(&map->readers[i], att->atttypid, att->atttypmod, call->cxt);
			check_type(&schema->columns[i], &map->readers[i]);
		}
	}
	map->type = identifier;
	MemoryContextSwitchTo(before);
	return map;
}

/* The map for a row, which is deformed into map->datums. */
static HvRowMap *
open_row(HvCall *call, HeapTupleHeader row)
{
	Oid type = HeapTupleHeaderGetTypeId(row);
	int32 typmod = HeapTupleHeaderGetTypMod(row);
	uint64 identifier = assign_record_type_identifier(type, typmod);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};

	if (call->map == NULL || call->map->type != identifier)
		call->map = make_map(call, type, typmod, identifier);
	ItemPointerSetInvalid(&tuple.t_self);
	heap_deform_tuple(&tuple, call->map->desc, call->map->datums, call->map->nulls);
	return call->map;
}

static void
set_missing(const HvColumn *column, double *values)
{
	uint32_t n = column->kind == HV_EMBEDDING ? column->width : 1;

	for (uint32_t i = 0; i < n; i++)
		values[i] = NAN;
}

void
hv_row_from_record(HvCall *call, HeapTupleHeader row, double *values)
{
	const HvSchema *schema = &call->served->model.schema;
	HvRowMap *map = open_row(call, row);

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[i];
		int at = map->attribute[i];
		HvRaw raw;

		if (at < 0)
		{
			set_missing(column, values + column->value_at);
			continue;
		}
		hv_reader_read(&map->readers[i], map->datums[at], map->nulls[at], &raw);
		hv_values_of_raw(column, &raw, values + column->value_at);
	}
}

Datum
hv_row_to_record(HvCall *call, HeapTupleHeader row, const double *values, const bool *replace)
{
	const HvSchema *schema = &call->served->model.schema;
	HvRowMap *map = open_row(call, row);

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[i];
		int at = map->attribute[i];

		if (at >= 0 && replace[i])
			map->datums[at] = hv_reader_write(&map->readers[i], column, values + column->value_at,
			                                  &map->nulls[at]);
	}
	return HeapTupleGetDatum(heap_form_tuple(map->desc, map->datums, map->nulls));
}

/* ---- jsonb ---- */

_Noreturn static void
wrong_key(const HvColumn *column, const char *found)
{
	ereport(ERROR, errcode(ERRCODE_DATATYPE_MISMATCH),
	        errmsg("key \"%s\" is %s, but the model was trained on %s", column->name, found,
	               column->type),
	        errhint("Give it as the column has it, as to_jsonb() of a row of the table would."));
}

/*
 * The type of a date column by its name in the model, whose bytes may come from anybody: only the
 * built-in ones are known, no name is looked up.
 */
static Oid
date_type(const HvColumn *column)
{
	static const Oid types[] = {DATEOID, TIMESTAMPOID, TIMESTAMPTZOID, TIMEOID, INTERVALOID};

	for (int i = 0; i < (int) lengthof(types); i++)
		if (strcmp(column->type, format_type_be(types[i])) == 0)
			return types[i];
	wrong_key(column, "a string");
	return InvalidOid;
}

/* A date or time is written as a string and read by the SQL type's own input function. */
static void
date_of_string(const HvColumn *column, const JsonbValue *value, HvRaw *raw)
{
	char *text = pnstrdup(value->val.string.val, value->val.string.len);
	HvReader reader;
	Oid type = date_type(column), function, param;
	int32 typmod = -1;

	hv_reader_init(&reader, type, typmod, CurrentMemoryContext);
	if (reader.form == HV_FORM_NONE || !hv_form_date(reader.form))
		wrong_key(column, "a string");
	getTypeInputInfo(type, &function, &param);
	hv_reader_read(&reader, OidInputFunctionCall(function, text, param, typmod), false, raw);
}

static void
vector_of_array(const HvColumn *column, const JsonbValue *value, HvRaw *raw)
{
	JsonbContainer *array = value->val.binary.data;
	uint32 n = JsonContainerSize(array);
	float *vector = palloc(sizeof(float) * Max(n, 1));

	for (uint32 i = 0; i < n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type != jbvNumeric)
			wrong_key(column, "an array with something else than numbers");
		vector[i] = (float) DatumGetFloat8(
			DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(element->val.numeric)));
	}
	raw->vector = vector;
	raw->n = n;
}

/* An object's value as a raw cell of the column; null is missing. */
static void
raw_of_json(const HvColumn *column, const JsonbValue *value, HvRaw *raw)
{
	*raw = (HvRaw){.missing = value->type == jbvNull};
	if (raw->missing)
		return;
	if (column->cell == HV_CELL_VECTOR && value->type == jbvBinary &&
	    JsonContainerIsArray(value->val.binary.data))
		vector_of_array(column, value, raw);
	else if (column->cell == HV_CELL_NUMBER && column->kind == HV_DATE && value->type == jbvString)
		date_of_string(column, value, raw);
	else if (column->cell == HV_CELL_NUMBER && column->kind != HV_DATE && value->type == jbvNumeric)
		raw->number = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	else if (column->cell == HV_CELL_TEXT && value->type == jbvString)
	{
		int length = value->val.string.len;

		/* char(n) is padded in JSON, too */
		if (strcmp(column->type, "character") == 0)
			length = bpchartruelen(value->val.string.val, length);
		raw->text = value->val.string.val;
		raw->n = (size_t) length;
	}
	else if (column->cell == HV_CELL_TEXT && column->boolean && value->type == jbvBool)
	{
		raw->text = value->val.boolean ? "yes" : "no";
		raw->n = strlen(raw->text);
	}
	else
		wrong_key(column, value->type == jbvString    ? "a string"
		                  : value->type == jbvNumeric ? "a number"
		                  : value->type == jbvBool    ? "a boolean"
		                                              : "an array or object");
}

void
hv_row_from_jsonb(const HvModel *model, Jsonb *row, double *values)
{
	if (!JB_ROOT_IS_OBJECT(row))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("a row must be a JSON object with the columns' names as keys"),
		        errhint("For example '{\"age_years\": 50, \"sex\": \"female\"}'."));
	for (uint32_t i = 0; i < model->schema.ncolumns; i++)
	{
		const HvColumn *column = &model->schema.columns[i];
		JsonbValue found;
		HvRaw raw;

		if (getKeyJsonValueFromContainer(&row->root, column->name, (int) strlen(column->name),
		                                 &found) == NULL)
		{
			set_missing(column, values + column->value_at);
			continue;
		}
		raw_of_json(column, &found, &raw);
		hv_values_of_raw(column, &raw, values + column->value_at);
	}
}

static void
json_value(StringInfo json, const HvColumn *column, const double *values)
{
	if (isnan(values[0]))
		hv_json_text(json, NULL);
	else if (column->kind == HV_EMBEDDING)
	{
		hv_json_open(json, '[');
		for (uint32_t i = 0; i < column->width; i++)
			hv_json_number(json, (float) values[i]);
		hv_json_close(json, ']');
	}
	else if (column->boolean)
		hv_json_bool(json, values[0] >= 0.5);
	else if (column->cell == HV_CELL_NUMBER && column->kind != HV_DATE)
		hv_json_number(json, strtod(hv_value_text(column, values[0]), NULL));
	else
		hv_json_text(json, hv_value_text(column, values[0]));
}

Datum
hv_row_to_jsonb(const HvModel *model, Jsonb *row, const double *values, const bool *replace)
{
	StringInfoData json;
	Datum changes;

	hv_json_init(&json);
	hv_json_open(&json, '{');
	for (uint32_t i = 0; i < model->schema.ncolumns; i++)
	{
		const HvColumn *column = &model->schema.columns[i];

		if (!replace[i])
			continue;
		hv_json_key(&json, column->name);
		json_value(&json, column, values + column->value_at);
	}
	hv_json_close(&json, '}');
	changes = hv_json_datum(&json);
	if (row == NULL)
		return changes;
	return DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(row), changes);
}
