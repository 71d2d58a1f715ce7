/*
 * champion.c: the current version of a model: its bytes, its source, the options it was trained with.
 */
#include "hadvice.h"

#include "champion.h"

#include "model.h"
#include "spi.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* Columns of the query below. */
enum
{
	C_VERSION = 1,
	C_SOURCE,
	C_ROWS,
	C_MODEL,
	C_COLUMNS,
	C_EXCLUDE,
	C_HIDDEN,
	C_LATENT,
	C_BETA,
	C_EPOCHS,
	C_BATCH_SIZE,
	C_LEARNING_RATE,
	C_VALIDATION_FRACTION,
	C_SEED,
	C_MAX_SECONDS,
	C_ARCHITECTURE
};

/* Names that the source no longer has are left out: a column that is gone is no error. */
static const char query[] =
	"SELECT m.version, m.source::oid, coalesce(m.rows, 0), m.model,"
	"       CASE WHEN jsonb_typeof(m.options -> 'columns') = 'array' THEN"
	"         ARRAY(SELECT c.name::name FROM jsonb_array_elements_text(m.options -> 'columns') AS c (name)"
	"                WHERE c.name IN (SELECT a.attname FROM pg_attribute AS a"
	"                                  WHERE a.attrelid = m.source AND a.attnum > 0"
	"                                    AND NOT a.attisdropped)) END,"
	"       CASE WHEN jsonb_typeof(m.options -> 'exclude') = 'array' THEN"
	"         ARRAY(SELECT c.name::name FROM jsonb_array_elements_text(m.options -> 'exclude') AS c (name)"
	"                WHERE c.name IN (SELECT a.attname FROM pg_attribute AS a"
	"                                  WHERE a.attrelid = m.source AND a.attnum > 0"
	"                                    AND NOT a.attisdropped)) END,"
	"       CASE WHEN jsonb_typeof(m.options -> 'hidden') = 'array' THEN"
	"         ARRAY(SELECT h.size::int FROM jsonb_array_elements_text(m.options -> 'hidden')"
	"                 WITH ORDINALITY AS h (size, i) ORDER BY h.i) END,"
	"       (m.options ->> 'latent')::int, (m.options ->> 'beta')::float8,"
	"       (m.options ->> 'epochs')::int, (m.options ->> 'batch_size')::int,"
	"       (m.options ->> 'learning_rate')::float8,"
	"       (m.options ->> 'validation_fraction')::float8, (m.options ->> 'seed')::bigint,"
	"       (m.options ->> 'max_seconds')::float8, m.options ->> 'architecture'"
	"  FROM hadvice.models AS m WHERE m.name = $1 AND m.is_current";

static ArrayType *
array_of(int column)
{
	bool isnull;
	Datum value = hv_spi_datum(0, column, &isnull);

	return isnull ? NULL : DatumGetArrayTypePCopy(value);
}

/* Anybody may have written the row of a model of their own: what is out of range is the default. */
static int
int_within(int column, int most)
{
	int value = hv_spi_int(0, column);

	return value >= 1 && value <= most ? value : 0;
}

static void
read_hidden(HvOptions *options)
{
	ArrayType *hidden = array_of(C_HIDDEN);
	int n = hidden != NULL ? ArrayGetNItems(ARR_NDIM(hidden), ARR_DIMS(hidden)) : 0;

	if (n > HV_MAX_LAYERS || (hidden != NULL && array_contains_nulls(hidden)))
		return;
	for (int i = 0; i < n; i++)
	{
		options->hidden[i] = ((const int32 *) ARR_DATA_PTR(hidden))[i];
		if (options->hidden[i] < 1 || options->hidden[i] > HV_MAX_HIDDEN)
			return;
	}
	options->nhidden = n;
}

static void
read_options(HvOptions *options)
{
	const char *architecture = hv_spi_text(0, C_ARCHITECTURE);
	double beta = hv_spi_float(0, C_BETA, 1), rate = hv_spi_float(0, C_LEARNING_RATE, 0);
	double validation = hv_spi_float(0, C_VALIDATION_FRACTION, 0.1);
	double seconds = hv_spi_float(0, C_MAX_SECONDS, 0);
	bool isnull;
	Datum seed = hv_spi_datum(0, C_SEED, &isnull);

	memset(options, 0, sizeof(*options));
	options->columns = array_of(C_COLUMNS);
	options->exclude = array_of(C_EXCLUDE);
	read_hidden(options);
	options->latent = int_within(C_LATENT, HV_MAX_LATENT);
	options->beta = beta >= 0 && beta <= HV_MAX_BETA ? beta : 1;
	options->epochs = int_within(C_EPOCHS, HV_MAX_EPOCHS);
	options->batch_size = int_within(C_BATCH_SIZE, HV_MAX_BATCH);
	options->learning_rate = rate > 0 && rate <= 1 ? rate : 0;
	options->validation_fraction =
		validation >= 0 && validation <= HV_MAX_VALIDATION ? validation : 0.1;
	options->seed = isnull ? 0 : DatumGetInt64(seed);
	options->max_usecs = seconds > 0 && seconds < 9e12 ? (int64) (seconds * USECS_PER_SEC) : 0;
	options->automatic = true;
	for (int i = 0; architecture != NULL && i < HV_ARCHITECTURES; i++)
		if (strcmp(architecture, hv_architecture_name((HvArchitecture) i)) == 0)
		{
			options->automatic = false;
			options->architecture = (HvArchitecture) i;
		}
}

void
hv_champion_read(const char *name, bool with_source, HvChampion *champion)
{
	HvParam param = {TEXTOID, CStringGetTextDatum(name), false};
	MemoryContext cxt = CurrentMemoryContext;
	struct varlena *bytes;
	bool isnull;

	memset(champion, 0, sizeof(*champion));
	hv_spi_connect();
	MemoryContextSwitchTo(cxt);
	if (hv_spi_query(query, true, 1, &param) == 0)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
		        errmsg("there is no current model \"%s\"", name),
		        errhint("vae_models lists the models you may use."));
	champion->name = pstrdup(name);
	champion->version = hv_spi_int(0, C_VERSION);
	champion->source = DatumGetObjectId(hv_spi_datum(0, C_SOURCE, &isnull));
	champion->rows = DatumGetInt64(hv_spi_datum(0, C_ROWS, &isnull));
	read_options(&champion->options);
	bytes = pg_detoast_datum_packed(
		(struct varlena *) DatumGetPointer(hv_spi_datum(0, C_MODEL, &isnull)));
	hv_model_decode((const uint8_t *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), cxt,
	                &champion->model);
	hv_spi_finish();
	MemoryContextSwitchTo(cxt);
	if (with_source && get_rel_name(champion->source) == NULL)
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		        errmsg("the table that model \"%s\" was trained on does not exist any more", name),
		        errhint("Train the next version on another one: "
		                "SELECT * FROM vae_train('some_table', model => %s);",
		                quote_literal_cstr(name)));
}
