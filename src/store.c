/*
 * store.c: putting models into the registry (hadvice.models, hadvice.training_history).
 *
 * Statements run as the caller: the tables' row security decides what may be seen and changed. A
 * new version and the change of the current one are in the caller's transaction, so readers see
 * the old version until it commits, and none of it when it fails.
 */
#include "hadvice.h"

#include "store.h"

#include <math.h>

#include "json.h"
#include "model.h"
#include "spi.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

static HvParam
text_param(const char *text)
{
	return (HvParam){.type = TEXTOID, .value = CStringGetTextDatum(text)};
}

/* ---- locks ---- */

/* Advisory locks are numbers; ours are hashes of the name with a prefix that nobody else has. */
static Datum
lock_number(const char *what, const char *name)
{
	const char *text = psprintf("hadvice %s %s", what, name);

	return UInt64GetDatum(hash_bytes_extended((const unsigned char *) text, (int) strlen(text), 0));
}

/* Held for as long as it takes to change which version is current, so waiting is right. */
void
hv_store_lock_current(const char *name)
{
	(void) DirectFunctionCall1(pg_advisory_xact_lock_int8, lock_number("current", name));
}

int
hv_store_current(const char *name)
{
	HvParam param = text_param(name);
	int version = 0;

	hv_store_lock_current(name);
	hv_spi_connect();
	if (hv_spi_query("SELECT version FROM hadvice.models WHERE name = $1 AND is_current", false, 1,
	                 &param) > 0)
		version = hv_spi_int(0, 1);
	hv_spi_finish();
	return version;
}

static bool
flag_of(const char *sql, const char *name)
{
	HvParam param = text_param(name);
	const char *text;

	(void) hv_spi_query(sql, false, 1, &param);
	text = hv_spi_text(0, 1);
	return text != NULL && text[0] == 't';
}

/* The owner of the versions of a name that are seen; InvalidOid: there are none. */
static Oid
owner_of(const char *name)
{
	HvParam param = text_param(name);
	bool isnull;

	if (hv_spi_query("SELECT owner::oid FROM hadvice.models WHERE name = $1"
	                 " ORDER BY version DESC LIMIT 1",
	                 false, 1, &param) == 0)
		return InvalidOid;
	return DatumGetObjectId(hv_spi_datum(0, 1, &isnull));
}

/*
 * Whether a new version under this owner would be somebody else's. A superuser, who could be any
 * role, must not hand what he reads to the role that took the name first.
 */
static bool
is_others(Oid owner)
{
	return OidIsValid(owner) && owner != GetUserId() &&
	       !is_member_of_role_nosuper(GetUserId(), owner);
}

void
hv_store_lock(const char *name)
{
	bool taken;

	if (!DatumGetBool(
			DirectFunctionCall1(pg_try_advisory_xact_lock_int8, lock_number("training", name))))
		ereport(ERROR, errcode(ERRCODE_LOCK_NOT_AVAILABLE),
		        errmsg("model \"%s\" is being trained by another session", name),
		        errhint("Wait for it to end, or train under another name (model => '...')."));
	hv_spi_connect();
	taken = flag_of("SELECT hadvice.model_exists($1)"
	                "   AND NOT EXISTS (SELECT FROM hadvice.models WHERE name = $1)",
	                name) ||
	        is_others(owner_of(name));
	hv_spi_finish();
	if (taken)
		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		        errmsg("the model name \"%s\" belongs to another role", name),
		        errhint("Choose another name (model => '...')."));
}

/* ---- a new version ---- */

static void
json_pair(StringInfo json, const char *key, double number)
{
	hv_json_key(json, key);
	hv_json_number(json, number);
}

/* From which version it came, and how the two compare. */
static void
json_retraining(StringInfo json, const HvTrained *trained, int champion)
{
	const HvComparison *comparison = &trained->retraining.comparison;
	bool compared = comparison->rows > 0;

	hv_json_key(json, "retraining");
	hv_json_open(json, '{');
	json_pair(json, "from_version", champion);
	hv_json_key(json, "warm");
	hv_json_bool(json, trained->retraining.warm);
	json_pair(json, "compared_rows", (double) comparison->rows);
	json_pair(json, "compared_columns", comparison->columns);
	json_pair(json, "champion_elbo", compared ? comparison->champion : NAN);
	json_pair(json, "challenger_elbo", compared ? comparison->challenger : NAN);
	json_pair(json, "standard_error", compared ? comparison->standard_error : NAN);
	hv_json_close(json, '}');
}

