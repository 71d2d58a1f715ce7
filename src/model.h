/*
 * model.h: the type vae_model, and models ready for use, decoded once per statement.
 *
 *     HvCall *call = hv_call(fcinfo);
 *     const HvServed *served = hv_model_current(call, relid, name, version);   (registry)
 *     const HvServed *served = hv_model_of_datum(call, PG_GETARG_DATUM(0));    (by value)
 *     … served->model.schema …
 *
 * hv_call keeps its memory in flinfo->fn_extra. A set-returning function that uses it must
 * materialise its result (InitMaterializedSRF), since SRF_FIRSTCALL_INIT wants fn_extra, too.
 */
#ifndef HV_MODEL_H
#define HV_MODEL_H

#include "hadvice.h"

#include "access/htup.h"

#include "core/format.h"

/*
 * Noise draws a row when its surprise is measured: by a training, for the quantiles that the model
 * keeps, and by vae_anomaly, which compares with them.
 */

/* A model in use. */
typedef struct HvServed
{
	HvModel model;
	const char *name; /* in the registry; NULL when the model came by value */
	int version;      /* likewise; 0 */
	Oid source;       /* likewise; InvalidOid */
} HvServed;

/* What one call site remembers between the rows of a statement. */
typedef struct HvCall
{
	MemoryContext cxt; /* for all below; reset when another model comes along */
	HvServed *served;
	struct HvRowMap *map; /* row.c: the model's columns in the row type seen last */
	void *own; /* for the function itself: HvWork, the catalogue, …; NULL after a reset */
	struct HvModelKey *key; /* model.c: which model `served` is */
} HvCall;

HvCall *hv_call(FunctionCallInfo fcinfo);

/*
 * What a look-up in our tables depends on: the snapshot, and who is asking. At the same moment the
 * same look-up has the same answer; below xmax transactions only end, so an equal count of running
 * ones means the same ones.
 */
typedef struct HvMoment
{
	TransactionId xmin, xmax;
	uint32 xcnt;
	CommandId curcid;
	SubTransactionId subtransaction; /* what one has done may be undone */
	Oid role;
	bool row_security;
} HvMoment;

HvMoment hv_moment(void);
bool hv_same_moment(const HvMoment *a, const HvMoment *b);

/* The model given by value. An error when the bytes are not a model. */
const HvServed *hv_model_of_datum(HvCall *call, Datum model);

/*
 * The model of the registry: of this name, or when that is NULL the current one trained on the
 * relation `relid` (or on the partitioned table it belongs to); of this version, or when that is
 * 0 the current one. An error with a hint when there is none that the caller may see.
 */
const HvServed *hv_model_current(HvCall *call, Oid relid, const char *name, int version);

/* The relation of a composite datum's row type; InvalidOid for an anonymous record. */
Oid hv_relation_of_row(HeapTupleHeader row);

/* The varlena of a model (palloc'ed in the current context). */
struct varlena *hv_model_bytes(const HvModel *model);

/* Reads and checks bytes; the error says what is wrong with them. */
void hv_model_decode(const uint8_t *bytes, size_t size, MemoryContext cxt, HvModel *model);

#endif
