/*
 * test_encode.c: every kind there and back, missing cells, clipping, the edges of the transforms.
 */
#include "encode.h"
#include "hv_columns.h"
#include "rng.h"

static HvReal record[64];
static double values[16];

static HvColumn
log_column(double shift, double center, double scale)
{
	HvColumn column = settled_column("x", HV_POSITIVE, 0);

	column.transform = HV_LOG;
	column.shift = shift;
	column.center = center;
	column.scale = scale;
	return column;
}

static void
layout(HvSchema *schema, HvColumn *columns, uint32_t n)
{
	memset(schema, 0, sizeof(*schema));
	schema->columns = columns;
	schema->ncolumns = n;
	ok(hv_schema_layout(schema) == HV_OK, "layout of %u columns", (unsigned) n);
	for (int i = 0; i < 64; i++)
		record[i] = 99; /* every feature must be written */
}

static void
every_kind(void)
{
	HvColumn columns[7];
	HvSchema schema;
	double back[16];
	bool same = true, written = true;

	columns[0] = settled_column("height", HV_REAL, 0);
	columns[0].center = 170;
	columns[0].scale = 10;
	columns[1] = log_column(0, 5, 0.5);
	columns[2] = log_column(1, 1, 1);
	columns[2].kind = HV_COUNT;
	columns[3] = settled_column("health", HV_ORDINAL, 0);
	columns[3].center = 0.8;
	columns[3].scale = 0.4;
	columns[4] = settled_column("sex", HV_BINARY, 0);
	columns[5] = settled_column("race", HV_CATEGORICAL, 0);
	columns[6] = settled_column("note", HV_EMBEDDING, 1);
	columns[6].width = 2;
	columns[6].center = 1;
	columns[6].scale = 2;
	layout(&schema, columns, 7);
	memcpy(values, (double[]){185, 120, 3, 2, 1, 1, -3, 5}, 8 * sizeof(double));
	ok(hv_encode_row(&schema, values, record) == 7, "seven cells are observed");
	ok(near(record[0], 1.5, 1e-6) && near(record[1], (log(120) - 5) / 0.5, 1e-6) &&
	       near(record[2], log(4) - 1, 1e-6) && near(record[3], 3, 1e-6) && record[4] == 1,
	   "numbers, ordinal, binary");
	ok(record[5] == 0 && record[6] == 1 && record[7] == 0, "a category is one-hot");
	ok(record[14] == -2 && record[15] == 2 && record[16] == 1, "an embedding in stage 1");
	for (int i = 8; i < 14; i++)
		written = written && record[i] == 1;
	ok(written && record[17] == 99, "mask bits, and nothing behind the record");
	hv_decode_row(&schema, record, back);
	for (int i = 0; i < 8; i++)
		same = same && near(back[i], values[i], 1e-5);
	ok(same, "and back");
}

static void
missing_cells(void)
{
	HvColumn columns[3];
	HvSchema schema;
	bool zero = true;

	columns[0] = settled_column("weight", HV_REAL, 0);
	columns[0].low = 20;
	columns[0].high = 300;
	columns[1] = settled_column("race", HV_CATEGORICAL, 0);
	columns[2] = settled_column("note", HV_EMBEDDING, 0);
	columns[2].width = 2;
	layout(&schema, columns, 3);
	memcpy(values, (double[]){NAN, NAN, 1, NAN}, 4 * sizeof(double));
	ok(hv_encode_row(&schema, values, record) == 0, "nothing is observed");
	for (int i = 0; i < 9; i++)
		zero = zero && record[i] == 0;
	ok(zero, "missing cells are zeros");
	memcpy(values, (double[]){301, 3, 1, INFINITY}, 4 * sizeof(double));
	ok(hv_encode_row(&schema, values, record) == 0, "out of range, no such level, infinity");
	memcpy(values, (double[]){INFINITY, -1, 1, 2}, 4 * sizeof(double));
	ok(hv_encode_row(&schema, values, record) == 1 && record[8] == 1, "infinity, level -1");
	values[0] = 20;
	values[1] = 2;
	ok(hv_encode_row(&schema, values, record) == 3, "the ends belong to the range");
}

static void
transforms(void)
{
	HvColumn column = log_column(0, 5, 0.5);
	HvColumn line = settled_column("x", HV_REAL, 0);
	double worst = 0;

	for (int i = 0; i < 10000; i++)
	{
		double value = exp(40 * hv_uniform(3, HV_STREAM(HV_RNG_USE, 0), (uint64_t) i) - 20);

		worst = fmax(worst,
		             fabs(hv_decode_number(&column, hv_encode_number(&column, value)) / value - 1));
	}
	ok(worst < 1e-12, "a logarithm and back, off by %.2g", worst);
	ok(isfinite(hv_encode_number(&column, 0)) && isfinite(hv_encode_number(&column, -5)) &&
	       hv_encode_number(&column, -5) <= hv_encode_number(&column, 1e-300),
	   "no logarithm of zero or less");
	ok(isfinite(hv_decode_number(&column, 1e9)) && hv_decode_number(&column, -1e9) == 0,
	   "no overflow on the way back");
	ok(isnan(hv_encode_number(&line, NAN)), "NaN stays");
	values[0] = -5;
	column.m_at = line.m_at = 1;
	hv_encode_cell(&column, values, record);
	ok(record[0] == -HV_CLIP, "clipped below");
	values[0] = 1e6;
	hv_encode_cell(&line, values, record);
	ok(record[0] == HV_CLIP && record[1] == 1, "clipped above");
}

static void
decoding(void)
{
	HvColumn column = settled_column("x", HV_REAL, 0);
	HvColumn ordinal = settled_column("x", HV_ORDINAL, 0);
	HvColumn category = settled_column("x", HV_CATEGORICAL, 0);
	HvColumn binary = settled_column("x", HV_BINARY, 0);
	double lowest, highest, middle;

	column.center = 50;
	column.scale = 10;
	column.min = 20;
	column.max = 90;
	column.integer = true;
	record[0] = (HvReal) 0.26;
	hv_decode_cell(&column, record, values);
	ok(values[0] == 53, "integers are rounded");
	ok(near(hv_decode_number(&column, 0.26), 52.6, 1e-6), "but not where effects are computed");
	record[0] = 7;
	hv_decode_cell(&column, record, values);
	ok(values[0] == 90, "not above what was seen");
	record[0] = -7;
	hv_decode_cell(&column, record, values);
	ok(values[0] == 20, "nor below");

	record[0] = -5;
	hv_decode_cell(&ordinal, record, &lowest);
	record[0] = 5;
	hv_decode_cell(&ordinal, record, &highest);
	record[0] = (HvReal) 0.6;
	hv_decode_cell(&ordinal, record, &middle);
	ok(lowest == 0 && highest == 2 && middle == 1, "the nearest level of an ordinal");
	category.width = 3;
	memcpy(record, (HvReal[]){(HvReal) 0.2, (HvReal) 0.3, (HvReal) 0.5}, 3 * sizeof(HvReal));
	hv_decode_cell(&category, record, values);
	ok(values[0] == 2, "the largest feature of a category");
	record[0] = (HvReal) 0.49;
	hv_decode_cell(&binary, record, &lowest);
	record[0] = (HvReal) 0.5;
	hv_decode_cell(&binary, record, &highest);
	ok(lowest == 0 && highest == 1, "the nearer level of a binary");
}

int
main(void)
{
	every_kind();
	missing_cells();
	transforms();
	decoding();
	return done_testing();
}
