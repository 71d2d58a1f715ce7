/*
 * cells.c: answers with a row for each cell: vae_impute_cells.
 */
#include "hadvice.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

#include "core/impute.h"
#include "question.h"
#include "reader.h"

static HvImputer *
imputer_of(HvQuestion *q)
{
	HvImputer *imputer = q->kept;
	HvArena arena;

	if (imputer != NULL)
		return imputer;
	imputer = MemoryContextAllocZero(q->call->cxt, sizeof(HvImputer));
	hv_arena_in(&arena, q->call->cxt, hv_work_limit());
	HV_CHECK(hv_imputer_init(imputer, q->model, q->blas, &arena), "using a model");
	q->kept = imputer;
	return imputer;
}

/* A value as text, or NULL. */
static void
put_value(Datum *values, bool *nulls, int at, const HvColumn *column, double value)
{
	char *text = hv_value_text(column, value);

	nulls[at] = text == NULL;
	if (text != NULL)
		values[at] = CStringGetTextDatum(text);
}

/* The last argument: the share of cells that an interval is to hold. */
static double
coverage_argument(FunctionCallInfo fcinfo, HvAsked asked)
{
	int argument = asked == HV_ROW || asked == HV_JSONB ? 3 : 2;
	double coverage;

	if (PG_ARGISNULL(argument))
		return HV_COVERAGE;
	coverage = PG_GETARG_FLOAT8(argument);
	if (!(coverage > 0 && coverage < 1))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("coverage must be more than 0 and less than 1, not %g", coverage));
	return coverage;
}

/*
 * The value of a derived column is that of its formula. Where all else of it is known it is certain but for
 * rounding: sure, else NULL.
 */
static void
agree(HvCellGuess *cell, const HvColumn *column, double value, const HvSure *sure, double coverage)
{
	if (sure != NULL)
	{
		double unit = Max(2 * hv_half_unit(column), 1e-9 * Max(fabs(value), 1));

		/* anywhere within the slack: so much of it as the interval is to hold */
		cell->low = unit * rint((sure->exact - coverage * sure->slack) / unit);
		cell->high = unit * rint((sure->exact + coverage * sure->slack) / unit);
	}
	else if (value != cell->value)
	{
		cell->low = Min(cell->low, value);
		cell->high = Max(cell->high, value);
	}
	cell->value = value;
}

/* (column_name, value, low, high, probability) of every missing cell but vectors. */
static Datum
impute_cells(FunctionCallInfo fcinfo, HvAsked asked)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	HvQuestion *q = hv_question(fcinfo, asked);
	const HvSchema *schema;
	HvImputer *imputer;
	HvSure *sure;
	bool *known;
	double coverage = coverage_argument(fcinfo, asked);

	InitMaterializedSRF(fcinfo, 0);
	if (q == NULL)
		return (Datum) 0;
	schema = &q->model->schema;
	imputer = imputer_of(q);
	hv_impute(imputer, q->record);
	known = palloc(schema->ncolumns * sizeof(bool));
	sure = palloc(schema->ncolumns * sizeof(HvSure));
	hv_impute_values(imputer, q->record, q->values, known, sure);
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		Datum values[5] = {0};
		bool nulls[5] = {false};
		HvCellGuess cell;

		if (q->record[column->m_at] != 0 || column->kind == HV_EMBEDDING)
			continue;
		cell = hv_cell_guess(imputer, j, coverage);
		agree(&cell, column, q->values[column->value_at], known[j] ? &sure[j] : NULL, coverage);
		values[0] = CStringGetTextDatum(column->name);
		put_value(values, nulls, 1, column, cell.value);
		put_value(values, nulls, 2, column, cell.low);
		put_value(values, nulls, 3, column, cell.high);
		nulls[4] = isnan(cell.probability);
		values[4] = Float8GetDatum(cell.probability);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

HV_FORMS(impute_cells)
