/*
 * dense.c: Cholesky factorisation, solution, inverse of the factor.
 *
 * Example: (4 2; 2 3) = L L^T with L = (2 0; 1 1.414); its inverse is (0.5 0; -0.354 0.707).
 */
#include "dense.h"

#include <math.h>

bool
hv_factorise(double *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
		{
			double sum = a[i * n + j];

			for (size_t k = 0; k < j; k++)
				sum -= a[i * n + k] * a[j * n + k];
			if (i != j)
				a[i * n + j] = sum / a[j * n + j];
			else if (!(sum > 0))
				return false;
			else
				a[i * n + i] = sqrt(sum);
		}
	return true;
}

void
hv_solve(const double *l, size_t n, double *x)
{
	for (size_t i = 0; i < n; i++)
	{
		for (size_t k = 0; k < i; k++)
			x[i] -= l[i * n + k] * x[k];
		x[i] /= l[i * n + i];
	}
	for (size_t i = n; i-- > 0;)
	{
		for (size_t k = i + 1; k < n; k++)
			x[i] -= l[k * n + i] * x[k];
		x[i] /= l[i * n + i];
	}
}

void
hv_invert_factor(double *l, size_t n)
{
	for (size_t j = 0; j < n; j++)
	{
		l[j * n + j] = 1 / l[j * n + j];
		for (size_t i = j + 1; i < n; i++)
		{
			double sum = 0;

			for (size_t k = j; k < i; k++)
				sum += l[i * n + k] * l[k * n + j];
			l[i * n + j] = -sum / l[i * n + i];
		}
	}
}
