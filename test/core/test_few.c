/*
 * test_few.c: products with a few rows against a BLAS, for every remainder of rows and columns.
 */
#include "hv_test.h"

#include "elementwise_few.h"
#include "layer.h"
#include "rng.h"

#define MOST 37

static HvReal x[(HV_FEW_ROWS + 1) * MOST], w[MOST * MOST], y[(HV_FEW_ROWS + 1) * MOST],
	expected[(HV_FEW_ROWS + 1) * MOST];

/* The largest difference over one shape; rows of x and y lie further apart than they are wide. */
static double
difference(const HvBlas *blas, size_t n, size_t in, size_t out, bool add)
{
	double worst = 0;

	for (size_t i = 0; i < n * MOST; i++)
		y[i] = expected[i] = (HvReal) i;
	hv_few_forward(y, MOST, x, MOST, w, in, n, in, out, add);
	hv_gemm(blas, false, true, n, out, in, 1, x, MOST, w, in, add ? 1 : 0, expected, MOST);
	for (size_t i = 0; i < n * MOST; i++)
		worst = fmax(worst, fabs((double) y[i] - (double) expected[i]));
	return worst;
}

int
main(void)
{
	static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 16, 17, 33, MOST};
	HvBlas blas = test_blas();
	size_t nsizes = sizeof(sizes) / sizeof(sizes[0]);

	hv_normals(3, HV_STREAM(HV_RNG_USE, 0), 0, x, sizeof(x) / sizeof(x[0]));
	hv_normals(3, HV_STREAM(HV_RNG_USE, 1), 0, w, sizeof(w) / sizeof(w[0]));
	for (size_t n = 1; n <= HV_FEW_ROWS; n++)
	{
		double worst = 0;

		for (size_t i = 0; i < nsizes; i++)
			for (size_t j = 0; j < nsizes; j++)
				for (int add = 0; add < 2; add++)
					worst = fmax(worst, difference(&blas, n, sizes[i], sizes[j], add));
		ok(worst < 5e-5, "%zu rows: off by %.1e at most", n, worst);
	}
	y[0] = 5;
	hv_linear_forward(&blas, y, 1, x, 1, w, 1, 0, 1, false);
	ok(y[0] == 0, "a product over nothing is 0");
	hv_linear_forward(&blas, y, 1, x, 1, w, 0, 4, 1, false);
	ok(y[0] == 0, "no rows, nothing done");
	return done_testing();
}
