/*
 * test_rules.c: the rows of the table of safe intervals, and properties over random bounds: the
 * interval always holds the current value, and no target of a grid is ever outside it.
 */
#include "hv_test.h"
#include "rng.h"
#include "rules.h"

/* What a row of the table says for one person, and the interval that must come out. */
typedef struct Row
{
	const char *name;
	double current;
	double floor, cap; /* NONE, or NAN where the deciding field is missing */
	bool no_decrease, no_increase;
	double low, high;
} Row;

#define NONE HUGE_VAL

static const Row rows[] = {
	{"energy 2900", 2900, 1900, 1200, false, false, 1900, 2900},
	{"energy 1500", 1500, 1200, 1200, false, false, 1200, 1500},
	{"energy 1000: the way up to 1200", 1000, 1200, 1200, false, false, 1000, 1200},
	{"energy, BMI unknown", 2900, 1900, 1200, true, false, 2900, 2900},
	{"energy, BMI < 18.5", 1800, 1200, 2500, true, false, 1800, 2500},
	{"energy, BMI < 18.5, above 2500", 2700, 1700, 2500, true, false, 2700, 2700},
	{"sugar", 120, 20, NONE, false, true, 20, 120},
	{"sugar below the floor", 12, 20, NONE, false, true, 12, 12},
	{"saturated fat", 30, 5, NONE, false, true, 5, 30},
	{"sodium 3400", 3400, 1500, 1500, false, false, 1500, 3400},
	{"sodium 1000", 1000, 1500, 1500, false, false, 1000, 1500},
	{"fiber 15", 15, NONE, 35, true, false, 15, 35},
	{"fiber 30", 30, NONE, 45, true, false, 30, 45},
	{"fiber 60", 60, NONE, 45, true, false, 60, 60},
	{"potassium 2000", 2000, 3500, 3500, false, false, 2000, 3500},
	{"potassium 4000", 4000, 3500, 4700, false, false, 3500, 4700},
	{"potassium 5000", 5000, 3500, 4700, false, false, 3500, 5000},
	{"potassium, medication", 4000, 3500, NONE, false, true, 3500, 4000},
	{"alcohol", 14, 0, NONE, false, true, 0, 14},
	{"cigarettes, none", 0, 0, NONE, false, true, 0, 0},
	{"walking 100", 100, 840, 400, false, false, 100, 400},
	{"walking 700", 700, 840, 840, false, false, 700, 840},
	{"walking 1200", 1200, 840, 840, false, false, 840, 1200},
	{"vigorous 60", 60, 300, 210, false, false, 60, 210},
	{"vigorous, age unknown", 60, 300, NAN, false, false, 60, 60},
	{"sedentary", 600, 120, NONE, false, true, 120, 600},
	{"sedentary, little", 60, 120, NONE, false, true, 60, 60},
	{"sleep 5", 5, 7, 9, false, false, 5, 9},
	{"sleep 8", 8, 7, 9, false, false, 7, 9},
	{"sleep 11", 11, 7, 9, false, false, 7, 11},
	{"weight 100, 72 at BMI 22", 100, 90, NONE, false, true, 90, 100},
	{"weight 75, 72 at BMI 22", 75, 72, NONE, false, true, 72, 75},
	{"weight, BMI unknown", 75, NAN, NONE, false, true, 75, 75},
	{"weight, BMI < 18.5", 50, NONE, 55, true, false, 50, 55},
	{"missing", NAN, 0, 10, false, false, NAN, NAN},
};

static HvBounds
bounds_of(const Row *row)
{
	HvBounds bounds;

	hv_bounds_init(&bounds, row->current);
	if (row->floor != NONE)
		hv_bounds_floor(&bounds, row->floor);
	if (row->cap != NONE)
		hv_bounds_cap(&bounds, row->cap);
	bounds.no_decrease |= row->no_decrease;
	bounds.no_increase |= row->no_increase;
	return bounds;
}

