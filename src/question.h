/*
 * question.h: a row put before a model: what every function of "using a model" starts with.
 */
#ifndef HV_QUESTION_H
#define HV_QUESTION_H

#include "hadvice.h"

#include "access/htup_details.h"
#include "utils/jsonb.h"

#include "model.h"

#include "core/predict.h"

/* The four ways to ask (DESIGN A4). */
typedef enum HvAsked
{
	HV_ROW,        /* f(row, model text, version int) */
	HV_JSONB,      /* f(jsonb, model text, version int) */
	HV_MODEL_ROW,  /* f(vae_model, row) */
	HV_MODEL_JSONB /* f(vae_model, jsonb) */
} HvAsked;

/* A question, and the buffers that are kept with the model for the next one. */
typedef struct HvQuestion
{
	HvAsked asked;
	HvCall *call;
	const HvServed *served;
	const HvModel *model;
	const HvBlas *blas;
	Oid relid;           /* of the row's type, or InvalidOid */
	HeapTupleHeader row; /* of the row forms */
	Jsonb *json;         /* of the jsonb forms */
	double *values;      /* the row's value row */
	HvReal *record;      /* its encoding */
	HvWork work;         /* room for HV_SURPRISE_DRAWS records */
	HvReal *scratch;     /* as many records */
	HvReal *weight;      /* one number a column of each */
	void *kept;          /* for the function itself; NULL at first */
} HvQuestion;

/*
 * Reads the arguments of a call: the row, and the model it is to be put before. NULL when the row
 * (or the model) is NULL. Arguments after the row are (model text, version int) in the forms
 * without a model by value, at positions 1 and 2.
 */
HvQuestion *hv_question(FunctionCallInfo fcinfo, HvAsked asked);

/* The same where (model, version) stand at `first` and the next position. */
HvQuestion *hv_question_at(FunctionCallInfo fcinfo, HvAsked asked, int first);

/* The question's row with the chosen columns replaced, in the form it was asked. */
Datum hv_answer(const HvQuestion *question, const double *values, const bool *replace);

/* The four entry points of a function `name(fcinfo, asked)`. */
#define HV_FORMS(name)                                                                             \
	PG_FUNCTION_INFO_V1(vae_##name##_row);                                                         \
	Datum vae_##name##_row(PG_FUNCTION_ARGS)                                                       \
	{                                                                                              \
		return name(fcinfo, HV_ROW);                                                               \
	}                                                                                              \
	PG_FUNCTION_INFO_V1(vae_##name##_jsonb);                                                       \
	Datum vae_##name##_jsonb(PG_FUNCTION_ARGS)                                                     \
	{                                                                                              \
		return name(fcinfo, HV_JSONB);                                                             \
	}                                                                                              \
	PG_FUNCTION_INFO_V1(vae_##name##_model_row);                                                   \
	Datum vae_##name##_model_row(PG_FUNCTION_ARGS)                                                 \
	{                                                                                              \
		return name(fcinfo, HV_MODEL_ROW);                                                         \
	}                                                                                              \
	PG_FUNCTION_INFO_V1(vae_##name##_model_jsonb);                                                 \
	Datum vae_##name##_model_jsonb(PG_FUNCTION_ARGS)                                               \
	{                                                                                              \
		return name(fcinfo, HV_MODEL_JSONB);                                                       \
	}

#endif
