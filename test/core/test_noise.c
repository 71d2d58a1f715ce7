/* Cells from normal numbers and back, draws within bounds, and correlations of what is half known. */
#include <math.h>

#include "dense.h"
#include "hv_columns.h"
#include "hv_test.h"
#include "noise.h"
#include "rng.h"
#include "scores.h"

#define N 4000
#define WIDTH 4

static HvArena arena;

/* Three levels of probabilities .5, .3, .2, and a number 10 ± 2. */
static void
cells(void)
{
	HvColumn category = settled_column("category", HV_CATEGORICAL, 0);
	HvColumn number = settled_column("number", HV_REAL, 0);
	HvReal o[3] = {(HvReal) log(0.5), (HvReal) log(0.3), (HvReal) log(0.2)}, x[3];
	HvReal mean = 10, scale = (HvReal) (2 * log(2));
	HvHead head = {.column = &category, .n = 1, .o = o};
	float low, high;

	category.width = 3;
	hv_noise_cell(&head, -1, x);
	ok(x[0] == 1 && x[1] == 0 && x[2] == 0, "Phi(-1) = .16 is the first level");
	hv_noise_cell(&head, 0.5, x);
	ok(x[0] == 0 && x[1] == 1 && x[2] == 0, "Phi(.5) = .69 the second");
	hv_noise_range(&head, x, &low, &high);
	ok(near(low, 0, 1e-4) && near(high, hv_normal_quantile(0.8), 1e-4), "between %.3f and %.3f",
	   (double) low, (double) high);
	hv_noise_cell(&head, 3, x);
	hv_noise_range(&head, x, &low, &high);
	ok(x[2] == 1 && high == HV_NOISE_MOST, "the last has no end");
	head = (HvHead){.column = &number, .n = 1, .o = &mean, .scale = &scale};
	hv_noise_cell(&head, 1.5, x);
	hv_noise_range(&head, x, &low, &high);
	ok(near(x[0], 13, 1e-5) && low == high && near(low, 1.5, 1e-5), "a number is known: %.3f",
	   (double) x[0]);
	number.kind = HV_EMBEDDING;
	ok(!hv_has_noise(&number) && hv_has_noise(&category), "vectors have none");
}

static void
within(void)
{
	double sum = 0, least = INFINITY, most = -INFINITY;

	for (int i = 0; i < 1000; i++)
	{
		double e = hv_noise_within(0, 1, 1, HV_NOISE_MOST, (i + 0.5) / 1000);

		sum += e / 1000;
		least = fmin(least, e);
		most = fmax(most, e);
	}
	/* phi(1) / (1 - Phi(1)) */
	ok(near(sum, 1.5251, 0.01) && least >= 1 && most < 5, "the mean beyond 1 is %.3f", sum);
	for (int side = -1; side <= 1; side += 2)
	{
		double e = hv_noise_within(side * 30, 0.5, side > 0 ? -2 : 1, side > 0 ? -1 : 2, 0.5);

		ok(e >= (side > 0 ? -2 : 1) && e <= (side > 0 ? -1 : 2), "nowhere near the mean: %.3f", e);
	}
	ok(hv_noise_within(5, 1, 0.25, 0.25, 0.9) == 0.25, "what is known stays");
}

/* Correlations .8, .5 and none; the second is cut into two levels, the third into three. */
static void
correlate(void)
{
	float *low = hv_new(&arena, float, N, WIDTH), *high = hv_new(&arena, float, N, WIDTH);
	float *r = hv_new(&arena, float, WIDTH, WIDTH), *again = hv_new(&arena, float, WIDTH, WIDTH);
	size_t pairs = WIDTH * (WIDTH + 1) / 2;

	for (size_t i = 0; i < N; i++)
	{
		float *l = low + i * WIDTH, *h = high + i * WIDTH;
		double e[WIDTH];
		HvReal u[WIDTH];

		hv_normals(3, HV_STREAM(HV_RNG_USE, 0), i * WIDTH, u, WIDTH);
		e[0] = u[0];
		e[1] = 0.8 * e[0] + 0.6 * u[1];
		e[2] = 0.5 * e[0] + sqrt(0.75) * u[2];
		e[3] = 3 * u[3]; /* of another spread: correlations do not mind */
		l[0] = h[0] = (float) e[0];
		l[1] = e[1] > 0.8 ? 0.8f : -HV_NOISE_MOST;
		h[1] = e[1] > 0.8 ? HV_NOISE_MOST : 0.8f;
		l[2] = e[2] > 1 ? 1 : e[2] > -0.5 ? -0.5f : -HV_NOISE_MOST;
		h[2] = e[2] > 1 ? HV_NOISE_MOST : e[2] > -0.5 ? 1 : -0.5f;
		l[3] = h[3] = (float) e[3];
		if (i % 5 == 0)
		{
			l[i / 5 % WIDTH] = -HV_NOISE_MOST;
			h[i / 5 % WIDTH] = HV_NOISE_MOST;
		}
	}
	ok(hv_noise_correlate(low, high, N, WIDTH, NULL, &arena, r) == HV_OK &&
	       hv_noise_correlate(low, high, N, WIDTH, NULL, &arena, again) == HV_OK,
	   "correlations");
	ok(memcmp(r, again, pairs * sizeof(float)) == 0, "the same rows, the same correlations");
	ok(near(r[hv_triangle(1, 0)], 0.8, 0.06), "a number and two levels: %.3f",
	   (double) r[hv_triangle(1, 0)]);
	ok(near(r[hv_triangle(2, 0)], 0.5, 0.05), "a number and three: %.3f",
	   (double) r[hv_triangle(2, 0)]);
	ok(near(r[hv_triangle(2, 1)], 0.4, 0.07), "levels and levels: %.3f",
	   (double) r[hv_triangle(2, 1)]);
	ok(fabsf(r[hv_triangle(3, 0)]) < 0.05f && fabsf(r[hv_triangle(3, 2)]) < 0.06f,
	   "and none: %.3f %.3f", (double) r[hv_triangle(3, 0)], (double) r[hv_triangle(3, 2)]);
	ok(r[hv_triangle(2, 2)] == 1, "1 with itself");
}

int
main(void)
{
	arena = test_arena();
	cells();
	within();
	correlate();
	return done_testing();
}
