/*
 * train.c: vae_train and vae_fit.
 */
#include "hadvice.h"

#include <math.h>

#include "keeper.h"
#include "learn.h"
#include "model.h"
#include "options.h"
#include "progress.h"
#include "store.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/regproc.h"

#define MAX_MODEL_NAME 200

PG_FUNCTION_INFO_V1(vae_train);
PG_FUNCTION_INFO_V1(vae_fit);

static Oid
source_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("source must not be NULL"),
		        errhint("For example vae_train('health_records')."));
	return PG_GETARG_OID(0);
}

/* The model's name: given, or the source's as a user would write it. */
static char *
name_argument(FunctionCallInfo fcinfo, int argument, Oid source)
{
	char *name;

	if (PG_ARGISNULL(argument))
		return DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(source)));
	name = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	if (name[0] == '\0' || strlen(name) > MAX_MODEL_NAME)
		ereport(
			ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("model must be a name of 1 to %d bytes, not %zu", MAX_MODEL_NAME, strlen(name)),
			errhint("NULL gives it the name of the source."));
	return name;
}

static Datum
training_row(FunctionCallInfo fcinfo, const char *name, int version, Oid source,
             const HvTrained *trained, bool promoted)
{
	const HvModel *model = &trained->model;
	double validation = trained->fit.validation_elbo;
	TupleDesc desc;
	Datum values[11];
	bool nulls[11] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "vae_train must return a composite type");
	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(version);
	values[2] = ObjectIdGetDatum(source);
	values[3] = Int64GetDatum((int64) (model->provenance.rows + model->provenance.validation_rows));
	values[4] = Int32GetDatum((int32) model->schema.ncolumns);
	values[5] = Int64GetDatum((int64) model->vae.nparameters);
	values[6] = Int32GetDatum(trained->fit.epochs);
	values[7] = Float8GetDatum(trained->fit.train_elbo);
	values[8] = Float8GetDatum(validation);
	nulls[8] = isnan(validation);
	values[9] = Float8GetDatum(trained->seconds);
	values[10] = BoolGetDatum(promoted);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * vae_train(source, model, columns, exclude, hidden, latent, beta, epochs, batch_size,
 *           learning_rate, validation_fraction, seed, max_duration, architecture, promote, resume)
 */
Datum
vae_train(PG_FUNCTION_ARGS)
{
	Oid source = source_argument(fcinfo);
	char *name = name_argument(fcinfo, 1, source);
	bool promote = PG_ARGISNULL(14) || PG_GETARG_BOOL(14);
	MemoryContext training =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before;
	HvOptions options;
	HvTrained trained;
	Datum row;
	int version;

	/* At once, not after minutes of training. */
	PreventCommandIfReadOnly("vae_train()");
	PreventCommandIfParallelMode("vae_train()");
	hv_options_read(fcinfo, 2, &options);
	options.resume = !PG_ARGISNULL(15) && PG_GETARG_BOOL(15);
	hv_store_lock(name);
	before = MemoryContextSwitchTo(training);
	hv_learn(source, name, &options, NULL, &trained);
	version = hv_store_add(name, source, &trained, &options, 0, promote);
	if (trained.keeper != NULL)
		hv_keeper_done(trained.keeper);
	hv_progress_end();
	MemoryContextSwitchTo(before);
	row = training_row(fcinfo, name, version, source, &trained, promote);
	MemoryContextDelete(training);
	PG_RETURN_DATUM(row);
}

/* vae_fit(source, columns, …, architecture): as above, without name and registry. */
Datum
vae_fit(PG_FUNCTION_ARGS)
{
	Oid source = source_argument(fcinfo);
	MemoryContext training =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before;
	HvOptions options;
	HvTrained trained;
	struct varlena *bytes;

	hv_options_read(fcinfo, 1, &options);
	before = MemoryContextSwitchTo(training);
	hv_learn(source, NULL, &options, NULL, &trained);
	hv_progress_end();
	MemoryContextSwitchTo(before);
	bytes = hv_model_bytes(&trained.model);
	MemoryContextDelete(training);
	PG_RETURN_POINTER(bytes);
}
