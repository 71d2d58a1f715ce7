/*
 * model.c: the type vae_model, and models ready for use.
 *
 * A vae_model is a varlena of the bytes that core/format.c draws. Whatever makes one out of bytes
 * from outside (text input, binary receive, the cast from bytea) reads them completely first, so a
 * stored value is known to be whole; and whatever uses one reads it again, since a table's pages
 * can be damaged.
 *
 * Reading a model costs milliseconds, a row microseconds. So a call site keeps the model that it
 * used last (HvCall). By value, it is the same model when the varlena is the same: for a large one
 * that is its TOAST pointer, which is compared without fetching the bytes. From the registry, it
 * is the same when the same thing was asked for under the same snapshot. Between statements, large
 * models are on the session's shelf (shelf.c).
 */
#include "hadvice.h"

#include "model.h"

#include "shelf.h"
#include "spi.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(vae_model_in);
PG_FUNCTION_INFO_V1(vae_model_out);
PG_FUNCTION_INFO_V1(vae_model_recv);
PG_FUNCTION_INFO_V1(vae_model_send);
PG_FUNCTION_INFO_V1(vae_model_from_bytea);

/* What was asked of the registry; equal questions at one moment have equal answers. */
typedef struct Question
{
	Oid relid;
	int version;
	char *name; /* NULL: by relid */
	HvMoment moment;
} Question;

/* Which model `served` is; in the call site's outer context, so that it outlives cxt's resets. */
typedef struct HvModelKey
{
	struct varlena *bytes; /* as it came: toasted or whole */
	bool asked;
	Question question;
} HvModelKey;

/* ---- reading bytes ---- */

static void
check_text(const char *text)
{
	(void) pg_verifymbstr(text, (int) strlen(text), false);
}

/* Names and levels must be valid in this database's encoding; the model may come from another. */
static void
check_texts(const HvModel *model)
{
	for (uint32_t i = 0; i < model->schema.ncolumns; i++)
	{
		const HvColumn *column = &model->schema.columns[i];

		check_text(column->name);
		check_text(column->type);
		check_text(column->feature);
		check_text(column->unit);
		for (uint32_t k = 0; k < column->nlevels; k++)
			check_text(column->levels[k]);
	}
	check_text(model->provenance.source);
	check_text(model->provenance.trainer);
	check_text(model->provenance.extension_version);
}

void
hv_model_decode(const uint8_t *bytes, size_t size, MemoryContext cxt, HvModel *model)
{
	const char *why = "unknown reason";
	HvArena arena;
	HvStatus status;

	/* A few bytes may become a column or a level, but no more than this: bombs end here. */
	hv_arena_in(&arena, cxt, 64 * size + 1024 * 1024);
	status = hv_model_read(bytes, size, &arena, model, &why);
	if (status != HV_OK)
		hv_raise(status == HV_BAD_VERSION ? HV_BAD_VERSION : HV_CORRUPT, why);
	check_texts(model);
}

struct varlena *
hv_model_bytes(const HvModel *model)
{
	size_t size = hv_model_size(model);
	struct varlena *result;

	if (size > MaxAllocSize - VARHDRSZ)
		hv_raise(HV_TOO_LARGE, "a model of more than 1 GB");
	result = palloc(size + VARHDRSZ);
	SET_VARSIZE(result, size + VARHDRSZ);
	HV_CHECK(hv_model_write(model, (uint8_t *) VARDATA(result), size), "writing the model");
	return result;
}

/* An error unless the bytes are a model. */
static void
check_bytes(struct varlena *bytes)
{
	MemoryContext cxt =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice model check", ALLOCSET_DEFAULT_SIZES);
	HvModel model;

	hv_model_decode((const uint8_t *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), cxt, &model);
	MemoryContextDelete(cxt);
}

/* ---- the type ---- */

Datum
vae_model_in(PG_FUNCTION_ARGS)
{
	Datum bytes = DirectFunctionCall1(byteain, PG_GETARG_DATUM(0));

	check_bytes((struct varlena *) DatumGetPointer(bytes));
	PG_RETURN_DATUM(bytes);
}

/* Always in hex, whatever bytea_output says: the text form is part of the contract. */
Datum
vae_model_out(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	size_t size = VARSIZE_ANY_EXHDR(bytes);
	char *text = palloc(2 * size + 3);

	memcpy(text, "\\x", 2);
	text[2 + hex_encode(VARDATA_ANY(bytes), size, text + 2)] = '\0';
	PG_RETURN_CSTRING(text);
}

