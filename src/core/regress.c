/*
 * regress.c: least squares by the normal equations and Cholesky's factorisation, in double.
 *
 * Columns are scaled to length one first, so that grams and milligrams condition alike. Example, what
 * a cut of sodium did to blood pressure in three people and one who did not cut it:
 *
 *     x: 1  dsodium     y: dsystolic       b = (0, 0.0025), the constant is the control's drift
 *        1  -2000          -5
 *        1  -1000          -2.5
 *        1      0           0
 *        1  -1600          -4
 */
#include "regress.h"

#include <math.h>

#define COLLINEAR 1e-10 /* a pivot below this: the column is a sum of the others */

/* Gram matrix of the scaled columns in a[p×p], their scales, and X'y scaled in b. */
static void
normal_equations(size_t n, size_t p, const double *x, const double *y, double *a, double *scale,
                 double *b)
{
	for (size_t i = 0; i < p; i++)
	{
		double sum = 0;

		for (size_t r = 0; r < n; r++)
			sum += x[r * p + i] * x[r * p + i];
		scale[i] = sum > 0 ? 1 / sqrt(sum) : 0;
	}
	for (size_t i = 0; i < p; i++)
	{
		double sum = 0;

		for (size_t r = 0; r < n; r++)
			sum += x[r * p + i] * y[r];
		b[i] = sum * scale[i];
		for (size_t j = 0; j <= i; j++)
		{
			sum = 0;
			for (size_t r = 0; r < n; r++)
				sum += x[r * p + i] * x[r * p + j];
			a[i * p + j] = sum * scale[i] * scale[j];
		}
	}
}

/* a = L L', L in its lower triangle. */
static HvStatus
factorise(size_t p, double *a)
{
	for (size_t i = 0; i < p; i++)
		for (size_t j = 0; j <= i; j++)
		{
			double sum = a[i * p + j];

			for (size_t k = 0; k < j; k++)
				sum -= a[i * p + k] * a[j * p + k];
			if (i > j)
				a[i * p + j] = sum / a[j * p + j];
			else if (!isfinite(sum))
				return HV_DIVERGED;
			else if (sum < COLLINEAR)
				return HV_NO_DATA;
			else
				a[i * p + i] = sqrt(sum);
		}
	return HV_OK;
}

/* Solves L v = v, beginning at row `first`, above which v is zero. */
static void
forward(size_t p, const double *l, size_t first, double *v)
{
	for (size_t i = first; i < p; i++)
	{
		for (size_t k = first; k < i; k++)
			v[i] -= l[i * p + k] * v[k];
		v[i] /= l[i * p + i];
	}
}

HvStatus
hv_least_squares(size_t n, size_t p, const double *x, const double *y, double *work, double *b,
                 double *sd)
{
	double *a = work, *scale = work + p * p, *unit = scale + p;
	double rest = 0;

	if (p > HV_MAX_REGRESSORS)
		return HV_TOO_LARGE;
	if (p == 0 || n <= p)
		return HV_NO_DATA;
	normal_equations(n, p, x, y, a, scale, b);
	HV_TRY(factorise(p, a));
	forward(p, a, 0, b);
	for (size_t i = p; i-- > 0;)
	{
		for (size_t k = i + 1; k < p; k++)
			b[i] -= a[k * p + i] * b[k];
		b[i] /= a[i * p + i];
	}
	for (size_t i = 0; i < p; i++)
		b[i] *= scale[i];
	for (size_t r = 0; r < n; r++)
	{
		double e = y[r];

		for (size_t i = 0; i < p; i++)
			e -= x[r * p + i] * b[i];
		rest += e * e;
	}
	/* (L L')^-1_jj is the squared length of L^-1 e_j */
	for (size_t j = 0; j < p; j++)
	{
		double sum = 0;

		for (size_t i = 0; i < p; i++)
			unit[i] = i == j;
		forward(p, a, j, unit);
		for (size_t i = j; i < p; i++)
			sum += unit[i] * unit[i];
		sd[j] = sqrt(rest / (double) (n - p) * sum) * scale[j];
		if (!isfinite(b[j]) || !isfinite(sd[j]))
			return HV_DIVERGED;
	}
	return HV_OK;
}
