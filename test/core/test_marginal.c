/*
 * test_marginal.c: the outputs under which a head is its column's marginal distribution, and the
 * units of densities.
 */
#include "head_fixture.h"

static void
number_marginals(void)
{
	HvColumn real = test_column(HV_REAL, 1, 0), positive = real;
	HvColumn count = test_column(HV_COUNT, 1, 0);
	HvReal o[1], s[1];

	real.center = 3;
	real.scale = 2;
	hv_likelihood(&real, false)->marginal(&real, o, s);
	ok(near(o[0], 0.5, 1e-6) && near(s[0], log(6.25) > 2 ? 2 : log(6.25), 1e-6),
	   "gaussian: mean and sd, encoded");
	real.sd = 0;
	hv_likelihood(&real, false)->marginal(&real, o, s);
	ok(s[0] == -7, "gaussian: no spread ends at the clamp");

	/* log(v + 1) uniform on [0, 2]: mean 1, variance 1/3 */
	positive.transform = HV_LOG;
	positive.shift = 1;
	positive.center = 0.5;
	positive.scale = 2;
	for (int i = 0; i < HV_QUANTILES; i++)
		positive.quantiles[i] = expm1(2.0 * i / (HV_QUANTILES - 1));
	hv_likelihood(&positive, false)->marginal(&positive, o, s);
	ok(near(o[0], 0.25, 1e-6) && near(s[0], log(1.0 / 12), 1e-6), "gaussian of a logarithm");

	hv_likelihood(&count, false)->marginal(&count, o, s);
	ok(near(o[0], log(4), 1e-6) && near(s[0], log(16.0 / 21), 1e-6), "negative binomial: moments");
	count.sd = 1;
	hv_likelihood(&count, false)->marginal(&count, o, s);
	ok(near(s[0], log(1e4), 1e-6), "negative binomial: under-dispersed is Poisson");
	count.mean = count.sd = 0;
	hv_likelihood(&count, false)->marginal(&count, o, s);
	ok(isfinite(o[0]) && isfinite(s[0]), "negative binomial: all zero");
}

static void
level_marginals(void)
{
	HvColumn real = test_column(HV_REAL, 1, 0), level = test_column(HV_ORDINAL, 1, 5);
	HvColumn category = test_column(HV_CATEGORICAL, 5, 5), binary = test_column(HV_BINARY, 1, 2);
	HvReal o[5] = {0}, s[4] = {0}, mean[5];
	HvHead head = {.column = &category, .n = 1, .o = o};

	hv_likelihood(&level, false)->marginal(&level, o, s);
	for (int k = 0; k < 5; k++)
	{
		HvReal x = (HvReal) ((k - level.center) / level.scale);

		ok(near(exp(-nll_of(&level, false, &x, o, s)), test_shares[k], 1e-5), "ordinal: share %d",
		   k);
	}

	hv_likelihood(&category, false)->marginal(&category, o, s);
	hv_likelihood(&category, false)->mean(&head, mean, 5);
	ok(near(mean[0], 0.5, 1e-6) && near(mean[4], 0.05, 1e-6), "categorical: shares");

	hv_likelihood(&binary, false)->marginal(&binary, o, s);
	ok(near(o[0], log(0.1 / 0.9), 1e-6), "bernoulli: share of the second level");
	binary.level_shares = (double[]){1, 0};
	hv_likelihood(&binary, false)->marginal(&binary, o, s);
	ok(near(o[0], log(1e-4 / (1 - 1e-4)), 1e-5), "bernoulli: a level never seen");

	real.scale = 10;
	hv_likelihood(&real, true)->marginal(&real, o, s);
	ok(near(o[0], log(0.4 / 0.6), 1e-6), "seed: a number's mean");
	hv_likelihood(&category, true)->marginal(&category, o, s);
	ok(near(o[2], log(0.25 / 0.75), 1e-6), "seed: a level's share");
}

static void
jacobians(void)
{
	HvColumn real = test_column(HV_REAL, 1, 0), level = test_column(HV_ORDINAL, 1, 3);
	HvColumn count = test_column(HV_COUNT, 1, 0);
	double v = 7, h = 1e-5, derivative;

	real.center = 2;
	real.scale = 4;
	ok(near(hv_log_jacobian(&real, 1), -log(4), 1e-12), "a scaled number");
	real.transform = HV_LOG;
	real.shift = 0.5;
	derivative = (log(v + h + 0.5) - log(v - h + 0.5)) / (2 * h) / 4;
	ok(near(hv_log_jacobian(&real, (log(v + 0.5) - 2) / 4), log(derivative), 1e-8),
	   "a scaled logarithm");
	ok(hv_log_jacobian(&level, 1) == 0 && hv_log_jacobian(&count, 1) == 0, "levels and counts");
}

int
main(void)
{
	number_marginals();
	level_marginals();
	jacobians();
	return done_testing();
}
