/* Formulas between columns: found in a table with rounding and gaps, not found where there are none,
 * and applied whatever is given. */
#include <math.h>

#include "derived.h"
#include "encode.h"
#include "hv_columns.h"
#include "hv_test.h"
#include "rng.h"
#include "stats.h"

#define ROWS 500

enum
{
	WEIGHT,
	BMI,
	HEIGHT,
	CELSIUS,
	FAHRENHEIT,
	FOOD,
	DRINK,
	ALL,
	VISITS,
	NOISE,
	COLUMNS
};

static const char *const names[COLUMNS] = {"weight", "bmi",   "height", "celsius", "fahrenheit",
                                           "food",   "drink", "all",    "visits",  "noise"};
static HvArena arena;
static HvColumn columns[COLUMNS];

static double
rounded(double value, double unit)
{
	return round(value / unit) * unit;
}

/* Every eleventh cell is missing; `broken`: BMI and the sum are of somebody else. */
static void
row_of(size_t row, bool broken, double *values)
{
	HvReal e[COLUMNS], other[COLUMNS];

	hv_normals(7, HV_STREAM(HV_RNG_USE, 0), row * COLUMNS, e, COLUMNS);
	hv_normals(8, HV_STREAM(HV_RNG_USE, 0), row * COLUMNS, other, COLUMNS);
	values[WEIGHT] = rounded(80 * exp(0.2 * e[0]), 0.1);
	values[HEIGHT] = rounded(170 + 9 * e[1], 0.1);
	values[BMI] = rounded(1e4 * (broken ? 80 * exp(0.2 * other[0]) : values[WEIGHT]) /
	                          (values[HEIGHT] * values[HEIGHT]),
	                      0.1);
	values[CELSIUS] = rounded(37 + 0.6 * e[2], 0.01);
	values[FAHRENHEIT] = rounded(1.8 * values[CELSIUS] + 32, 0.1);
	values[FOOD] = rounded(exp(6 + 0.4 * e[3]), 1);
	values[DRINK] = rounded(exp(5 + 0.5 * e[4]), 1);
	values[ALL] = values[FOOD] + (broken ? exp(5 + 0.5 * other[4]) : values[DRINK]);
	values[VISITS] = floor(fabs(3 * e[5]));
	values[NOISE] = e[6] * values[WEIGHT];
	values[row % 11 < COLUMNS ? row % 11 : 0] = NAN;
}

static HvStatus
find(HvFormulas *formulas, HvSchema *schema, bool broken)
{
	double values[COLUMNS];
	HvReal *records;
	HvStats *stats;

	memset(schema, 0, sizeof(*schema));
	schema->columns = columns;
	schema->ncolumns = COLUMNS;
	for (int j = 0; j < COLUMNS; j++)
		columns[j] = column_of(names[j], HV_CELL_NUMBER);
	HV_TRY(hv_stats_init(&stats, schema, &arena));
	for (size_t r = 0; r < ROWS; r++)
	{
		row_of(r, broken, values);
		for (uint32_t j = 0; j < COLUMNS; j++)
			if (isnan(values[j]))
				hv_stats_missing(stats, j);
			else
				hv_stats_number(stats, j, values[j]);
	}
	HV_TRY(hv_stats_finish(stats, schema, &arena, false));
	HV_TRY(hv_schema_layout(schema));
	records = hv_new(&arena, HvReal, ROWS, schema->width);
	for (size_t r = 0; r < ROWS; r++)
	{
		row_of(r, broken, values);
		hv_encode_row(schema, values, records + r * schema->width);
	}
	return hv_formulas_find(formulas, schema, records, ROWS, NULL, &arena);
}

static const HvFormula *
formula_of(const HvFormulas *formulas, uint32_t y)
{
	for (uint32_t i = 0; i < formulas->n; i++)
		if (formulas->list[i].y == y)
			return &formulas->list[i];
	return NULL;
}