static void
safe_ranges(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		HvBounds bounds = bounds_of(&rows[i]);
		double low, high;

		hv_bounds_interval(&bounds, &low, &high);
		ok((low == rows[i].low && high == rows[i].high) || (isnan(low) && isnan(rows[i].low)),
		   "%s: [%g, %g]", rows[i].name, low, high);
	}
}

static void
several_bounds(void)
{
	HvBounds bounds;
	double low, high;

	hv_bounds_init(&bounds, 10);
	hv_bounds_interval(&bounds, &low, &high);
	ok(low == -INFINITY && high == INFINITY, "no bound");
	hv_bounds_floor(&bounds, 2);
	hv_bounds_floor(&bounds, 5);
	hv_bounds_floor(&bounds, 3);
	hv_bounds_cap(&bounds, 30);
	hv_bounds_cap(&bounds, 20);
	hv_bounds_cap(&bounds, 25);
	hv_bounds_interval(&bounds, &low, &high);
	ok(low == 5 && high == 20, "the largest floor and the smallest cap hold");
	hv_bounds_floor(&bounds, NAN);
	hv_bounds_floor(&bounds, 1);
	hv_bounds_interval(&bounds, &low, &high);
	ok(low == 10 && high == 20, "an unknown floor closes the way down for good");
	hv_bounds_cap(&bounds, NAN);
	hv_bounds_interval(&bounds, &low, &high);
	ok(low == 10 && high == 10, "and an unknown cap the way up");
	hv_bounds_init(&bounds, 10);
	bounds.forbidden = true;
	ok(hv_bounds_allow(&bounds, 10) && !hv_bounds_allow(&bounds, 10.1), "forbidden");
}

static void
allowed(void)
{
	HvBounds bounds;

	hv_bounds_init(&bounds, 3000);
	hv_bounds_floor(&bounds, 1500);
	hv_bounds_cap(&bounds, 1500);
	ok(hv_bounds_allow(&bounds, 1500) && hv_bounds_allow(&bounds, 3000), "both ends");
	ok(hv_bounds_allow(&bounds, 1500 * (1 - 1e-12)), "up to rounding");
	ok(!hv_bounds_allow(&bounds, 1499.99) && !hv_bounds_allow(&bounds, 3000.01), "not further");
	ok(!hv_bounds_allow(&bounds, NAN), "not NaN");
	hv_bounds_init(&bounds, 3000);
	ok(!hv_bounds_allow(&bounds, INFINITY), "not infinity, even without bounds");
	hv_bounds_init(&bounds, NAN);
	ok(!hv_bounds_allow(&bounds, 1) && !hv_bounds_allow(&bounds, NAN), "nothing where no value is");
}

static bool
grid_is(const HvBounds *bounds, double low, double high, double step, size_t most, size_t n,
        const double *expected)
{
	double targets[16];
	bool same = hv_bounds_grid(bounds, low, high, step, targets, most) == n;

	for (size_t i = 0; same && i < n; i++)
		same = near(targets[i], expected[i], 1e-12);
	return same;
}