static Datum
metrics_of(const HvTrained *trained, int champion)
{
	const HvModel *model = &trained->model;
	const HvSchema *all = &trained->table->schema;
	StringInfoData json;

	hv_json_init(&json);
	hv_json_open(&json, '{');
	hv_json_key(&json, "architecture");
	hv_json_text(&json, hv_architecture_name(model->vae.config.architecture));
	hv_json_key(&json, "extension_version");
	hv_json_text(&json, model->provenance.extension_version);
	json_pair(&json, "columns", model->schema.ncolumns);
	json_pair(&json, "parameters", (double) model->vae.nparameters);
	json_pair(&json, "epochs", trained->fit.epochs);
	json_pair(&json, "best_epoch", trained->fit.best_epoch);
	json_pair(&json, "validation_rows", (double) model->provenance.validation_rows);
	json_pair(&json, "train_elbo", trained->fit.train_elbo);
	json_pair(&json, "validation_elbo", trained->fit.validation_elbo);
	json_pair(&json, "baseline_elbo", trained->fit.baseline_elbo);
	if (champion > 0)
		json_retraining(&json, trained, champion);
	hv_json_key(&json, "row_security");
	hv_json_bool(&json, model->provenance.row_security);
	hv_json_key(&json, "left_out");
	hv_json_open(&json, '{');
	for (uint32_t i = 0; i < all->ncolumns; i++)
	{
		if (all->columns[i].used)
			continue;
		hv_json_key(&json, all->columns[i].name);
		hv_json_text(&json, all->columns[i].note);
	}
	hv_json_close(&json, '}');
	hv_json_close(&json, '}');
	return hv_json_datum(&json);
}

static Datum
options_of(const HvOptions *options)
{
	StringInfoData json;

	hv_json_init(&json);
	hv_options_json(options, &json);
	return hv_json_datum(&json);
}

/* The type's OID, wherever the extension is installed: that of the registry's column. */
static Oid
model_type(void)
{
	Oid table = get_relname_relid("models", get_namespace_oid("hadvice", false));

	return get_atttype(table, get_attnum(table, "model"));
}

/* The next version of the name, with the owner of the versions before. */
static int
insert_model(const char *name, Oid source, const HvTrained *trained, const HvOptions *options,
             int champion)
{
	HvParam params[] = {text_param(name),
	                    {REGCLASSOID, ObjectIdGetDatum(source), false},
	                    {model_type(), PointerGetDatum(hv_model_bytes(&trained->model)), false},
	                    {INT8OID,
	                     Int64GetDatum((int64) (trained->model.provenance.rows +
	                                            trained->model.provenance.validation_rows)),
	                     false},
	                    {JSONBOID, metrics_of(trained, champion), false},
	                    {JSONBOID, options_of(options), false},
	                    {FLOAT8OID, Float8GetDatum(trained->seconds), false}};

	hv_spi_query("INSERT INTO hadvice.models"
	             "  (name, version, source, owner, is_current, model, rows, metrics, options,"
	             "   seconds)"
	             " SELECT $1, coalesce(max(m.version), 0) + 1, $2,"
	             "        coalesce((SELECT l.owner FROM hadvice.models AS l WHERE l.name = $1"
	             "                   ORDER BY l.version DESC LIMIT 1),"
	             "                 quote_ident(current_user)::regrole),"
	             "        false, $3, $4, $5, $6, $7"
	             "   FROM hadvice.models AS m WHERE m.name = $1"
	             " RETURNING version",
	             false, 7, params);
	return hv_spi_int(0, 1);
}

/* ---- its history ---- */

static Datum
float_array(const HvTrained *trained, double (*get)(const HvLogged *))
{
	Datum *values = palloc(sizeof(Datum) * Max(trained->nlog, 1));
	bool *nulls = palloc(sizeof(bool) * Max(trained->nlog, 1));

	for (int i = 0; i < trained->nlog; i++)
	{
		double value = get(&trained->log[i]);

		values[i] = Float8GetDatum(value);
		nulls[i] = isnan(value);
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &(int){trained->nlog}, &(int){1},
	                                          FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
	                                          TYPALIGN_DOUBLE));
}

