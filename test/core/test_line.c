/*
 * test_line.c: slopes out of a precision matrix, and the ridge towards the guideline.
 *
 * One outcome, y = .3 a - .1 b + noise, over two actions with correlation .6; all standardised.
 */
#include "hv_columns.h"

#include "evidence.h"
#include "line.h"

#define R 0.6
#define A 0.3
#define B (-0.1)

static HvColumn columns[3];
static const uint32_t actions[2] = {0, 1}, outcomes[1] = {2};
static HvArena arena;
static double answer[4][2];
static float precision[6], mean[3], scale[3] = {1, 2, 4};

/* Its precision: X'X^-1 of the actions and the regression of y on them. */
static double
make_precision(void)
{
	double residual = 1 - (A * A + B * B + 2 * A * B * R), q = 1 / (1 - R * R);

	precision[0] = (float) (q + A * A / residual);
	precision[1] = (float) (-R * q + A * B / residual);
	precision[2] = (float) (q + B * B / residual);
	precision[3] = (float) (-A / residual);
	precision[4] = (float) (-B / residual);
	precision[5] = (float) (1 / residual);
	return residual;
}

static bool
fit(double rows, int way_a, int way_b, int better)
{
	HvCopula copula = {.width = 3, .mean = mean, .scale = scale, .precision = precision};
	HvSchema schema = {.ncolumns = 3, .columns = columns};
	const int way[2] = {way_a, way_b};
	HvLines lines = {.copula = &copula,
	                 .schema = &schema,
	                 .rows = rows,
	                 .nactions = 2,
	                 .noutcomes = 1,
	                 .actions = actions,
	                 .outcomes = outcomes,
	                 .way = way,
	                 .better = &better,
	                 .slope = answer[0],
	                 .sd = answer[1],
	                 .guided = answer[2],
	                 .guided_sd = answer[3]};

	return hv_lines_fit(&lines, &arena);
}

/* What the ridge minimises, in standardised units. */
static double
objective(double a, double b, double rows, double residual, int sign_a, int sign_b)
{
	double x = a - A, y = b - B, variance = residual / (1 - R * R) / rows;
	double spread_a = pow(HV_EXPECTED_SD, 2) + fmax(0, A * A - variance);
	double spread_b = pow(HV_EXPECTED_SD, 2) + fmax(0, B * B - variance);

	return rows / residual * (x * x + y * y + 2 * R * x * y) +
	       pow(a - sign_a * HV_EXPECTED, 2) / spread_a +
	       pow(b - sign_b * HV_EXPECTED, 2) / spread_b;
}

static void
check_least_squares(double residual)
{
	ok(fit(1000, 1, 1, 0), "a line without a guideline");
	ok(near(answer[0][0], 4 * A, 1e-5) && near(answer[0][1], 2 * B, 1e-5), "slopes in units");
	ok(near(answer[1][0], 4 * sqrt(residual / (1 - R * R) / 1000), 1e-5), "standard error");
	ok(near(answer[2][0], answer[0][0], 1e-4) && near(answer[2][1], answer[0][1], 1e-4) &&
	       near(answer[3][0], answer[1][0], 1e-5),
	   "guided by nothing it is the same");
}

/* Against a grid: the least of the objective where signs hold. */
static void
check_bounds(double rows, double residual, int sign_a, int sign_b)
{
	double least = INFINITY, a = 0, b = 0;

	for (int i = 0; i <= 1000; i++)
		for (int j = 0; j <= 1000; j++)
		{
			double value =
				objective(sign_a * i * 5e-4, sign_b * j * 5e-4, rows, residual, sign_a, sign_b);

			if (value < least)
			{
				least = value;
				a = sign_a * i * 5e-4;
				b = sign_b * j * 5e-4;
			}
		}
	ok(fit(rows, -sign_a, -sign_b, -1), "%.0f rows, signs %+d %+d", rows, sign_a, sign_b);
	ok(near(answer[2][0] / 4, a, 6e-4) && near(answer[2][1] / 2, b, 6e-4),
	   "the ridge's minimum: %.4f %.4f, not %.4f %.4f", a, b, answer[2][0] / 4, answer[2][1] / 2);
	ok(near(answer[0][0], 4 * A, 1e-5) && near(answer[0][1], 2 * B, 1e-5),
	   "what the data say stays as it was");
	ok(answer[3][0] > 0 && answer[3][0] < answer[1][0], "it is known better");
}

int
main(void)
{
	double residual = make_precision();

	arena = test_arena();
	for (int j = 0; j < 3; j++)
		columns[j] = settled_column(j == 0 ? "a" : j == 1 ? "b" : "y", HV_REAL, j == 2);
	columns[0].role = columns[1].role = HV_ACTION;
	columns[2].role = HV_OUTCOME;
	check_least_squares(residual);
	check_bounds(1000, residual, 1, 1);
	check_bounds(1000, residual, 1, -1);
	check_bounds(1000, residual, -1, -1);
	check_bounds(30, residual, 1, 1);
	check_bounds(30, residual, -1, 1);
	ok(!fit(0, 1, 1, 1), "no rows, no line");
	return done_testing();
}