Datum
vae_model_recv(PG_FUNCTION_ARGS)
{
	Datum bytes = DirectFunctionCall1(bytearecv, PG_GETARG_DATUM(0));

	check_bytes((struct varlena *) DatumGetPointer(bytes));
	PG_RETURN_DATUM(bytes);
}

Datum
vae_model_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(PG_GETARG_BYTEA_P_COPY(0));
}

Datum
vae_model_from_bytea(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);

	check_bytes((struct varlena *) bytes);
	PG_RETURN_BYTEA_P(bytes);
}

/* ---- what a call site remembers ---- */

HvCall *
hv_call(FunctionCallInfo fcinfo)
{
	FmgrInfo *site = fcinfo->flinfo;
	HvCall *call = site->fn_extra;

	if (call == NULL)
	{
		call = MemoryContextAllocZero(site->fn_mcxt, sizeof(HvCall));
		call->key = MemoryContextAllocZero(site->fn_mcxt, sizeof(HvModelKey));
		call->cxt = AllocSetContextCreate(site->fn_mcxt, "hadvice call", ALLOCSET_DEFAULT_SIZES);
		site->fn_extra = call;
	}
	return call;
}

/* Forgets the model first, so that an error on the way leaves no half of it behind. */
static void
forget(HvCall *call)
{
	call->served = NULL;
	call->map = NULL;
	call->own = NULL;
	call->key->bytes = NULL;
	call->key->asked = false;
	MemoryContextReset(call->cxt);
}

/* Makes the model in `bytes` (maybe toasted) the one that is served, unless it is already. */
static void
serve(HvCall *call, struct varlena *bytes)
{
	struct varlena *known = call->key->bytes, *whole;
	MemoryContext before;
	HvServed *served;
	size_t size;

	if (VARATT_IS_EXTERNAL(bytes) && !VARATT_IS_EXTERNAL_ONDISK(bytes))
		bytes = detoast_external_attr(bytes);
	size = VARSIZE_ANY(bytes);
	if (known != NULL && VARSIZE_ANY(known) == size && memcmp(known, bytes, size) == 0)
		return;

	forget(call);
	before = MemoryContextSwitchTo(call->cxt);
	served = palloc0(sizeof(HvServed));
	if (VARATT_IS_EXTERNAL_ONDISK(bytes))
		served->model = *hv_shelf_model(bytes, call->cxt);
	else
	{
		whole = pg_detoast_datum_packed(bytes);
		hv_model_decode((const uint8_t *) VARDATA_ANY(whole), VARSIZE_ANY_EXHDR(whole), call->cxt,
		                &served->model);
	}
	call->key->bytes = palloc(size);
	memcpy(call->key->bytes, bytes, size);
	call->served = served;
	MemoryContextSwitchTo(before);
}

const HvServed *
hv_model_of_datum(HvCall *call, Datum model)
{
	serve(call, (struct varlena *) DatumGetPointer(model));
	return call->served;
}

/* ---- the registry ---- */

Oid
hv_relation_of_row(HeapTupleHeader row)
{
	return get_typ_typrelid(HeapTupleHeaderGetTypeId(row));
}

HvMoment
hv_moment(void)
{
	Snapshot snapshot = GetActiveSnapshot();

	return (HvMoment){.xmin = snapshot->xmin,
	                  .xmax = snapshot->xmax,
	                  .xcnt = snapshot->xcnt,
	                  .curcid = snapshot->curcid,
	                  .subtransaction = GetCurrentSubTransactionId(),
	                  .role = GetUserId(),
	                  .row_security = row_security};
}

bool
hv_same_moment(const HvMoment *a, const HvMoment *b)
{
	return a->xmin == b->xmin && a->xmax == b->xmax && a->xcnt == b->xcnt &&
	       a->curcid == b->curcid && a->subtransaction == b->subtransaction && a->role == b->role &&
	       a->row_security == b->row_security;
}

static Question
make_question(Oid relid, const char *name, int version)
{
	return (Question){.relid = name == NULL ? relid : InvalidOid,
	                  .version = version,
	                  .name = (char *) name,
	                  .moment = hv_moment()};
}

