/*
 * json.c: writing JSON text.
 */
#include "json.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/jsonb.h"

void
hv_json_init(StringInfo json)
{
	initStringInfo(json);
}

/* A comma, unless this is the first thing after a bracket or the value of a key. */
static void
separate(StringInfo json)
{
	char last = json->len > 0 ? json->data[json->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		appendStringInfoChar(json, ',');
}

void
hv_json_open(StringInfo json, char bracket)
{
	separate(json);
	appendStringInfoChar(json, bracket);
}

void
hv_json_close(StringInfo json, char bracket)
{
	appendStringInfoChar(json, bracket);
}

void
hv_json_key(StringInfo json, const char *key)
{
	separate(json);
	escape_json(json, key);
	appendStringInfoChar(json, ':');
}

void
hv_json_text(StringInfo json, const char *text)
{
	separate(json);
	if (text == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, text);
}

void
hv_json_number(StringInfo json, double number)
{
	separate(json);
	if (isfinite(number))
		appendStringInfoString(json, float8out_internal(number));
	else
		appendStringInfoString(json, "null");
}

void
hv_json_integer(StringInfo json, int64 number)
{
	separate(json);
	appendStringInfo(json, INT64_FORMAT, number);
}

void
hv_json_bool(StringInfo json, bool value)
{
	separate(json);
	appendStringInfoString(json, value ? "true" : "false");
}

Datum
hv_json_datum(StringInfo json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json->data));
}
