/* Words given numbers and words: the plan, the fit to a known law, draws, missing cells, the limits. */
#include <math.h>

#include "choice.h"
#include "hv_columns.h"
#include "hv_test.h"
#include "rng.h"

#define N 20000
#define COLUMNS 4

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];
static HvSchema schema = {.columns = columns, .ncolumns = COLUMNS, .nstages = 2};

/* Standard normal number a, word w ("no", "yes"), number b, levels l: the order of choice is a, b, w, l. */
enum
{
	A,
	W,
	B,
	L
};

static double
logistic(double x)
{
	return 1 / (1 + exp(-x));
}

/* Log odds of "yes": flat below 0, then steep. */
static double
odds_of_yes(double a, double b)
{
	return -2 + 3 * fmax(0, a) - 0.5 * b;
}

/* Of the levels over level 0. */
static double
odds_of_level(uint32_t level, double a, bool yes)
{
	return level == 0 ? 0 : level == 1 ? 0.5 * a : -1 + 2.0 * yes;
}

static void
make_record(size_t r, HvReal *record)
{
	HvReal e[2];
	double u = hv_uniform(1, HV_STREAM(HV_RNG_USE, 1), 2 * r), v, sum = 0;
	bool yes;
	uint32_t level = 0;

	hv_normals(1, HV_STREAM(HV_RNG_USE, 2), 2 * r, e, 2);
	yes = u < logistic(odds_of_yes((double) e[0], (double) e[1]));
	for (uint32_t k = 0; k < 3; k++)
		sum += exp(odds_of_level(k, (double) e[0], yes));
	v = sum * hv_uniform(1, HV_STREAM(HV_RNG_USE, 1), 2 * r + 1);
	for (; level < 2 && v >= exp(odds_of_level(level, (double) e[0], yes)); level++)
		v -= exp(odds_of_level(level, (double) e[0], yes));
	for (uint32_t j = 0; j < COLUMNS; j++)
		record[columns[j].m_at] = 1;
	record[columns[A].x_at] = e[0];
	record[columns[B].x_at] = e[1];
	record[columns[W].x_at] = yes;
	record[columns[L].x_at] = (HvReal) level;
	if (r % 5 == 0)
		record[columns[B].m_at] = record[columns[B].x_at] = 0;
	if (r % 7 == 0)
		record[columns[W].m_at] = record[columns[W].x_at] = 0;
}

/* The share of draws of column j that are `level`, given the cells of a record. */
static double
share(const HvChoice *choice, const HvChoicePlan *plan, uint32_t j, uint32_t level, double a,
      double b, bool yes)
{
	HvReal record[16] = {0};
	float features[32];
	int n = 1000, found = 0;

	record[columns[A].x_at] = (HvReal) a;
	record[columns[B].x_at] = (HvReal) b;
	record[columns[W].x_at] = yes;
	for (uint32_t i = 0; plan->order[i] != j; i++)
	{
		uint32_t at = plan->first[plan->order[i]];
		uint32_t width = hv_choice_features(&columns[plan->order[i]], record, features + at);

		for (uint32_t f = 0; f < width; f++)
			features[at + f] -= choice->center[at + f];
	}
	for (int i = 0; i < n; i++)
		found += hv_choose(choice, plan, &columns[j], j, features, (i + 0.5) / n) == level;
	return (double) found / n;
}

static void
fitted(const HvReal *records)
{
	HvChoicePlan plan;
	HvChoice choice;

	ok(hv_choice_plan(&plan, &schema, &arena) == HV_OK && plan.order[0] == A &&
	       plan.order[1] == B && plan.order[2] == W && plan.order[3] == L,
	   "numbers first, whatever their stage");
	ok(plan.first[W] == 8 && plan.first[L] == 9 && plan.width == 12 && plan.weights == 9 + 2 * 10,
	   "features of two numbers, of the word and of three levels: %u, %zu weights", plan.width,
	   plan.weights);
	ok(hv_choice_fit(&choice, &schema, &blas, records, N, NULL, &arena) == HV_OK &&
	       choice.width == plan.width && choice.weights == plan.weights,
	   "a fit");
	for (int i = -2; i <= 2; i++)
	{
		double p = logistic(odds_of_yes(i, 1)), found = share(&choice, &plan, W, 1, i, 1, false);

		ok(fabs(found - p) < 0.04, "yes at a = %d: %.3f, found %.3f", i, p, found);
	}
	for (int yes = 0; yes <= 1; yes++)
	{
		double p = exp(odds_of_level(2, 1, yes)) /
		           (1 + exp(odds_of_level(1, 1, yes)) + exp(odds_of_level(2, 1, yes)));
		double found = share(&choice, &plan, L, 2, 1, 0, yes);

		ok(fabs(found - p) < 0.04, "level 2 after %s: %.3f, found %.3f", yes ? "yes" : "no", p,
		   found);
	}
}

/* Without a number, without rows, with too many levels: no choices, or fewer. */
static void
limits(const HvReal *records)
{
	HvChoicePlan plan;
	HvChoice choice;

	ok(hv_choice_fit(&choice, &schema, &blas, records, 0, NULL, &arena) == HV_OK &&
	       choice.width == 0,
	   "no rows, no choices");
	columns[L].nlevels = HV_MOST_CHOICE + 1;
	ok(!hv_is_choice(&columns[L]) && hv_is_choice(&columns[W]), "too many levels to choose from");
	columns[L].nlevels = 3;
	for (int i = 0; i < 2; i++)
		columns[i == 0 ? W : L].kind = HV_REAL;
	ok(hv_choice_plan(&plan, &schema, &arena) == HV_OK && !hv_choice_able(&plan),
	   "numbers alone have none");
}

int
main(void)
{
	HvReal *records;

	arena = test_arena();
	blas = test_blas();
	columns[A] = settled_column("a", HV_REAL, 0);
	columns[W] = settled_column("w", HV_BINARY, 0);
	columns[B] = settled_column("b", HV_REAL, 1);
	columns[L] = settled_column("l", HV_ORDINAL, 1);
	ok(hv_schema_layout(&schema) == HV_OK && schema.width <= 16, "a schema");
	records = hv_new(&arena, HvReal, N, schema.width);
	for (size_t r = 0; r < N; r++)
		make_record(r, records + r * schema.width);
	fitted(records);
	limits(records);
	return done_testing();
}
