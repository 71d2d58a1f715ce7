/*
 * infer.c: vae_anomaly, vae_log_likelihood, vae_embed, vae_reconstruct, vae_impute, in their four
 * forms each; what returns a row per cell is in cells.c.
 */
#include "hadvice.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "core/anomaly.h"
#include "core/encode.h"
#include "core/impute.h"
#include "core/predict.h"
#include "question.h"

/* Made for the first row of a statement, kept for the others. */
static HvJudge *
judge_of(HvQuestion *q)
{
	if (q->kept == NULL)
	{
		HvJudge *judge = MemoryContextAllocZero(q->call->cxt, sizeof(HvJudge));
		HvArena arena;

		hv_arena_in(&arena, q->call->cxt, hv_work_limit());
		HV_CHECK(hv_judge_init(judge, q->model, q->blas, &arena), "using a model");
		q->kept = judge;
	}
	return q->kept;
}

/* What models from before the judge can say: the likelihood's place among other rows. */
static double
old_anomaly(HvQuestion *q)
{
	double elbo;
	uint32_t cells;

	hv_one_elbo(&q->model->vae, q->blas, q->record, q->model->schema.nstages, HV_SURPRISE_DRAWS,
	            &q->work, q->scratch, q->weight, &elbo, &cells);
	return cells == 0 ? NAN : hv_percentile(q->model->provenance.surprise, -elbo / cells);
}

/* 0..1, see core/anomaly.h. NULL for a row in which the model knows no cell. */
static Datum
anomaly(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvQuestion *q = hv_question(fcinfo, asked);
	double score;

	if (q == NULL)
		PG_RETURN_NULL();
	score = q->model->strange.fitted ? hv_judge(judge_of(q), q->record) : old_anomaly(q);
	if (isnan(score))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score);
}

#define MAX_SAMPLES 100000

/* nats; NULL for a row in which the model knows no cell. Arguments: row, samples, model, version. */
static Datum
log_likelihood(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvQuestion *q = hv_question_at(fcinfo, asked, 2);
	int at = asked == HV_ROW || asked == HV_JSONB ? 1 : 2;
	uint32_t cells;
	double nats;
	int samples;

	if (q == NULL || PG_ARGISNULL(at))
		PG_RETURN_NULL();
	samples = PG_GETARG_INT32(at);
	if (samples < 1 || samples > MAX_SAMPLES)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("samples must be between 1 and %d, not %d", MAX_SAMPLES, samples));
	if (q->kept == NULL)
	{
		HvDraws *draws = MemoryContextAllocZero(q->call->cxt, sizeof(HvDraws));
		HvArena arena;

		hv_arena_in(&arena, q->call->cxt, hv_work_limit());
		HV_CHECK(hv_draws_init(draws, &q->model->vae, &arena), "using a model");
		q->kept = draws;
	}
	CHECK_FOR_INTERRUPTS();
	nats = hv_log_likelihood(q->kept, &q->model->vae, q->blas, q->record, samples, &cells);
	if (cells == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(nats);
}

/* real[]: the posterior means of all stages. */
static Datum
embed(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvQuestion *q = hv_question(fcinfo, asked);
	size_t size;
	HvReal *mu;
	Datum *elements;

	if (q == NULL)
		PG_RETURN_NULL();
	size = hv_embedding_size(&q->model->vae);
	mu = palloc(size * sizeof(HvReal));
	elements = palloc(size * sizeof(Datum));
	hv_embed(&q->model->vae, q->blas, q->record, 1, &q->work, mu);
	for (size_t i = 0; i < size; i++)
		elements[i] = Float4GetDatum(mu[i]);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(elements, (int) size, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

/* The row as the model sees it. */
static Datum
reconstruct(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvQuestion *q = hv_question(fcinfo, asked);
	const HvSchema *schema;
	double *values;
	bool *replace;

	if (q == NULL)
		PG_RETURN_NULL();
	schema = &q->model->schema;
	values = palloc(schema->nvalues * sizeof(double));
	replace = palloc(schema->ncolumns * sizeof(bool));
	hv_reconstruct(&q->model->vae, q->blas, q->record, 1, &q->work, q->scratch);
	hv_decode_row(schema, q->scratch, values);
	memset(replace, 0, schema->ncolumns * sizeof(bool));
	hv_derive(&q->model->formulas, schema, values, replace,
	          NULL); /* nothing is known: all is the model's */
	memset(replace, true, schema->ncolumns * sizeof(bool));
	return hv_answer(q, values, replace);
}

/* Made for the first row of a statement, kept for the others. */
static HvImputer *
imputer_of(HvQuestion *q)
{
	if (q->kept == NULL)
	{
		HvImputer *imputer = MemoryContextAllocZero(q->call->cxt, sizeof(HvImputer));
		HvArena arena;

		hv_arena_in(&arena, q->call->cxt, hv_work_limit());
		HV_CHECK(hv_imputer_init(imputer, q->model, q->blas, &arena), "using a model");
		q->kept = imputer;
	}
	return q->kept;
}

/* The row with its gaps filled. */
static Datum
impute(FunctionCallInfo fcinfo, HvAsked asked)
{
	HvQuestion *q = hv_question(fcinfo, asked);
	const HvSchema *schema;
	HvImputer *imputer;
	bool *replace;

	if (q == NULL)
		PG_RETURN_NULL();
	schema = &q->model->schema;
	imputer = imputer_of(q);
	replace = palloc(schema->ncolumns * sizeof(bool));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
		replace[j] = q->record[schema->columns[j].m_at] == 0;
	hv_impute(imputer, q->record);
	hv_impute_values(imputer, q->record, q->values, palloc(schema->ncolumns * sizeof(bool)), NULL);
	return hv_answer(q, q->values, replace);
}

HV_FORMS(anomaly)
HV_FORMS(log_likelihood)
HV_FORMS(embed)
HV_FORMS(reconstruct)
HV_FORMS(impute)