static bool
same_question(const Question *a, const Question *b)
{
	return a->relid == b->relid && a->version == b->version &&
	       hv_same_moment(&a->moment, &b->moment) &&
	       (a->name == NULL ? b->name == NULL : b->name != NULL && strcmp(a->name, b->name) == 0);
}

_Noreturn static void
no_model(Oid relid, const char *name, int version)
{
	const char *relation;

	if (name != NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
		        version == 0 ? errmsg("there is no current model \"%s\"", name)
		                     : errmsg("there is no version %d of a model \"%s\"", version, name),
		        errhint("vae_models lists the models you may use."));
	if (!OidIsValid(relid))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
		        errmsg("a row without a table does not say which model is meant"),
		        errhint("Name it (model => '...'), or pass a table's row: "
		                "SELECT vae_anomaly(t) FROM some_table AS t."));
	relation = DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(relid)));
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
	        errmsg("no model has been trained for %s", relation),
	        errhint("Train one: SELECT * FROM vae_train(%s);", quote_literal_cstr(relation)));
}

/*
 * The name of the current model of a relation, which may also be a partition of the source. Where
 * several roles have trained one, the caller's own comes first, then that of the table's owner. What
 * a third role has put there is served only by its name, unless that is a superuser, or a role that
 * the caller (no superuser) is a member of.
 */
static char *
name_of_current(Oid relid)
{
	HvParam params[2] = {{REGCLASSOID, ObjectIdGetDatum(relid), false},
	                     {OIDOID, ObjectIdGetDatum(GetUserId()), false}};

	if (hv_spi_query(
			"SELECT m.name FROM hadvice.models AS m"
			"  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = m.source"
			" WHERE m.is_current AND (m.source = $1"
			"       OR m.source IN (SELECT relid FROM pg_partition_ancestors($1)))"
			"   AND (m.owner = $2 OR m.owner = c.relowner"
			"        OR (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.oid = m.owner)"
			"        OR (pg_has_role(m.owner, 'USAGE') AND NOT"
			"            (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.oid = $2)))"
			" ORDER BY m.source = $1 DESC, m.owner = $2 DESC, m.owner = c.relowner DESC,"
			"          m.trained_at DESC, m.name"
			" LIMIT 1",
			true, 2, params) == 0)
		return NULL;
	return hv_spi_text(0, 1);
}

static void
look_up(HvCall *call, Oid relid, const char *name, int version)
{
	HvParam params[2] = {{.type = TEXTOID}, {INT4OID, Int32GetDatum(version), version == 0}};
	const char *found = name;
	MemoryContext before;
	bool isnull;

	if (found == NULL && OidIsValid(relid))
		found = name_of_current(relid);
	if (found == NULL)
		no_model(relid, name, version);
	params[0].value = CStringGetTextDatum(found);
	if (hv_spi_query("SELECT m.model, m.name, m.version, m.source::oid FROM hadvice.models AS m"
	                 " WHERE m.name = $1 AND CASE WHEN $2 IS NULL THEN m.is_current"
	                 "                            ELSE m.version = $2 END",
	                 true, 2, params) == 0)
		no_model(relid, found, version);
	serve(call, (struct varlena *) DatumGetPointer(hv_spi_datum(0, 1, &isnull)));
	if (call->served->name == NULL || strcmp(call->served->name, hv_spi_text(0, 2)) != 0)
	{
		before = MemoryContextSwitchTo(call->cxt);
		call->served->name = hv_spi_text(0, 2);
		MemoryContextSwitchTo(before);
	}
	call->served->version = hv_spi_int(0, 3);
	call->served->source = DatumGetObjectId(hv_spi_datum(0, 4, &isnull));
}

const HvServed *
hv_model_current(HvCall *call, Oid relid, const char *name, int version)
{
	Question question = make_question(relid, name, version);

	if (call->served != NULL && call->key->asked && same_question(&call->key->question, &question))
		return call->served;
	hv_spi_connect();
	look_up(call, relid, name, version);
	hv_spi_finish();
	if (question.name != NULL)
		question.name = call->key->asked && call->key->question.name != NULL &&
		                        strcmp(call->key->question.name, question.name) == 0
		                    ? call->key->question.name
		                    : MemoryContextStrdup(call->cxt, question.name);
	call->key->question = question;
	call->key->asked = true;
	return call->served;
}