static double
get_epoch(const HvLogged *logged)
{
	return logged->epoch.epoch;
}

static double
get_elbo(const HvLogged *logged)
{
	return logged->epoch.elbo;
}

static double
get_reconstruction(const HvLogged *logged)
{
	return logged->epoch.reconstruction;
}

static double
get_kl(const HvLogged *logged)
{
	return logged->epoch.kl;
}

static double
get_validation(const HvLogged *logged)
{
	return logged->epoch.validation;
}

static double
get_seconds(const HvLogged *logged)
{
	return logged->seconds;
}

/*
 * A row that is not within the newest so many goes. The new version's own rows are the newest, and of
 * one version the last epochs are.
 */
static void
trim_history(const char *name)
{
	HvParam params[] = {text_param(name), {INT4OID, Int32GetDatum(hv_history_limit), false}};

	if (hv_history_limit < 0)
		return;
	hv_spi_query(
		"DELETE FROM hadvice.training_history AS h"
		" USING (SELECT o.version, o.epoch FROM hadvice.training_history AS o"
		"         WHERE o.model = $1 ORDER BY o.version DESC, o.epoch DESC OFFSET $2) AS old"
		" WHERE h.model = $1 AND h.version = old.version AND h.epoch = old.epoch",
		false, 2, params);
}

static void
insert_history(const char *name, int version, const HvTrained *trained)
{
	HvParam params[] = {text_param(name),
	                    {INT4OID, Int32GetDatum(version), false},
	                    {FLOAT8ARRAYOID, float_array(trained, get_epoch), false},
	                    {FLOAT8ARRAYOID, float_array(trained, get_elbo), false},
	                    {FLOAT8ARRAYOID, float_array(trained, get_reconstruction), false},
	                    {FLOAT8ARRAYOID, float_array(trained, get_kl), false},
	                    {FLOAT8ARRAYOID, float_array(trained, get_validation), false},
	                    {FLOAT8ARRAYOID, float_array(trained, get_seconds), false}};

	if (trained->nlog == 0)
		return;
	hv_spi_query("INSERT INTO hadvice.training_history"
	             "  (model, version, epoch, elbo, reconstruction, kl, validation, seconds)"
	             " SELECT $1, $2, e.epoch::int, e.elbo, e.reconstruction, e.kl, e.validation,"
	             "        e.seconds"
	             "   FROM unnest($3, $4, $5, $6, $7, $8)"
	             "     AS e (epoch, elbo, reconstruction, kl, validation, seconds)",
	             false, 8, params);
}

/* ---- all of it ---- */

static bool
promote_connected(const char *name, int version)
{
	HvParam params[] = {text_param(name), {INT4OID, Int32GetDatum(version), false}};

	/* a model that was only granted can be seen, but not changed */
	if (hv_spi_query("SELECT FROM hadvice.models WHERE name = $1 AND version = $2"
	                 " AND pg_has_role(owner, 'USAGE')",
	                 false, 2, params) == 0)
		return false;
	/* Two statements: a unique index is checked row by row, and only one may be current. */
	hv_spi_query("UPDATE hadvice.models SET is_current = false"
	             " WHERE name = $1 AND is_current AND version <> $2",
	             false, 2, params);
	hv_spi_query("UPDATE hadvice.models SET is_current = true"
	             " WHERE name = $1 AND version = $2 AND NOT is_current",
	             false, 2, params);
	return true;
}

bool
hv_store_promote(const char *name, int version)
{
	bool found;

	hv_store_lock_current(name);
	hv_spi_connect();
	found = promote_connected(name, version);
	hv_spi_finish();
	return found;
}

int
hv_store_add(const char *name, Oid source, const HvTrained *trained, const HvOptions *options,
             int champion, bool promote)
{
	int version;

	hv_spi_connect();
	version = insert_model(name, source, trained, options, champion);
	insert_history(name, version, trained);
	trim_history(name);
	if (promote)
	{
		hv_store_lock_current(name);
		(void) promote_connected(name, version);
	}
	hv_spi_finish();
	return version;
}
