/*
 * json.h: writing JSON text, and turning it into jsonb.
 *
 *     hv_json_open(&json, '{'); hv_json_key(&json, "effect"); hv_json_number(&json, -3.5);
 *     hv_json_close(&json, '}'); PG_RETURN_DATUM(hv_json_datum(&json));
 *
 * Commas are put in where they belong: after anything but an opening bracket or a key.
 */
#ifndef HV_JSON_H
#define HV_JSON_H

#include "hadvice.h"

#include "lib/stringinfo.h"

void hv_json_init(StringInfo json);
void hv_json_open(StringInfo json, char bracket);
void hv_json_close(StringInfo json, char bracket);
void hv_json_key(StringInfo json, const char *key);
void hv_json_text(StringInfo json, const char *text); /* NULL gives null */
void hv_json_number(StringInfo json, double number);  /* NaN and infinities give null */
void hv_json_integer(StringInfo json, int64 number);
void hv_json_bool(StringInfo json, bool value);
Datum hv_json_datum(StringInfo json);

#endif
