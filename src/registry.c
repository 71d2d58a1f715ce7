/*
 * registry.c: the life of a registered model: vae_promote, vae_rollback, vae_drop_model.
 *
 * Whether the caller may do it is decided by the row security of hadvice.models: what one may not
 * change, one does not see, and a model one does not see does not exist.
 */
#include "hadvice.h"

#include "spi.h"
#include "store.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(vae_promote);
PG_FUNCTION_INFO_V1(vae_rollback);
PG_FUNCTION_INFO_V1(vae_drop_model);

_Noreturn static void
no_such_model(const char *name, int version)
{
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
	        version == 0 ? errmsg("there is no model \"%s\"", name)
	                     : errmsg("there is no version %d of a model \"%s\"", version, name),
	        errhint("vae_models lists the models you may use."));
}

/* A number about the versions of a model by a query with $1 = name; 0 for NULL or no row. */
static int
ask_version(const char *sql, const char *name)
{
	HvParam param = {TEXTOID, CStringGetTextDatum(name), false};
	int version;

	hv_spi_connect();
	version = hv_spi_query(sql, false, 1, &param) > 0 ? hv_spi_int(0, 1) : 0;
	hv_spi_finish();
	return version;
}

static int
current_version(const char *name)
{
	return ask_version("SELECT version FROM hadvice.models WHERE name = $1 AND is_current"
	                   " AND pg_has_role(owner, 'USAGE')",
	                   name);
}

/* vae_promote(model, version) → the version, which is now the current one. */
Datum
vae_promote(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int version = PG_GETARG_INT32(1);

	if (!hv_store_promote(name, version))
		no_such_model(name, version);
	PG_RETURN_INT32(version);
}

/* vae_rollback(model) → the version before the current one, which takes its place. */
Datum
vae_rollback(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int version;

	hv_store_lock_current(name);
	if (current_version(name) == 0)
		no_such_model(name, 0);
	version = ask_version("SELECT max(m.version) FROM hadvice.models AS m, hadvice.models AS c"
	                      " WHERE m.name = $1 AND c.name = $1 AND c.is_current"
	                      "   AND m.version < c.version",
	                      name);
	if (version == 0)
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		        errmsg("model \"%s\" has no version before the current one", name),
		        errhint("vae_models lists its versions; vae_promote() takes any of them."));
	(void) hv_store_promote(name, version);
	PG_RETURN_INT32(version);
}

/* A current version may go only with all others: something else must be current first. */
static void
check_not_current(const char *name, int version)
{
	int others = ask_version("SELECT count(*)::int FROM hadvice.models WHERE name = $1"
	                         " AND NOT is_current",
	                         name);

	if (others > 0 && current_version(name) == version)
		ereport(ERROR, errcode(ERRCODE_OBJECT_IN_USE),
		        errmsg("version %d is the current one of model \"%s\"", version, name),
		        errhint("Promote another one first, or drop the model with all its versions."));
}

/* vae_drop_model(model, version) → versions dropped; all of them when version is NULL. */
Datum
vae_drop_model(PG_FUNCTION_ARGS)
{
	HvParam params[2] = {{.type = TEXTOID}, {INT4OID, PG_GETARG_DATUM(1), PG_ARGISNULL(1)}};
	int version = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1);
	uint64 dropped;
	char *name;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	params[0].value = PG_GETARG_DATUM(0);
	hv_store_lock_current(name);
	if (version != 0)
		check_not_current(name, version);
	hv_spi_connect();
	dropped = hv_spi_query("DELETE FROM hadvice.models"
	                       " WHERE name = $1 AND ($2 IS NULL OR version = $2)",
	                       false, 2, params);
	hv_spi_finish();
	if (dropped == 0)
		no_such_model(name, version);
	PG_RETURN_INT32((int32) dropped);
}
