/*
 * test_elementwise.c: the fast kernels against libm in double, over the whole range that occurs and
 * at lengths that leave a rest after the last whole vector; and what one element costs.
 */
#include "adam.h"
#include "elementwise.h"
#include "hv_test.h"

#define N 4001

typedef void (*Kernel)(HvReal *y, const HvReal *x, size_t n);

static HvReal x[N], y[N], z[N];

static double
sigmoid(double v)
{
	return 1 / (1 + exp(-v));
}

static double
softplus(double v)
{
	return v > 0 ? v + log1p(exp(-v)) : log1p(exp(v));
}

/* -100 … 100, where float's exp under- and overflows at -87 and 88. */
static void
fill_range(void)
{
	for (size_t i = 0; i < N; i++)
		x[i] = (HvReal) (((double) i - N / 2) * 0.05);
}

static void
check_function(const char *name, Kernel kernel, double (*exact)(double), double most)
{
	double worst = 0;
	bool finite = true, rests = true, in_place;

	fill_range();
	kernel(y, x, N);
	for (size_t i = 0; i < N; i++)
	{
		double want = exact(fmax(-87, fmin(most, x[i])));

		finite = finite && isfinite(y[i]);
		worst = fmax(worst, fabs(y[i] - want) / want);
	}
	for (size_t n = 0; n < 40; n++)
	{
		memset(z, 0, sizeof(z));
		kernel(z, x + 1990, n);
		for (size_t i = 0; i < n; i++)
			rests = rests && near(z[i], exact(x[1990 + i]), 1e-6);
		rests = rests && z[n] == 0;
	}
	memcpy(z, x, sizeof(z));
	kernel(z, z, N);
	in_place = memcmp(z, y, sizeof(z)) == 0;
	ok(finite && worst < 2e-6, "%s: relative error %.1e", name, worst);
	ok(rests, "%s: lengths 0 to 39", name);
	ok(in_place, "%s: in place", name);
}

static void
relu(void)
{
	bool forward = true, backward = true;
	HvReal sum[2] = {1, 0};
	size_t positive[2] = {0, 0};

	fill_range();
	memcpy(y, x, sizeof(y));
	hv_relu(y, N);
	for (size_t i = 0; i < N; i++)
	{
		forward = forward && y[i] == (x[i] > 0 ? x[i] : 0);
		z[i] = 7;
	}
	hv_relu_backward(z, y, sum, N / 2, 2);
	for (size_t i = 0; i < N / 2 * 2; i++)
	{
		backward = backward && z[i] == (x[i] > 0 ? 7 : 0);
		positive[i % 2] += x[i] > 0;
	}
	ok(forward, "relu");
	ok(backward, "relu, backward");
	ok(sum[0] == 1 + 7 * positive[0] && sum[1] == 7 * positive[1], "and the sums of the columns");
}

static void
rows(void)
{
	/* 3 rows of 2, 4 apart */
	HvReal m[12] = {1, -5, 9, 9, 2, -6, 9, 9, 3, 40, 9, 9};
	const HvReal bias[2] = {10, 4};
	HvReal sum[3] = {100, 0, 9};

	hv_add_bias(m, 4, bias, 3, 2, 0);
	ok(m[0] == 11 && m[1] == -1 && m[4] == 12 && m[5] == -2 && m[8] == 13 && m[9] == 44, "bias");
	ok(m[2] == 9 && m[3] == 9 && m[11] == 9, "and nothing between the rows");
	hv_add_bias(m, 4, bias, 3, 2, 1);
	ok(m[0] == 21 && m[1] == 3 && m[5] == 2 && m[9] == 48, "bias and relu");
	m[1] = -50;
	hv_add_bias(m, 4, bias, 1, 2, 1);
	ok(m[1] == 0, "which cuts at 0");
	hv_sum_rows(sum, m, 4, 3, 2);
	ok(sum[0] == 100 + 31 + 22 + 23 && sum[1] == 0 + 2 + 48 && sum[2] == 9,
	   "column sums are added");
}