static void
found(const HvFormulas *formulas)
{
	const HvFormula *bmi = formula_of(formulas, BMI);
	const HvFormula *warm = formula_of(formulas, FAHRENHEIT);
	uint32_t sums = 0;

	ok(formulas->n == 3, "three formulas: %u", formulas->n);
	ok(bmi && bmi->shape == HV_PRODUCT && bmi->a == WEIGHT && bmi->b == HEIGHT &&
	       bmi->power == -2 && near(bmi->k, 1e4, 1e-3),
	   "BMI is what is computed, not weight");
	ok(warm && warm->shape == HV_AFFINE && warm->a == CELSIUS && near(warm->k, 1.8, 0.01) &&
	       fabs(warm->c - 32) < 0.6,
	   "degrees, the coarser from the finer");
	for (uint32_t i = 0; i < formulas->n; i++)
		sums += formulas->list[i].shape == HV_SUM;
	ok(sums == 1, "one reading of the sum");
}

/* The largest contradiction of a formula in a value row. */
static void
applied(const HvFormulas *formulas, const HvSchema *schema)
{
	bool known[COLUMNS] = {false};
	HvSure sure[COLUMNS] = {{0}};
	double values[COLUMNS] = {84, 20, 170, 37, 0, 400, 100, 900, 1, 0};

	hv_derive(formulas, schema, values, known, NULL);
	ok(fabs(values[BMI] - 29.1) < 1e-9 && values[WEIGHT] == 84 && values[HEIGHT] == 170,
	   "nothing given: BMI gives way");
	ok(fabs(values[FAHRENHEIT] - 98.6) < 0.11, "and Fahrenheit");
	ok(fabs(values[FOOD] + values[DRINK] - values[ALL]) < 1.01, "and one of the sum");
	ok(!known[BMI], "which follows from guesses");

	memset(known, 0, sizeof(known));
	values[BMI] = 27.7;
	known[BMI] = known[HEIGHT] = true;
	hv_derive(formulas, schema, values, known, sure);
	ok(sure[WEIGHT].slack > 0.15 && sure[WEIGHT].slack < 0.3 &&
	       fabs(sure[WEIGHT].exact - 80.055) < 1e-2,
	   "up to what rounding leaves open: %g, %g", sure[WEIGHT].exact, sure[WEIGHT].slack);
	ok(fabs(values[WEIGHT] - 80.1) < 1e-9 && known[WEIGHT], "weight from BMI and height: %g",
	   values[WEIGHT]);

	memset(known, 0, sizeof(known));
	values[WEIGHT] = 80.1;
	values[HEIGHT] = 150;
	known[BMI] = known[WEIGHT] = true;
	hv_derive(formulas, schema, values, known, NULL);
	ok(fabs(values[HEIGHT] - 170.1) < 0.2, "height from both: %g", values[HEIGHT]);

	memset(known, 0, sizeof(known));
	values[HEIGHT] = 180;
	known[BMI] = true;
	hv_derive(formulas, schema, values, known, NULL);
	ok(values[BMI] == 27.7 && fabs(1e4 * values[WEIGHT] / (180.0 * 180) - 27.7) < 0.051,
	   "BMI alone: weight gives way");

	memset(known, true, sizeof(known));
	values[WEIGHT] = 50;
	hv_derive(formulas, schema, values, known, NULL);
	ok(values[WEIGHT] == 50 && values[BMI] == 27.7, "what is given stays, right or wrong");

	memset(known, 0, sizeof(known));
	values[BMI] = 500;
	known[BMI] = known[HEIGHT] = true;
	columns[WEIGHT].high = 300;
	hv_derive(formulas, schema, values, known, NULL);
	ok(values[WEIGHT] == 50 && !known[WEIGHT], "no implausible result");
}

int
main(void)
{
	HvFormulas formulas;
	HvSchema schema;

	arena = test_arena();
	ok(find(&formulas, &schema, true) == HV_OK && !formula_of(&formulas, BMI) && formulas.n == 1,
	   "columns that hang together are no formula");
	ok(find(&formulas, &schema, false) == HV_OK, "a table");
	found(&formulas);
	applied(&formulas, &schema);
	return done_testing();
}
