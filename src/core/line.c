/*
 * line.c: slopes and their standard errors out of a precision matrix.
 *
 * With S = P_uu^-1 the residual covariance, B = -S P_uo, and Q = P_oo - P_ou S P_uo the precision of
 * the regressors, a slope is B_ka and its variance S_kk Q_aa / rows (the textbook's s^2 (X'X)^-1_aa).
 *
 * Worked example, standardised action and outcome with correlation .8: P = (2.78 -2.22; -2.22 2.78),
 * S = .36, slope = .36 * 2.22 = .8, Q = 2.78 - 2.22 * .36 * 2.22 = 1, variance = .36 / rows.
 */
#include "line.h"

#include <math.h>
#include <string.h>

#include "dense.h"

/* One regression: u are the features that answer, a the one that asks. */
typedef struct Line
{
	const HvCopula *copula;
	uint32_t a;        /* feature of the action */
	uint32_t n;        /* features that answer */
	uint32_t *u;       /* their numbers */
	double *factor;    /* n×n: Cholesky factor of P_uu, then its inverse */
	double *ties;      /* n: P_ua */
	double *responses; /* n: S P_ua */
} Line;

/* First feature of a column in the copula. */
static uint32_t
feature_of(const HvSchema *schema, uint32_t column)
{
	uint32_t at = 0;

	for (uint32_t j = 0; j < column; j++)
		at += hv_copula_features(&schema->columns[j]);
	return at;
}

/* Everything that responds: outcomes and body measures, but for the action itself. */
static uint32_t
find_responses(const HvSchema *schema, uint32_t action, uint32_t *u)
{
	uint32_t at = 0, n = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		uint32_t features = hv_copula_features(column);

		for (uint32_t f = 0; f < features; f++, at++)
			if (j != action && (column->role == HV_OUTCOME || column->stage > 0))
				u[n++] = at;
	}
	return n;
}

static bool
line_init(Line *line, const HvCopula *copula, const HvSchema *schema, uint32_t action,
          HvArena *arena)
{
	size_t width = copula->width;

	line->copula = copula;
	line->a = feature_of(schema, action);
	line->u = hv_new(arena, uint32_t, width, 1);
	if (line->u == NULL)
		return false;
	line->n = find_responses(schema, action, line->u);
	line->factor = hv_new(arena, double, line->n + 1, line->n + 1);
	line->ties = hv_new(arena, double, line->n + 1, 1);
	line->responses = hv_new(arena, double, line->n + 1, 1);
	return line->factor && line->ties && line->responses;
}

/* Solves for the responses to the action; the factor becomes that of S. */
static bool
solve(Line *line)
{
	const float *p = line->copula->precision;
	uint32_t n = line->n;

	for (uint32_t i = 0; i < n; i++)
	{
		line->ties[i] = p[hv_triangle(line->u[i], line->a)];
		for (uint32_t j = 0; j <= i; j++)
			line->factor[i * n + j] = p[hv_triangle(line->u[i], line->u[j])];
	}
	memcpy(line->responses, line->ties, n * sizeof(double));
	if (!hv_factorise(line->factor, n))
		return false;
	hv_solve(line->factor, n, line->responses);
	hv_invert_factor(line->factor, n);
	return true;
}

/* Residual variance of the i-th answering feature: (L^-T L^-1)_ii. */
static double
residual(const Line *line, uint32_t i)
{
	double sum = 0;

	for (uint32_t k = i; k < line->n; k++)
		sum += line->factor[k * line->n + i] * line->factor[k * line->n + i];
	return sum;
}

/* Q_aa: how precisely the action is known once the other regressors are. */
static double
own_precision(const Line *line)
{
	double q = line->copula->precision[hv_triangle(line->a, line->a)];

	for (uint32_t i = 0; i < line->n; i++)
		q -= line->ties[i] * line->responses[i];
	return fmax(q, 0);
}

bool
hv_line_slopes(const HvCopula *copula, const HvSchema *schema, double rows, uint32_t action,
               const uint32_t *columns, uint32_t ncolumns, double *slope, double *sd,
               HvArena *arena)
{
	Line line;
	double q;

	memset(slope, 0, ncolumns * sizeof(double));
	memset(sd, 0, ncolumns * sizeof(double));
	if (copula->width == 0 || !(rows > 0) || !line_init(&line, copula, schema, action, arena) ||
	    !solve(&line))
		return false;
	q = own_precision(&line);
	for (uint32_t k = 0; k < ncolumns; k++)
	{
		uint32_t feature = feature_of(schema, columns[k]);
		double units = copula->scale[feature] / copula->scale[line.a];

		for (uint32_t i = 0; i < line.n; i++)
			if (line.u[i] == feature)
			{
				slope[k] = -units * line.responses[i];
				sd[k] = units * sqrt(residual(&line, i) * q / rows);
			}
	}
	return true;
}
