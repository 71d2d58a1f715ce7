/* Residuals of cells on the scale where their column follows from the others, with and without gaps. */
#include <math.h>

#include "accord.h"
#include "encode.h"
#include "hv_columns.h"
#include "hv_test.h"
#include "rng.h"
#include "stats.h"

#define N 2000

enum
{
	HEIGHT,
	WEIGHT,
	MASS, /* weight / height^2 */
	CARBOHYDRATE,
	FAT,
	ENERGY, /* 4 carbohydrate + 9 fat */
	WORD,   /* small, middle, large by the height; a tenth of them at random */
	COLUMNS
};

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];
static const char *words[] = {"small", "middle", "large"};

static void
cells_of(size_t row, double *cell)
{
	HvReal e[4];
	double u = hv_uniform(8, HV_STREAM(HV_RNG_USE, 1), row);

	hv_normals(8, HV_STREAM(HV_RNG_USE, 0), row * 4, e, 4);
	cell[HEIGHT] = 170 * exp(0.06 * e[0]);
	cell[WEIGHT] = 80 * exp(0.2 * e[1]);
	cell[MASS] = 1e4 * cell[WEIGHT] / (cell[HEIGHT] * cell[HEIGHT]);
	cell[CARBOHYDRATE] = 220 * exp(0.5 * e[2]);
	cell[FAT] = 70 * exp(0.6 * e[3]);
	cell[ENERGY] = 4 * cell[CARBOHYDRATE] + 9 * cell[FAT];
	cell[WORD] = u < 0.1 ? floor(30 * u) : cell[HEIGHT] < 165 ? 0 : cell[HEIGHT] < 175 ? 1 : 2;
}

static void
make_rows(HvSchema *schema, HvReal **records)
{
	static const char *names[] = {"height", "weight", "mass", "carbohydrate", "fat", "energy"};
	double cell[COLUMNS];
	HvStats *stats;

	memset(schema, 0, sizeof(*schema));
	schema->columns = columns;
	schema->ncolumns = COLUMNS;
	for (int j = 0; j < WORD; j++)
		columns[j] = column_of(names[j], HV_CELL_NUMBER);
	columns[WORD] = column_of("word", HV_CELL_TEXT);
	columns[WORD].fixed_levels = true;
	columns[WORD].levels = words;
	columns[WORD].nlevels = 3;
	columns[WORD].kind = HV_CATEGORICAL;
	ok(hv_stats_init(&stats, schema, &arena) == HV_OK, "statistics");
	for (size_t r = 0; r < N; r++)
	{
		cells_of(r, cell);
		for (uint32_t j = 0; j < WORD; j++)
			hv_stats_number(stats, j, cell[j]);
		hv_stats_text(stats, WORD, words[(int) cell[WORD]], strlen(words[(int) cell[WORD]]));
	}
	ok(hv_stats_finish(stats, schema, &arena, false) == HV_OK && hv_schema_layout(schema) == HV_OK,
	   "a schema");
	*records = hv_new(&arena, HvReal, N, schema->width);
	for (size_t r = 0; r < N; r++)
	{
		cells_of(r, cell);
		if (r % 4 == 0)
			cell[r / 4 % COLUMNS] = NAN;
		hv_encode_row(schema, cell, *records + r * schema->width);
	}
}

static HvSchema schema;
static HvAccord accord;
static HvAccordWork work;
static float residual[COLUMNS];

static double
surprise(const double *cell, int column)
{
	HvReal record[16];

	hv_encode_row(&schema, cell, record);
	hv_accord_read(&work, record);
	hv_accord_residuals(&work, record, residual);
	return hv_accord_surprise(&accord, (uint32_t) column, residual[column]);
}

static void
scales(void)
{
	HvReal *records;

	make_rows(&schema, &records);
	ok(hv_accord_fit(&accord, &schema, &blas, records, N, 1, NULL, &arena) == HV_OK &&
	       hv_accord_init(&work, &accord, &schema, &arena) == HV_OK,
	   "fitted");
	for (int j = HEIGHT; j <= MASS; j++)
		ok(accord.scale[j] == HV_SCALE_LOG, "%s is tied by its logarithm", columns[j].name);
	for (int j = CARBOHYDRATE; j <= ENERGY; j++)
		ok(accord.scale[j] == HV_SCALE_PLAIN, "%s as it is", columns[j].name);
}

static void
cells(void)
{
	double usual[COLUMNS] = {170, 80, 27.68, 220, 70, 1510, 1}, cell[COLUMNS], odd;

	for (int j = 0; j < COLUMNS; j++)
		ok(surprise(usual, j) < 3, "%s of an ordinary row: %.2f nats", columns[j].name,
		   surprise(usual, j));
	for (int j = MASS; j <= ENERGY; j++)
	{
		memcpy(cell, usual, sizeof(cell));
		cell[j] *= 1.4; /* common in itself */
		ok(surprise(cell, j) > 6, "%s that is none of the others': %.1f nats", columns[j].name,
		   surprise(cell, j));
	}
	memcpy(cell, usual, sizeof(cell));
	cell[WORD] = 0;
	ok(surprise(cell, WORD) > surprise(usual, WORD) + 1, "a word of other people: %.1f nats",
	   surprise(cell, WORD));
	ok(near(residual[WORD], -log(0.1 / 3), 1.5), "its residual is about -log of its share: %.2f",
	   (double) residual[WORD]);
	memcpy(cell, usual, sizeof(cell));
	cell[ENERGY] *= 1.4;
	odd = surprise(cell, ENERGY);
	cell[FAT] = NAN;
	ok(surprise(cell, ENERGY) < odd - 3 && residual[FAT] == -1,
	   "without the fat the energy may be right: %.1f nats", surprise(cell, ENERGY));
	cell[CARBOHYDRATE] = 700;
	ok(surprise(cell, ENERGY) > 6, "but not less than the carbohydrate alone has: %.1f nats",
	   surprise(cell, ENERGY));
}

/* A tenth of the cells, each as it stands in one of the two. */
static void
mix(void)
{
	double one[COLUMNS] = {160, 60, 23.4, 100, 30, 670, 0};
	double other[COLUMNS] = {180, 90, 27.8, 300, NAN, 1800, 2};
	HvReal a[16], b[16], mixed[16];
	bool taken[COLUMNS], right = true;
	int n = 0;

	hv_encode_row(&schema, one, a);
	hv_encode_row(&schema, other, b);
	for (uint64_t number = 0; number < 1000; number++)
	{
		hv_accord_mix(&schema, a, b, number, mixed, taken);
		for (int j = 0; j < COLUMNS; j++)
		{
			const HvReal *from = (taken[j] ? b : a) + columns[j].x_at;

			n += taken[j];
			right &= memcmp(mixed + columns[j].x_at, from, columns[j].width * sizeof(HvReal)) == 0;
		}
		right &= !taken[FAT];
	}
	ok(right, "mixed of two rows, and gaps are not exchanged");
	ok(n > 500 && n < 700, "a tenth of 6,000 cells: %d", n);
}

int
main(void)
{
	arena = test_arena();
	blas = test_blas();
	scales();
	cells();
	mix();
	return done_testing();
}
