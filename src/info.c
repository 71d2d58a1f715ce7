/*
 * info.c: vae_info and vae_weights, what can be seen of a model.
 */
#include "hadvice.h"

#include <math.h>

#include "json.h"
#include "model.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(vae_info);
PG_FUNCTION_INFO_V1(vae_weights);

static void
json_pair(StringInfo json, const char *key, double number)
{
	hv_json_key(json, key);
	hv_json_number(json, number);
}

static void
json_count(StringInfo json, const char *key, uint64 number)
{
	hv_json_key(json, key);
	hv_json_integer(json, (int64) number);
}

static void
json_text(StringInfo json, const char *key, const char *text)
{
	hv_json_key(json, key);
	hv_json_text(json, text[0] != '\0' ? text : NULL);
}

static void
json_provenance(StringInfo json, const HvProvenance *provenance)
{
	json_text(json, "source", provenance->source);
	json_text(json, "trainer", provenance->trainer);
	json_text(json, "extension_version", provenance->extension_version);
	hv_json_key(json, "row_security");
	hv_json_bool(json, provenance->row_security);
	json_count(json, "seed", provenance->seed);
	json_count(json, "rows", provenance->rows);
	json_count(json, "validation_rows", provenance->validation_rows);
	json_text(json, "fingerprint", psprintf(UINT64_FORMAT, provenance->fingerprint));
	json_count(json, "epochs", provenance->epochs);
	json_count(json, "best_epoch", provenance->best_epoch);
	json_pair(json, "train_elbo", provenance->train_elbo);
	json_pair(json, "validation_elbo", provenance->validation_elbo);
	json_pair(json, "baseline_elbo", provenance->baseline_elbo);
	json_pair(json, "privacy_epsilon", provenance->epsilon);
	json_pair(json, "privacy_delta", provenance->delta);
}

static void
json_config(StringInfo json, const HvModel *model)
{
	const HvConfig *config = &model->vae.config;

	json_text(json, "architecture", hv_architecture_name(config->architecture));
	json_count(json, "parameters", model->vae.nparameters);
	json_pair(json, "beta", config->beta);
	json_count(json, "members", config->members);
	hv_json_key(json, "hidden");
	hv_json_open(json, '[');
	for (uint32_t i = 0; i < config->nhidden; i++)
		hv_json_integer(json, config->hidden[i]);
	hv_json_close(json, ']');
	hv_json_key(json, "latent");
	hv_json_open(json, '[');
	for (uint32_t i = 0; i < model->schema.nstages; i++)
		hv_json_integer(json, config->latent[i]);
	hv_json_close(json, ']');
}

static void
json_levels(StringInfo json, const HvColumn *column)
{
	hv_json_key(json, "levels");
	hv_json_open(json, '[');
	for (uint32_t i = 0; i < column->nlevels; i++)
		hv_json_text(json, column->levels[i]);
	hv_json_close(json, ']');
	hv_json_key(json, "shares");
	hv_json_open(json, '[');
	for (uint32_t i = 0; i < column->nlevels; i++)
		hv_json_number(json, column->level_shares[i]);
	hv_json_close(json, ']');
}

static const char *
transform_name(HvTransform transform)
{
	return transform == HV_SCORES ? "normal scores" : transform == HV_LOG ? "log" : "linear";
}

static void
json_numbers(StringInfo json, const HvColumn *column)
{
	json_pair(json, "mean", column->mean);
	json_pair(json, "stddev", column->sd);
	json_pair(json, "low", column->min);
	json_pair(json, "high", column->max);
	json_text(json, "transform", transform_name(column->transform));
	if (column->transform == HV_LOG)
		json_pair(json, "shift", column->shift);
	json_pair(json, "center", column->center);
	json_pair(json, "scale", column->scale);
}

static void
json_column(StringInfo json, const HvColumn *column)
{
	uint64 cells = column->observed + column->missing;

	hv_json_open(json, '{');
	json_text(json, "name", column->name);
	json_text(json, "type", column->type);
	json_text(json, "kind", hv_kind_name(column->kind));
	json_text(json, "role", hv_role_name(column->role));
	json_count(json, "stage", (uint64) column->stage);
	json_text(json, "feature", column->feature);
	json_text(json, "unit", column->unit);
	json_count(json, "width", column->width);
	json_pair(json, "missing_fraction",
	          cells > 0 ? (double) column->missing / (double) cells : NAN);
	if (hv_has_levels(column))
		json_levels(json, column);
	else
		json_numbers(json, column);
	hv_json_close(json, '}');
}