/* Latent 5, 3 rows, one logvar beyond each clamp. */
static void
reparametrise(void)
{
	HvReal code[30], noise[15], latent[15], kl[3] = {1, 0, 0};
	bool good = true, kl_good = true;

	for (int i = 0; i < 30; i++)
		code[i] = (HvReal) (0.3 * (i % 7) - 1);
	for (int i = 0; i < 15; i++)
		noise[i] = (HvReal) (0.5 * (i % 5) - 1);
	code[5] = -20;
	code[16] = 20;
	hv_reparametrise(code, noise, latent, kl, 3, 5);
	ok(code[5] == HV_LOGVAR_MIN && code[16] == HV_LOGVAR_MAX, "logvar is clamped in place");
	for (int r = 0; r < 3; r++)
	{
		double sum = r == 0 ? 1 : 0;

		for (int j = 0; j < 5; j++)
		{
			double mu = code[r * 10 + j], lv = code[r * 10 + 5 + j];

			good = good && near(latent[r * 5 + j], mu + exp(lv / 2) * noise[r * 5 + j], 1e-6);
			sum += 0.5 * (mu * mu + exp(lv) - 1 - lv);
		}
		kl_good = kl_good && near(kl[r], sum, 1e-6);
	}
	ok(good, "z = mu + sigma * noise");
	ok(kl_good, "KL to the standard normal, added to what was there");
}

/* Gradients and moments around the smallest normal number, where -ffast-math would make NaN. */
static void
small_moments(void)
{
	const double sizes[] = {0, 1e-45, 1e-42, 1e-38, 1e-30, 1e-25, 1e-20, 1e-10, 1, 1e10};
	enum
	{
		SIZES = sizeof(sizes) / sizeof(sizes[0]),
		COUNT = SIZES * 3
	};
	HvReal p[COUNT], g[COUNT], m[COUNT], v[COUNT];
	bool finite = true, normal = true, bounded = true;

	for (int i = 0; i < COUNT; i++)
	{
		p[i] = 1;
		g[i] = (HvReal) (i % 2 == 0 ? sizes[i % SIZES] : -sizes[i % SIZES]);
		m[i] = (HvReal) (i < SIZES ? sizes[i % SIZES] : 0);
		v[i] = (HvReal) (i < SIZES ? sizes[i % SIZES] : 0);
	}
	for (int step = 0; step < 2000; step++)
	{
		hv_adam_update(p, g, m, v, COUNT, (HvReal) 1e-3, (HvReal) 0.9, (HvReal) 0.999,
		               (HvReal) 1e-8, 1, 1, 0);
		if (step == 9)
			memset(g, 0, sizeof(g));
	}
	for (int i = 0; i < COUNT; i++)
	{
		finite = finite && isfinite(p[i]) && isfinite(m[i]) && isfinite(v[i]);
		normal = normal && fpclassify(m[i]) != FP_SUBNORMAL && fpclassify(v[i]) != FP_SUBNORMAL;
		bounded = bounded && fabs(p[i] - 1) < 2000;
	}
	ok(finite && bounded, "adam: gradients from 1e-45 to 1e10 stay finite");
	ok(normal, "adam: moments that fade end at 0, not as denormal numbers");
}

static void
cost(const char *name, Kernel kernel)
{
	double best = 1;

	fill_range();
	for (int round = 0; round < 20; round++)
	{
		double start = test_seconds();

		for (int i = 0; i < 10; i++)
			kernel(y, x, 4000);
		best = fmin(best, (test_seconds() - start) / 40000);
	}
	note("%s %.2f ns an element", name, best * 1e9);
}

static void
as_relu(HvReal *out, const HvReal *in, size_t n)
{
	(void) in;
	hv_relu(out, n);
}

static void
as_reparametrise(HvReal *out, const HvReal *in, size_t n)
{
	static HvReal code[2 * 4000], kl[4000];

	hv_reparametrise(code, in, out, kl, n / 16, 16);
}

static void
as_adam(HvReal *out, const HvReal *in, size_t n)
{
	static HvReal m[4000], v[4000];

	hv_adam_update(out, in, m, v, n, (HvReal) 1e-3, (HvReal) 0.9, (HvReal) 0.999, (HvReal) 1e-8,
	               (HvReal) 0.5, (HvReal) 0.5, 0);
}

int
main(void)
{
	check_function("sigmoid", hv_sigmoid, sigmoid, 100);
	check_function("exp", hv_exp, exp, 87);
	check_function("softplus", hv_softplus, softplus, 100);
	relu();
	rows();
	reparametrise();
	small_moments();
	cost("sigmoid", hv_sigmoid);
	cost("exp", hv_exp);
	cost("softplus", hv_softplus);
	cost("relu", as_relu);
	cost("reparametrise", as_reparametrise);
	cost("adam", as_adam);
	return done_testing();
}
