/*
 * options.c: the training options of vae_train and vae_fit: their ranges, and their defaults.
 *
 * Every option that is out of its range is an error which names it (22023). NULL is the same as
 * leaving an option out.
 */
#include "hadvice.h"

#include "options.h"

#include <math.h>

#include "json.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Arguments in this order, from `first` on. */
typedef enum Argument
{
	ARG_COLUMNS = 0,
	ARG_EXCLUDE,
	ARG_HIDDEN,
	ARG_LATENT,
	ARG_BETA,
	ARG_EPOCHS,
	ARG_BATCH_SIZE,
	ARG_LEARNING_RATE,
	ARG_VALIDATION_FRACTION,
	ARG_SEED,
	ARG_MAX_DURATION,
	ARG_ARCHITECTURE
} Argument;

static int
int_option(FunctionCallInfo fcinfo, int argument, const char *name, int high, int example)
{
	int value;

	if (PG_ARGISNULL(argument))
		return 0;
	value = PG_GETARG_INT32(argument);
	if (value < 1 || value > high)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("%s must be between 1 and %d, not %d", name, high, value),
		        errhint("For example %s => %d; NULL lets the data decide.", name, example));
	return value;
}

/* `open`: the lower end itself is not allowed. */
static double
float_option(FunctionCallInfo fcinfo, int argument, const char *name, double missing, double low,
             double high, bool open, double example)
{
	double value;

	if (PG_ARGISNULL(argument))
		return missing;
	value = PG_GETARG_FLOAT8(argument);
	if (!(value >= low && value <= high) || (open && value == low))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("%s must be %s %g and at most %g, not %g", name,
		               open ? "more than" : "at least", low, high, value),
		        errhint("For example %s => %g.", name, example));
	return value;
}

static void
hidden_option(FunctionCallInfo fcinfo, int argument, HvOptions *options)
{
	ArrayType *array;
	int n;

	if (PG_ARGISNULL(argument))
		return;
	array = PG_GETARG_ARRAYTYPE_P(argument);
	n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) != 1 || n > HV_MAX_LAYERS || array_contains_nulls(array))
		ereport(
			ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("hidden must have between 1 and %d elements, none of them NULL", HV_MAX_LAYERS),
			errhint("For example hidden => '{64,64}': two layers of 64 units."));
	options->nhidden = n;
	for (int i = 0; i < n; i++)
	{
		options->hidden[i] = ((const int32 *) ARR_DATA_PTR(array))[i];
		if (options->hidden[i] < 1 || options->hidden[i] > HV_MAX_HIDDEN)
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			        errmsg("hidden must have elements between 1 and %d, not %d", HV_MAX_HIDDEN,
			               options->hidden[i]),
			        errhint("For example hidden => '{64,64}': two layers of 64 units."));
	}
}

/* Months count 30 days, as they do where PostgreSQL compares intervals. */
int64
hv_duration_option(FunctionCallInfo fcinfo, int argument, const char *name)
{
	Interval *interval;
	double usecs;

	if (PG_ARGISNULL(argument))
		return 0;
	interval = PG_GETARG_INTERVAL_P(argument);
	usecs = ((double) interval->month * DAYS_PER_MONTH + interval->day) * USECS_PER_DAY +
	        (double) interval->time;
	if (!(usecs >= 1))
		ereport(
			ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("%s must be positive, not %s", name,
		           DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
			errhint("For example %s => '10 minutes'.", name));
	return usecs < 9e18 ? (int64) usecs : PG_INT64_MAX;
}

static void
architecture_option(FunctionCallInfo fcinfo, int argument, HvOptions *options)
{
	const char *name;

	options->automatic = PG_ARGISNULL(argument);
	if (options->automatic)
		return;
	name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	options->automatic = strcmp(name, "auto") == 0;
	if (options->automatic)
		return;
	for (int i = 0; i < HV_ARCHITECTURES; i++)
		if (strcmp(name, hv_architecture_name((HvArchitecture) i)) == 0)
		{
			options->architecture = (HvArchitecture) i;
			return;
		}
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	        errmsg("architecture \"%s\" does not exist", name),
	        errhint("Choose 'auto', 'ordered', 'joint' or 'seed'."));
}

