/*
 * test_adam.c: Adam against its formulas in double, its first step, decay, convergence, clipping.
 */
#include "adam.h"
#include "hv_test.h"

#define N 37

static HvArena arena;

static void
against_formulas(double decay)
{
	HvAdam adam;
	HvReal p[N], g[N];
	double q[N], m[N] = {0}, v[N] = {0};

	ok(hv_adam_init(&adam, &arena, N) == HV_OK && adam.t == 0, "init");
	adam.decay = (HvReal) decay;
	for (int i = 0; i < N; i++)
		q[i] = p[i] = (HvReal) sin(i);
	for (int t = 1; t <= 50; t++)
	{
		for (int i = 0; i < N; i++)
		{
			g[i] = (HvReal) (cos(i * t) * pow(10, i % 7 - 4));
			m[i] = 0.9 * m[i] + 0.1 * g[i];
			v[i] = 0.999 * v[i] + 0.001 * (double) g[i] * g[i];
			q[i] -= 0.01 * decay * q[i];
			q[i] -= 0.01 * (m[i] / (1 - pow(0.9, t))) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8);
		}
		hv_adam_step(&adam, p, g, (HvReal) 0.01);
	}
	ok(relative_error(p, q, N) < 2e-6, "50 steps, decay %g: relative error %.1e", decay,
	   relative_error(p, q, N));
	ok(adam.t == 50, "steps are counted");
}

static void
first_step(void)
{
	HvAdam adam;
	HvReal p[3] = {1, 1, 1};
	const HvReal g[3] = {(HvReal) 1e-3, -5, 0};

	hv_adam_init(&adam, &arena, 3);
	hv_adam_step(&adam, p, g, (HvReal) 0.5);
	ok(near(p[0], 0.5, 1e-4) && near(p[1], 1.5, 1e-6) && p[2] == 1,
	   "the first step is the learning rate, whatever the gradient's size");
}

/* (p - 3)^2 + 100 (q + 1)^2 */
static void
converges(void)
{
	HvAdam adam;
	HvReal p[2] = {0, 0};

	hv_adam_init(&adam, &arena, 2);
	for (int i = 0; i < 2000; i++)
	{
		HvReal g[2] = {2 * (p[0] - 3), 200 * (p[1] + 1)};

		hv_adam_step(&adam, p, g, (HvReal) 0.02);
	}
	ok(near(p[0], 3, 1e-3) && near(p[1], -1, 1e-3), "finds the minimum of a narrow valley");
}

static void
clipping(void)
{
	HvReal g[11] = {3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 12};

	ok(near(hv_clip_norm(g, 11, 20), 13, 1e-12) && g[0] == 3, "a short gradient stays");
	ok(near(hv_clip_norm(g, 11, 1.3), 13, 1e-12), "the norm before is returned");
	ok(near(g[0], 0.3, 1e-6) && near(g[8], 0.4, 1e-6) && near(g[10], 1.2, 1e-6),
	   "a long one is shortened");
	ok(hv_clip_norm(g, 0, 1) == 0, "an empty one has norm 0");
	memset(g, 0, sizeof(g));
	ok(hv_clip_norm(g, 11, 1) == 0 && g[0] == 0, "zeroes stay");
	g[5] = (HvReal) NAN;
	ok(isnan(hv_clip_norm(g, 11, 1)), "a NaN is reported");
}

int
main(void)
{
	HvArena small;
	HvAdam adam;

	arena = test_arena();
	against_formulas(0);
	against_formulas(0.1);
	first_step();
	converges();
	clipping();
	hv_arena_init(&small, test_more, NULL, 1000);
	ok(hv_adam_init(&adam, &small, 1000) == HV_NO_MEMORY, "init over the arena's limit");
	return done_testing();
}
