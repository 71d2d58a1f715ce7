/*
 * line.c: slopes and their standard errors out of a precision matrix, and their ridge.
 *
 * With S = P_uu^-1 the residual covariance, B = -S P_uo, and Q = P_oo - P_ou S P_uo the precision of
 * the regressors, a slope is B_ka and its variance S_kk Q_aa / rows (the textbook's s^2 (X'X)^-1_aa).
 *
 * Worked example, standardised action and outcome with correlation .8: P = (2.78 -2.22; -2.22 2.78),
 * S = .36, slope = .36 * 2.22 = .8, Q = 2.78 - 2.22 * .36 * 2.22 = 1, variance = .36 / rows.
 *
 * The guided slopes b of one outcome minimise
 *
 *     (b - B)' L (b - B) + sum_a (b_a - e_a)^2 / t^2,   L = rows / S_kk Q^-1,   b_a e_a >= 0
 *
 * with e ± t the guideline's expectation, by coordinate descent, each coordinate cut off at zero. As
 * in hv_belief_shrink, a slope that stands out of its noise widens t by what it stands out.
 */
#include "line.h"

#include <math.h>
#include <string.h>

#include "dense.h"
#include "evidence.h"

#define SWEEPS 60
#define CLOSE 1e-6

/* One regression: u are the features that answer, a those of the actions. */
typedef struct Line
{
	const HvLines *asked;
	uint32_t n, m;      /* features that answer, actions */
	uint32_t *u, *a;    /* their features */
	uint32_t *action;   /* m: numbers of the actions in `asked` */
	double *factor;     /* n×n: Cholesky factor of P_uu, then its inverse */
	double *ties;       /* m×n: P_ua */
	double *responses;  /* m×n: S P_ua */
	double *q;          /* m×m */
	double *inverse;    /* m×m: Q^-1 */
	double *work;       /* m×m */
	double *slope, *to; /* m: of the outcome at hand; the linear term of its ridge */
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
find_responses(const HvSchema *schema, uint32_t body, uint32_t *u)
{
	uint32_t at = 0, n = 0;

	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		uint32_t features = hv_copula_features(column);

		for (uint32_t f = 0; f < features; f++, at++)
			if (j != body && (column->role == HV_OUTCOME || column->stage > 0))
				u[n++] = at;
	}
	return n;
}

/* The regression on all habits and, unless it is UINT32_MAX, on a body measure that is an action. */
static bool
line_init(Line *line, const HvLines *asked, uint32_t body, HvArena *arena)
{
	const HvSchema *schema = asked->schema;
	size_t width = asked->copula->width, m = asked->nactions;

	*line = (Line){.asked = asked};
	line->u = hv_new(arena, uint32_t, width, 1);
	line->a = hv_new(arena, uint32_t, m, 1);
	line->action = hv_new(arena, uint32_t, m, 1);
	if (!line->u || !line->a || !line->action)
		return false;
	line->n = find_responses(schema, body, line->u);
	for (uint32_t i = 0; i < asked->nactions; i++)
		if (schema->columns[asked->actions[i]].stage == 0 || asked->actions[i] == body)
		{
			line->action[line->m] = i;
			line->a[line->m++] = feature_of(schema, asked->actions[i]);
		}
	line->factor = hv_new(arena, double, line->n + 1, line->n + 1);
	line->ties = hv_new(arena, double, m, line->n + 1);
	line->responses = hv_new(arena, double, m, line->n + 1);
	line->q = hv_new(arena, double, m, m);
	line->inverse = hv_new(arena, double, m, m);
	line->work = hv_new(arena, double, m, m);
	line->slope = hv_new(arena, double, m, 1);
	line->to = hv_new(arena, double, m, 1);
	return line->factor && line->ties && line->responses && line->q && line->inverse &&
	       line->work && line->slope && line->to;
}

/* (L^-T L^-1)_ij of the inverse l of a factor. */
static double
of_inverse(const double *l, size_t n, size_t i, size_t j)
{
	double sum = 0;

	for (size_t k = i > j ? i : j; k < n; k++)
		sum += l[k * n + i] * l[k * n + j];
	return sum;
}

/* Solves for the responses to all actions; the factor becomes that of S. */
static bool
solve(Line *line)
{
	const float *p = line->asked->copula->precision;
	uint32_t n = line->n, m = line->m;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j <= i; j++)
			line->factor[i * n + j] = p[hv_triangle(line->u[i], line->u[j])];
	if (!hv_factorise(line->factor, n))
		return false;
	for (uint32_t a = 0; a < m; a++)
	{
		for (uint32_t i = 0; i < n; i++)
			line->ties[a * n + i] = p[hv_triangle(line->u[i], line->a[a])];
		memcpy(line->responses + a * n, line->ties + a * n, n * sizeof(double));
		hv_solve(line->factor, n, line->responses + a * n);
	}
	hv_invert_factor(line->factor, n);
	return true;
}

