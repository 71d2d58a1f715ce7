/*
 * test_regress.c: least squares against a case worked by hand, against the truth on made data (and
 * how often its standard errors cover it), and on what it must refuse.
 */
#include "hv_test.h"
#include "regress.h"
#include "rng.h"

/* y = 2 + 3 x1 - 0.001 x2 + noise, with x2 a thousand times as large; returns hits of ±1.96 sd. */
static int
covered(uint64_t seed, double *b)
{
	enum
	{
		N = 200,
		P = 3
	};
	static const double truth[P] = {2, 3, -0.001};
	double x[N * P], y[N], work[P * (P + 2)], sd[P];
	int hits = 0;

	for (uint32_t i = 0; i < N; i++)
	{
		double u = hv_uniform(seed, i, 0), v = hv_uniform(seed, i, 1);

		x[i * P] = 1;
		x[i * P + 1] = u;
		x[i * P + 2] = 1000 * (v + 0.5 * u);
		y[i] =
			truth[0] + truth[1] * u + truth[2] * x[i * P + 2] +
			sqrt(-2 * log(1 - hv_uniform(seed, i, 2))) * cos(6.283185307 * hv_uniform(seed, i, 3));
	}
	if (hv_least_squares(N, P, x, y, work, b, sd) != HV_OK)
		return -1000;
	for (int j = 0; j < P; j++)
		hits += fabs(b[j] - truth[j]) < 1.96 * sd[j];
	return hits;
}

int
main(void)
{
	/* the example at the top of regress.c with one more observation: residuals ±0.5 */
	double x[] = {1, -2000, 1, -1000, 1, 0, 1, 1000}, y[] = {-5.5, -2, 0.5, 2};
	double work[8], b[3], sd[3], mean[3] = {0};
	int hits = 0;

	ok(hv_least_squares(4, 2, x, y, work, b, sd) == HV_OK, "four observations, two unknowns");
	ok(near(b[1], 0.0025, 1e-12) && near(b[0], 0, 1e-12), "coefficients");
	/* s2 = (4 × 0.25) / 2; (X'X)^-1 = [6e6 2000; 2000 4] / 2e7 */
	ok(near(sd[0], sqrt(0.5 * 0.3), 1e-12) && near(sd[1] * 1000, sqrt(0.5 * 0.2), 1e-12),
	   "standard errors");

	for (uint64_t seed = 1; seed <= 400; seed++)
	{
		double estimate[3];

		hits += covered(seed, estimate);
		for (int j = 0; j < 3; j++)
			mean[j] += estimate[j] / 400;
	}
	ok(hits > 0.92 * 1200 && hits < 0.98 * 1200, "95 %% intervals hold the truth in %.1f %%",
	   hits / 12.0);
	ok(near(mean[0], 2, 0.03) && near(mean[1], 3, 0.03) && near(mean[2] * 1000, -1, 0.03),
	   "unbiased");

	ok(hv_least_squares(2, 2, x, y, work, b, sd) == HV_NO_DATA, "as many unknowns as observations");
	{
		double twice[] = {1, 2, 1, 2, 1, 2, 1, 2}, zero[] = {1, 0, 1, 0, 1, 0, 1, 0};
		double bad[] = {1, 1, 1, NAN, 1, 3, 1, 4};

		ok(hv_least_squares(4, 2, twice, y, work, b, sd) == HV_NO_DATA, "collinear columns");
		ok(hv_least_squares(4, 2, zero, y, work, b, sd) == HV_NO_DATA, "a column of zeros");
		ok(hv_least_squares(4, 2, bad, y, work, b, sd) != HV_OK, "a value that is no number");
		ok(hv_least_squares(1000, 1000, x, y, work, b, sd) == HV_TOO_LARGE, "too many columns");
	}
	return done_testing();
}