void
hv_options_read(FunctionCallInfo fcinfo, int first, HvOptions *options)
{
	memset(options, 0, sizeof(*options));
	if (!PG_ARGISNULL(first + ARG_COLUMNS))
		options->columns = PG_GETARG_ARRAYTYPE_P(first + ARG_COLUMNS);
	if (!PG_ARGISNULL(first + ARG_EXCLUDE))
		options->exclude = PG_GETARG_ARRAYTYPE_P(first + ARG_EXCLUDE);
	hidden_option(fcinfo, first + ARG_HIDDEN, options);
	options->latent = int_option(fcinfo, first + ARG_LATENT, "latent", HV_MAX_LATENT, 8);
	options->beta = float_option(fcinfo, first + ARG_BETA, "beta", 1, 0, HV_MAX_BETA, false, 1);
	options->epochs = int_option(fcinfo, first + ARG_EPOCHS, "epochs", HV_MAX_EPOCHS, 100);
	options->batch_size =
		int_option(fcinfo, first + ARG_BATCH_SIZE, "batch_size", HV_MAX_BATCH, 128);
	options->learning_rate =
		float_option(fcinfo, first + ARG_LEARNING_RATE, "learning_rate", 0, 0, 1, true, 0.001);
	options->validation_fraction =
		float_option(fcinfo, first + ARG_VALIDATION_FRACTION, "validation_fraction", 0.1, 0,
	                 HV_MAX_VALIDATION, false, 0.1);
	if (!PG_ARGISNULL(first + ARG_SEED))
		options->seed = PG_GETARG_INT64(first + ARG_SEED);
	options->max_usecs = hv_duration_option(fcinfo, first + ARG_MAX_DURATION, "max_duration");
	architecture_option(fcinfo, first + ARG_ARCHITECTURE, options);
}

/* ---- as JSON ---- */

static void
json_names(StringInfo json, const char *key, ArrayType *names)
{
	Datum *elements;
	int n;

	hv_json_key(json, key);
	if (names == NULL)
	{
		hv_json_text(json, NULL);
		return;
	}
	deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, NULL, &n);
	hv_json_open(json, '[');
	for (int i = 0; i < n; i++)
		hv_json_text(json, NameStr(*DatumGetName(elements[i])));
	hv_json_close(json, ']');
}

/* Zero stands for what was chosen from the data, and shows as null. */
static void
json_number(StringInfo json, const char *key, double number)
{
	hv_json_key(json, key);
	hv_json_number(json, number == 0 ? NAN : number);
}

void
hv_options_json(const HvOptions *options, StringInfo json)
{
	hv_json_open(json, '{');
	json_names(json, "columns", options->columns);
	json_names(json, "exclude", options->exclude);
	hv_json_key(json, "hidden");
	if (options->nhidden == 0)
		hv_json_text(json, NULL);
	else
	{
		hv_json_open(json, '[');
		for (int i = 0; i < options->nhidden; i++)
			hv_json_integer(json, options->hidden[i]);
		hv_json_close(json, ']');
	}
	json_number(json, "latent", options->latent);
	hv_json_key(json, "beta");
	hv_json_number(json, options->beta);
	json_number(json, "epochs", options->epochs);
	json_number(json, "batch_size", options->batch_size);
	json_number(json, "learning_rate", options->learning_rate);
	hv_json_key(json, "validation_fraction");
	hv_json_number(json, options->validation_fraction);
	hv_json_key(json, "seed");
	hv_json_integer(json, options->seed);
	json_number(json, "max_seconds", (double) options->max_usecs / USECS_PER_SEC);
	hv_json_key(json, "architecture");
	hv_json_text(json, options->automatic ? "auto" : hv_architecture_name(options->architecture));
	hv_json_close(json, '}');
}

/* ---- as the core wants them ---- */

void
hv_options_apply(const HvOptions *options, HvConfig *config, HvFitOptions *fit, uint32_t nstages)
{
	config->beta = options->beta;
	if (options->nhidden > 0)
	{
		config->nhidden = (uint32_t) options->nhidden;
		for (int i = 0; i < options->nhidden; i++)
			config->hidden[i] = (uint32_t) options->hidden[i];
	}
	for (uint32_t i = 0; i < nstages && options->latent > 0; i++)
		config->latent[i] = (uint32_t) options->latent;
	fit->seed = (uint64_t) options->seed;
	fit->fixed_epochs = options->epochs > 0;
	if (options->epochs > 0)
		fit->epochs = options->epochs;
	if (options->batch_size > 0)
		fit->batch_size = (size_t) options->batch_size;
	if (options->learning_rate > 0)
		fit->learning_rate = options->learning_rate;
	if (config->architecture == HV_SEED)
		/* The plain beta-VAE: nothing but its objective. */
		fit->hide = fit->warmup = fit->clip = 0;
}
