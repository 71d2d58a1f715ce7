/*
 * describe.c: vae_features, a row as the catalogue's rules and targets see it, and
 * hadvice.is_held_out, whether trainings leave it out.
 */
#include "hadvice.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/typcache.h"

#include "core/source.h"
#include "kept.h"
#include "reader.h"
#include "records.h"

PG_FUNCTION_INFO_V1(vae_is_held_out);

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

/* ---- hadvice.is_held_out ---- */

/* The readers of a row type, kept by the call site. */
typedef struct RowHash
{
	Oid type;
	int32 typmod;
	TupleDesc desc;
	HvReader *readers; /* per attribute; HV_FORM_NONE: does not count */
	uint64 *names;
} RowHash;

static bool
is_named(ArrayType *names, const char *name)
{
	Datum *elements;
	bool *nulls, found = false;
	int n;

	deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
		found = found || (!nulls[i] && strcmp(NameStr(*DatumGetName(elements[i])), name) == 0);
	return found;
}

static RowHash *
row_hash(FmgrInfo *flinfo, HeapTupleHeader row, ArrayType *columns)
{
	RowHash *kept = flinfo->fn_extra;
	MemoryContext old;

	if (kept != NULL && kept->type == HeapTupleHeaderGetTypeId(row) &&
	    kept->typmod == HeapTupleHeaderGetTypMod(row))
		return kept;
	old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	kept = palloc0(sizeof(RowHash));
	kept->type = HeapTupleHeaderGetTypeId(row);
	kept->typmod = HeapTupleHeaderGetTypMod(row);
	kept->desc = lookup_rowtype_tupdesc_copy(kept->type, kept->typmod);
	kept->readers = palloc0((kept->desc->natts + 1) * sizeof(HvReader));
	kept->names = palloc0((kept->desc->natts + 1) * sizeof(uint64));
	for (int i = 0; i < kept->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(kept->desc, i);

		if (att->attisdropped || !is_named(columns, NameStr(att->attname)))
			continue;
		hv_reader_init(&kept->readers[i], att->atttypid, att->atttypmod, flinfo->fn_mcxt);
		kept->names[i] = hv_hash_name(NameStr(att->attname));
	}
	MemoryContextSwitchTo(old);
	flinfo->fn_extra = kept;
	return kept;
}

/* hadvice.is_held_out(row record, columns name[], fraction float8) */
Datum
vae_is_held_out(PG_FUNCTION_ARGS)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	RowHash *kept = row_hash(fcinfo->flinfo, row, PG_GETARG_ARRAYTYPE_P(1));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(row), .t_data = row};
	uint64 hash = 0;

	for (int i = 0; i < kept->desc->natts; i++)
	{
		HvRaw raw;
		bool isnull;
		Datum datum;

		if (kept->readers[i].form == HV_FORM_NONE)
			continue;
		datum = heap_getattr(&tuple, i + 1, kept->desc, &isnull);
		hv_reader_read(&kept->readers[i], datum, isnull, &raw);
		hash += hv_hash_raw(kept->names[i], kept->readers[i].cell, &raw);
	}
	PG_RETURN_BOOL(hv_held_out(hash, PG_GETARG_FLOAT8(2)));
}
