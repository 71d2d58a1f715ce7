/* Normal scores: knots, points of mass, both ways back, the slope; the normal distribution. */
#include <math.h>
#include <stdlib.h>

#include "hv_columns.h"
#include "hv_test.h"
#include "scores.h"

static HvArena arena;

static HvColumn
column_with(const HvTally *tally, size_t n)
{
	HvColumn column = column_of("x", HV_CELL_NUMBER);

	column.kind = HV_REAL;
	ok(hv_scores_make(&column, tally, n, &arena) == HV_OK, "knots of %zu values", n);
	return column;
}

static void
normal_distribution(void)
{
	double worst = 0;

	for (double p = 1e-6; p < 1; p += 0.000999)
		worst = fmax(worst, fabs(hv_normal_cdf(hv_normal_quantile(p)) - p));
	ok(worst < 1e-13, "quantile and distribution function are inverse: %g", worst);
	ok(fabs(hv_normal_quantile(0.975) - 1.959963984540054) < 1e-12, "1.96");
	ok(fabs(hv_normal_quantile(1e-9) + 5.997807015008186) < 1e-9, "far in the tail");
}

/* The example at the head of scores.c. */
static void
example(void)
{
	const HvTally tally[] = {{0, 3}, {2, 1}, {5, 1}};
	HvColumn column = column_with(tally, 3);

	ok(column.nknots == 3 && column.transform == HV_SCORES, "three knots");
	ok(fabs(hv_score(&column, 0) - hv_normal_quantile(0.3)) < 1e-6,
	   "the middle of a point of mass");
	ok(fabs(hv_score(&column, 1)) < 1e-3, "halfway between two knots");
	ok(hv_quantile_value(&column, -0.1) == 0 && hv_quantile_value(&column, 0.3) == 2 &&
	       hv_quantile_value(&column, 3) == 5 && hv_quantile_value(&column, -7) == 0,
	   "the quantile function returns points of mass");
	ok(hv_unscore(&column, -7) < 0 && hv_unscore(&column, 3) > 5, "the smooth way back goes on");
	ok(fabs(hv_score(&column, hv_unscore(&column, 2.5)) - 2.5) < 1e-6 &&
	       fabs(hv_score(&column, hv_unscore(&column, -4)) + 4) < 1e-6,
	   "beyond the ends, too, the two are inverse");
}

static int
compare(const void *a, const void *b)
{
	double x = ((const HvTally *) a)->value, y = ((const HvTally *) b)->value;

	return x < y ? -1 : x > y;
}

static void
smooth(void)
{
	enum
	{
		N = 5000
	};
	HvTally *tally = calloc(N, sizeof(HvTally));
	HvColumn column;
	double worst = 0, mass = 0, slope = 0;
	uint32_t at = 0;
	bool same = true;

	for (size_t i = 0; i < N; i++)
		tally[i] = (HvTally){exp(hv_normal_quantile((i + 0.5) / N)), 1};
	qsort(tally, N, sizeof(HvTally), compare);
	column = column_with(tally, N);
	ok(column.nknots > 128 && column.nknots <= HV_MAX_KNOTS, "%u knots", column.nknots);
	ok(fabs(column.center) < 1e-2 && fabs(column.scale - 1) < 1e-2, "mean 0, variance 1");
	for (double x = -3; x < 3; x += 0.01)
	{
		double h = 1e-6, v = hv_unscore(&column, x);

		worst = fmax(worst, fabs(hv_score(&column, v) - x));
		same = same && hv_unscore_near(&column, x, &at) == v &&
		       hv_unscore_near(&column, -x * x, &at) == hv_unscore(&column, -x * x);
		slope = fmax(
			slope,
			fabs((hv_unscore(&column, x + h) - v) / h / hv_score_slope(&column, x + h / 2) - 1));
		/* density of the values: that of the scores over the slope; its sum is 1 */
		mass += exp(-x * x / 2) / 2.5066282746 / hv_score_slope(&column, x) *
		        (hv_unscore(&column, x + 0.01) - v);
	}
	ok(worst < 1e-6, "score and unscore are inverse: %g", worst);
	ok(same, "one score after the other gives the same, near and far");
	ok(slope < 0.5, "slope is the derivative (knots apart): %g", slope);
	ok(fabs(mass - 1) < 0.01, "density sums to 1: %g", mass);
	ok(fabs(hv_score(&column, exp(1.5)) - 1.5) < 0.01, "log-normal numbers become normal");
	free(tally);
}

int
main(void)
{
	arena = test_arena();
	normal_distribution();
	example();
	smooth();
	return done_testing();
}