static void
json_tensor(StringInfo json, const HvTensor *tensor)
{
	hv_json_open(json, '{');
	json_text(json, "name", tensor->name);
	json_count(json, "rows", tensor->rows);
	json_count(json, "cols", tensor->cols);
	hv_json_close(json, '}');
}

/* The formula of a derived column: 1.8 * celsius + 32, 10000 * weight_kg * height_cm ^ -2. */
static void
json_formula(StringInfo json, const HvSchema *schema, const HvFormula *f)
{
	const char *a = schema->columns[f->a].name, *b = schema->columns[f->b].name;
	const char *power = f->power == 1 ? "" : psprintf(" ^ %d", f->power);

	hv_json_open(json, '{');
	json_text(json, "name", schema->columns[f->y].name);
	json_text(json, "formula",
	          f->shape == HV_SUM       ? psprintf("%s %c %s", a, f->k > 0 ? '+' : '-', b)
	          : f->shape == HV_PRODUCT ? psprintf("%.6g * %s * %s%s", f->k, a, b, power)
	                                   : psprintf("%.6g * %s + %.6g", f->k, a, f->c));
	hv_json_close(json, '}');
}

Datum
vae_info(PG_FUNCTION_ARGS)
{
	const HvModel *model = &hv_model_of_datum(hv_call(fcinfo), PG_GETARG_DATUM(0))->model;
	StringInfoData json;

	hv_json_init(&json);
	hv_json_open(&json, '{');
	json_count(&json, "format", HV_FORMAT_VERSION);
	json_config(&json, model);
	json_provenance(&json, &model->provenance);
	hv_json_key(&json, "columns");
	hv_json_open(&json, '[');
	for (uint32_t i = 0; i < model->schema.ncolumns; i++)
		json_column(&json, &model->schema.columns[i]);
	hv_json_close(&json, ']');
	hv_json_key(&json, "derived");
	hv_json_open(&json, '[');
	for (uint32_t i = 0; i < model->formulas.n; i++)
		json_formula(&json, &model->schema, &model->formulas.list[i]);
	hv_json_close(&json, ']');
	hv_json_key(&json, "tensors");
	hv_json_open(&json, '[');
	for (size_t i = 0; i < model->vae.ntensors; i++)
		json_tensor(&json, &model->vae.tensors[i]);
	hv_json_close(&json, ']');
	hv_json_close(&json, '}');
	PG_RETURN_DATUM(hv_json_datum(&json));
}

/* ---- weights ---- */

static ArrayType *
matrix(const HvReal *numbers, size_t rows, size_t cols)
{
	size_t size = ARR_OVERHEAD_NONULLS(2) + rows * cols * sizeof(float4);
	ArrayType *array;

	if (rows == 0 || cols == 0)
		return construct_empty_array(FLOAT4OID);
	if (size > MaxAllocSize)
		hv_raise(HV_TOO_LARGE, "a layer of more than 1 GB");
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 2;
	array->dataoffset = 0; /* no NULLs */
	array->elemtype = FLOAT4OID;
	ARR_DIMS(array)[0] = (int) rows;
	ARR_DIMS(array)[1] = (int) cols;
	ARR_LBOUND(array)[0] = ARR_LBOUND(array)[1] = 1;
	memcpy(ARR_DATA_PTR(array), numbers, rows * cols * sizeof(float4));
	return array;
}

Datum
vae_weights(PG_FUNCTION_ARGS)
{
	const HvVae *vae = &hv_model_of_datum(hv_call(fcinfo), PG_GETARG_DATUM(0))->model.vae;
	const char *layer = text_to_cstring(PG_GETARG_TEXT_PP(1));

	StaticAssertStmt(sizeof(HvReal) == sizeof(float4), "the extension's core is one of floats");
	for (size_t i = 0; i < vae->ntensors; i++)
	{
		const HvTensor *tensor = &vae->tensors[i];

		if (strcmp(tensor->name, layer) == 0)
			PG_RETURN_ARRAYTYPE_P(matrix(vae->parameters + tensor->at, tensor->rows, tensor->cols));
	}
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
	        errmsg("the model has no layer \"%s\"", layer),
	        errhint("List them: SELECT jsonb_path_query(vae_info(model), '$.tensors[*].name')."));
}
