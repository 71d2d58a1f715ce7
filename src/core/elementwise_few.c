/*
 * elementwise_few.c: y = x W^T for a few rows. Compiled with -ffast-math like elementwise.c, since
 * only then is a sum vectorised.
 *
 * A BLAS copies the weights into blocks of its own first, which pays when they meet many rows. With
 * one row it is half of the time, and the kernel then computes four to sixteen rows where one is
 * wanted. Here the weights are read once, where they lie: four of their rows meet one or two rows of
 * x at a time, eight sums that do not wait for each other. 22 columns, 128 hidden, one row: OpenBLAS
 * took 30 microseconds for encoder and decoder, this takes 4.
 */
#include "elementwise_few.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
	!defined(__SANITIZE_ADDRESS__) && !defined(HV_ONE_VARIANT)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

static inline void
put(HvReal *y, HvReal sum, int add)
{
	*y = add ? *y + sum : sum;
}

/* One row of x against four rows of w. */
static inline __attribute__((always_inline)) void
one_by_four(HvReal *y, const HvReal *x, const HvReal *w, size_t ldw, size_t in, int add)
{
	HvReal sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;

	for (size_t k = 0; k < in; k++)
	{
		sum0 += x[k] * w[k];
		sum1 += x[k] * w[ldw + k];
		sum2 += x[k] * w[2 * ldw + k];
		sum3 += x[k] * w[3 * ldw + k];
	}
	put(y, sum0, add);
	put(y + 1, sum1, add);
	put(y + 2, sum2, add);
	put(y + 3, sum3, add);
}

/* Two rows of x against four rows of w. */
static inline __attribute__((always_inline)) void
two_by_four(HvReal *y0, HvReal *y1, const HvReal *x0, const HvReal *x1, const HvReal *w, size_t ldw,
            size_t in, int add)
{
	HvReal a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;

	for (size_t k = 0; k < in; k++)
	{
		a0 += x0[k] * w[k];
		a1 += x0[k] * w[ldw + k];
		a2 += x0[k] * w[2 * ldw + k];
		a3 += x0[k] * w[3 * ldw + k];
		b0 += x1[k] * w[k];
		b1 += x1[k] * w[ldw + k];
		b2 += x1[k] * w[2 * ldw + k];
		b3 += x1[k] * w[3 * ldw + k];
	}
	put(y0, a0, add);
	put(y0 + 1, a1, add);
	put(y0 + 2, a2, add);
	put(y0 + 3, a3, add);
	put(y1, b0, add);
	put(y1 + 1, b1, add);
	put(y1 + 2, b2, add);
	put(y1 + 3, b3, add);
}

CLONES void
hv_few_forward(HvReal *y, size_t ldy, const HvReal *x, size_t ldx, const HvReal *w, size_t ldw,
               size_t n, size_t in, size_t out, int add)
{
	size_t j = 0;

	for (; j + 4 <= out; j += 4)
	{
		size_t r = 0;

		for (; r + 2 <= n; r += 2)
			two_by_four(y + r * ldy + j, y + (r + 1) * ldy + j, x + r * ldx, x + (r + 1) * ldx,
			            w + j * ldw, ldw, in, add);
		if (r < n)
			one_by_four(y + r * ldy + j, x + r * ldx, w + j * ldw, ldw, in, add);
	}
	for (; j < out; j++)
		for (size_t r = 0; r < n; r++)
		{
			HvReal sum = 0;

			for (size_t k = 0; k < in; k++)
				sum += x[r * ldx + k] * w[j * ldw + k];
			put(y + r * ldy + j, sum, add);
		}
}
