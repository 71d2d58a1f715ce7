/*
 * reader.h: Datums of the SQL types a model can use ↔ raw cells and values.
 */
#ifndef HV_READER_H
#define HV_READER_H

#include "hadvice.h"

#include "core/schema.h"

/* A cell as it comes from a row. Texts and vectors point into the row or the current context. */
typedef struct HvRaw
{
	bool missing;
	double number;       /* of a number cell */
	const char *text;    /* of a text cell, `n` bytes, not terminated */
	const float *vector; /* of a vector cell, n elements */
	size_t n;
} HvRaw;

typedef enum HvForm
{
	HV_FORM_NONE = 0, /* a type no model can use */
	HV_FORM_BOOL,     /* text cell "no" or "yes" */
	HV_FORM_INT2,
	HV_FORM_INT4,
	HV_FORM_INT8,
	HV_FORM_FLOAT4,
	HV_FORM_FLOAT8,
	HV_FORM_NUMERIC,
	HV_FORM_DATE, /* these four: days since 2000-01-01, or days */
	HV_FORM_TIMESTAMP,
	HV_FORM_TIMESTAMPTZ,
	HV_FORM_TIME,
	HV_FORM_INTERVAL,
	HV_FORM_TEXT,
	HV_FORM_BPCHAR,
	HV_FORM_NAME,
	HV_FORM_OUTPUT, /* text by the output function: enums, uuid, "char" */
	HV_FORM_FLOAT4S,
	HV_FORM_FLOAT8S,
	HV_FORM_VECTOR /* pgvector's types, through their cast to real[] */
} HvForm;

/* How a Datum of a type becomes a raw cell, and how a value becomes a Datum again. */
typedef struct HvReader
{
	HvForm form;
	HvCell cell;
	Oid declared; /* the column's type, maybe a domain */
	int32 typmod;
	Oid base;     /* the type below it */
	FmgrInfo out; /* output function of the base type, or the cast to real[] */
	FmgrInfo in;  /* input function of the declared type; looked up when first needed */
	Oid in_param;
	MemoryContext cxt;
} HvReader;

/* form is HV_FORM_NONE when the type cannot be used. The reader's own memory is in `cxt`. */
void hv_reader_init(HvReader *reader, Oid type, int32 typmod, MemoryContext cxt);

void hv_reader_read(HvReader *reader, Datum datum, bool isnull, HvRaw *raw);

/* values[1], or values[width] for an embedding; NaN gives NULL. */
Datum hv_reader_write(HvReader *reader, const HvColumn *column, const double *values, bool *isnull);

/* Whether the numbers are whole: integers and dates; whether they are dates or times. */
bool hv_form_integer(HvForm form);
bool hv_form_date(HvForm form);

/*
 * The values of a raw cell: one slot, or `width` of them for an embedding. NaN where missing,
 * where the number is not finite or the level not known, and where an embedding is of another
 * width or has such an element.
 */
void hv_values_of_raw(const HvColumn *column, const HvRaw *raw, double *values);

/* A value in words: a level, a rounded number, a date; NULL for NaN. Not for embeddings. */
char *hv_value_text(const HvColumn *column, double value);

#endif