static void
grids(void)
{
	HvBounds bounds;

	hv_bounds_init(&bounds, 2900);
	hv_bounds_floor(&bounds, 1900);
	ok(grid_is(&bounds, 1600, 2200, 250, 16, 4, (double[]){2750, 2500, 2250, 2200}),
	   "the way down");
	ok(grid_is(&bounds, 1600, 1800, 250, 16, 4, (double[]){2750, 2500, 2250, 2000}) == false &&
	       grid_is(&bounds, 1600, 1800, 250, 16, 5, (double[]){2750, 2500, 2250, 2000, 1900}),
	   "it ends at the floor");
	ok(grid_is(&bounds, 1600, 2200, 250, 3, 3, (double[]){2750, 2250, 2200}),
	   "with little room: some on the way, and the end");
	ok(grid_is(&bounds, 1600, 2200, 250, 1, 1, (double[]){2200}), "with the least: the end");
	ok(grid_is(&bounds, 1600, 2200, 250, 0, 0, NULL), "with none: none");
	ok(grid_is(&bounds, 1600, 3000, 250, 16, 0, NULL), "none where all is well");
	ok(grid_is(&bounds, 1600, 2200, NAN, 16, 1, (double[]){2200}), "no step: the end");
	hv_bounds_init(&bounds, 0);
	hv_bounds_cap(&bounds, 300);
	ok(grid_is(&bounds, 150, 300, 50, 16, 3, (double[]){50, 100, 150}), "the way up from 0");
	hv_bounds_init(&bounds, 0.3);
	ok(grid_is(&bounds, 0.6, 1, 0.1, 16, 3, (double[]){0.4, 0.5, 0.6}),
	   "no target twice for rounding");
	bounds.no_increase = true;
	ok(grid_is(&bounds, 0.6, 1, 0.1, 16, 0, NULL), "none against a closed direction");
	hv_bounds_init(&bounds, NAN);
	ok(grid_is(&bounds, 150, 300, 50, 16, 0, NULL), "none where no value is");
	hv_bounds_init(&bounds, 5);
	ok(grid_is(&bounds, INFINITY, INFINITY, 1, 16, 0, NULL) &&
	       grid_is(&bounds, NAN, NAN, 1, 16, 0, NULL),
	   "none without an end");
	hv_bounds_init(&bounds, 1e300);
	ok(grid_is(&bounds, -1, 1, 1e-300, 1, 1, (double[]){1}), "absurd sizes come to an end");
}

static uint64_t draws;

static double
uniform(void)
{
	return hv_uniform(7, HV_STREAM(HV_RNG_USE, 1), draws++);
}

/* A number of some size, a special one now and then. */
static double
any_number(void)
{
	double kind = uniform(), size = exp(30 * uniform() - 10);

	if (kind < 0.03)
		return NAN;
	if (kind < 0.06)
		return kind < 0.045 ? INFINITY : -INFINITY;
	if (kind < 0.2)
		return 0;
	if (kind < 0.5)
		return round(100 * uniform());
	return kind < 0.6 ? -size : size;
}

static HvBounds
any_bounds(void)
{
	HvBounds bounds;

	hv_bounds_init(&bounds, any_number());
	for (int i = (int) (3 * uniform()); i > 0; i--)
		hv_bounds_floor(&bounds, any_number());
	for (int i = (int) (3 * uniform()); i > 0; i--)
		hv_bounds_cap(&bounds, any_number());
	bounds.no_increase |= uniform() < 0.1;
	bounds.no_decrease |= uniform() < 0.1;
	bounds.forbidden = uniform() < 0.05;
	return bounds;
}

static void
properties(void)
{
	size_t holds = 0, allowed_targets = 0, ordered = 0, toward = 0, targets_seen = 0, n;
	const size_t trials = 100000;

	for (size_t t = 0; t < trials; t++)
	{
		HvBounds bounds = any_bounds();
		double c = bounds.current, low, high, targets[12];
		double a = any_number(), b = any_number();
		double from = fmin(a, b), to = fmax(a, b), last = c;

		hv_bounds_interval(&bounds, &low, &high);
		holds += !isfinite(c) || (low <= c && c <= high && hv_bounds_allow(&bounds, c));
		n = hv_bounds_grid(&bounds, from, to, any_number(), targets, 1 + t % 12);
		for (size_t i = 0; i < n; i++, targets_seen++)
		{
			allowed_targets +=
				hv_bounds_allow(&bounds, targets[i]) && targets[i] >= low && targets[i] <= high;
			ordered += fabs(targets[i] - c) >= fabs(last - c);
			toward += c > to ? targets[i] <= c && targets[i] >= to
			                 : targets[i] >= c && targets[i] <= from;
			last = targets[i];
		}
	}
	ok(holds == trials, "the interval always holds the current value");
	ok(targets_seen > 10000 && allowed_targets == targets_seen, "all of %u targets are allowed",
	   (unsigned) targets_seen);
	ok(ordered == targets_seen, "nearest first");
	ok(toward == targets_seen, "toward the recommended range, never beyond its edge");
}

int
main(void)
{
	safe_ranges();
	several_bounds();
	allowed();
	grids();
	properties();
	return done_testing();
}