/* Q and its inverse: how precisely the actions are known once the other regressors are. */
static bool
find_precision(Line *line)
{
	const float *p = line->asked->copula->precision;
	uint32_t n = line->n, m = line->m;

	for (uint32_t a = 0; a < m; a++)
		for (uint32_t b = 0; b < m; b++)
		{
			double q = p[hv_triangle(line->a[a], line->a[b])];

			for (uint32_t i = 0; i < n; i++)
				q -= line->ties[a * n + i] * line->responses[b * n + i];
			line->q[a * m + b] = q;
		}
	memcpy(line->work, line->q, m * m * sizeof(double));
	if (!hv_factorise(line->work, m))
		return false;
	hv_invert_factor(line->work, m);
	for (uint32_t a = 0; a < m; a++)
		for (uint32_t b = 0; b < m; b++)
			line->inverse[a * m + b] = of_inverse(line->work, m, a, b);
	return true;
}

/* Coordinate descent on the ridge `h` with the linear term line->to, from line->slope. */
static void
descend(const Line *line, const double *h, const int *sign)
{
	uint32_t m = line->m;
	double most = 1;

	for (int sweep = 0; sweep < SWEEPS && most > CLOSE; sweep++)
	{
		most = 0;
		for (uint32_t a = 0; a < m; a++)
		{
			double b = line->to[a];

			for (uint32_t i = 0; i < m; i++)
				b -= i == a ? 0 : h[a * m + i] * line->slope[i];
			b /= h[a * m + a];
			if (sign[a] * b < 0)
				b = 0;
			most = fmax(most, fabs(b - line->slope[a]));
			line->slope[a] = b;
		}
	}
}

/* The ridge of one outcome whose slopes are in line->slope; sd[m] of them if none were bounded. */
static bool
guide(Line *line, double precision, int better, int *sign, double *sd)
{
	uint32_t m = line->m;
	double *h = line->work;

	for (uint32_t a = 0; a < m; a++)
	{
		line->to[a] = 0;
		for (uint32_t b = 0; b < m; b++)
		{
			h[a * m + b] = precision * line->inverse[a * m + b];
			line->to[a] += h[a * m + b] * line->slope[b];
		}
	}
	for (uint32_t a = 0; a < m; a++)
	{
		double own = line->slope[a] * line->slope[a] - line->q[a * m + a] / precision;
		double ridge = 1 / (HV_EXPECTED_SD * HV_EXPECTED_SD + fmax(0, own));

		sign[a] = line->asked->way[line->action[a]] * better;
		if (sign[a] == 0)
			continue;
		h[a * m + a] += ridge;
		line->to[a] += ridge * sign[a] * HV_EXPECTED;
	}
	descend(line, h, sign);
	if (!hv_factorise(h, m))
		return false;
	hv_invert_factor(h, m);
	for (uint32_t a = 0; a < m; a++)
		sd[a] = sqrt(of_inverse(h, m, a, a));
	return true;
}

/* The answers of one regression for the actions of its own: habits, or the body measure. */
static bool
answer(Line *line, uint32_t body, HvArena *arena)
{
	const HvLines *asked = line->asked;
	uint32_t m = line->m, n = line->n;
	int *sign = hv_new(arena, int, m, 1);
	double *sd = hv_new(arena, double, m, 1);

	if (!sign || !sd || !solve(line) || !find_precision(line))
		return false;
	for (uint32_t k = 0; k < asked->noutcomes; k++)
	{
		uint32_t feature = feature_of(asked->schema, asked->outcomes[k]), i = 0;
		double residual;

		while (i < n && line->u[i] != feature)
			i++;
		if (i == n)
			continue;
		residual = of_inverse(line->factor, n, i, i);
		for (uint32_t a = 0; a < m; a++)
			line->slope[a] = -line->responses[a * n + i];
		if (!guide(line, asked->rows / residual, asked->better[k], sign, sd))
			return false;
		for (uint32_t a = 0; a < m; a++)
		{
			size_t at = (size_t) line->action[a] * asked->noutcomes + k;
			double units = asked->copula->scale[feature] / asked->copula->scale[line->a[a]];

			if (body != UINT32_MAX && asked->actions[line->action[a]] != body)
				continue;
			asked->slope[at] = -units * line->responses[a * n + i];
			asked->sd[at] = units * sqrt(residual * line->q[a * m + a] / asked->rows);
			asked->guided[at] = units * line->slope[a];
			asked->guided_sd[at] = units * sd[a];
		}
	}
	return true;
}

bool
hv_lines_fit(HvLines *lines, HvArena *arena)
{
	Line line;

	if (lines->copula->width == 0 || !(lines->rows > 0) || lines->nactions == 0)
		return false;
	if (!line_init(&line, lines, UINT32_MAX, arena))
		return false;
	if (line.m > 0 && !answer(&line, UINT32_MAX, arena))
		return false;
	for (uint32_t a = 0; a < lines->nactions; a++)
	{
		uint32_t column = lines->actions[a];

		if (lines->schema->columns[column].stage == 0)
			continue;
		if (!line_init(&line, lines, column, arena) || !answer(&line, column, arena))
			return false;
	}
	return true;
}
