/*
 * test_schema.c: order and positions of columns, the limits, look-ups of names and levels.
 */
#include "hv_columns.h"

static HvColumn columns[HV_MAX_COLUMNS + 1];

static HvSchema
schema_of(uint32_t n)
{
	HvSchema schema;

	memset(&schema, 0, sizeof(schema));
	schema.columns = columns;
	schema.ncolumns = n;
	return schema;
}

static bool
at(const HvColumn *column, const char *name, int stage, uint32_t value_at, uint32_t x_at,
   uint32_t m_at)
{
	return strcmp(column->name, name) == 0 && column->stage == stage &&
	       column->value_at == value_at && column->x_at == x_at && column->m_at == m_at;
}

/* The example of schema.c, with a column that is left out. */
static void
worked_example(void)
{
	HvSchema schema = schema_of(4);

	columns[0] = settled_column("age", HV_REAL, 0);
	columns[1] = settled_column("id", HV_REAL, 1);
	columns[1].used = false;
	columns[2] = settled_column("sbp", HV_REAL, 2);
	columns[3] = settled_column("race", HV_CATEGORICAL, 0);

	ok(hv_schema_layout(&schema) == HV_OK && schema.ncolumns == 3, "unused columns are dropped");
	ok(at(&columns[0], "age", 0, 0, 0, 4) && at(&columns[1], "race", 0, 1, 1, 5) &&
	       at(&columns[2], "sbp", 1, 2, 6, 7),
	   "columns by stage, stages without a gap");
	ok(schema.nstages == 2 && schema.nvalues == 3 && schema.width == 8, "sizes");
	ok(schema.stages[0].begin == 0 && schema.stages[0].mask == 4 && schema.stages[0].end == 6 &&
	       schema.stages[0].first == 0 && schema.stages[0].last == 2,
	   "stage 0");
	ok(schema.stages[1].begin == 6 && schema.stages[1].mask == 7 && schema.stages[1].end == 8 &&
	       schema.stages[1].first == 2 && schema.stages[1].last == 3,
	   "stage 1");
	ok(hv_schema_layout(&schema) == HV_OK && at(&columns[1], "race", 0, 1, 1, 5) &&
	       schema.width == 8 && schema.nstages == 2,
	   "a second layout changes nothing");
	ok(hv_schema_find(&schema, "sbp") == 2 && hv_schema_find(&schema, "id") == -1 &&
	       hv_schema_find(&schema, "") == -1,
	   "find");
}

static void
embeddings(void)
{
	HvSchema schema = schema_of(2);

	columns[0] = settled_column("note", HV_EMBEDDING, 0);
	columns[0].width = 5;
	columns[1] = settled_column("sex", HV_BINARY, 0);
	ok(hv_schema_layout(&schema) == HV_OK && schema.nvalues == 6 && schema.width == 8 &&
	       at(&columns[1], "sex", 0, 5, 5, 7),
	   "an embedding has many slots and one mask bit");
}

static HvStatus
layout_with(uint32_t n, HvColumn last)
{
	HvSchema schema = schema_of(n);

	for (uint32_t i = 0; i + 1 < n; i++)
		columns[i] = settled_column("c", HV_REAL, (int) (i % 3));
	columns[n - 1] = last;
	return hv_schema_layout(&schema);
}

static void
limits(void)
{
	HvSchema none = schema_of(1);
	HvColumn column = settled_column("c", HV_REAL, 0);

	columns[0] = column;
	columns[0].used = false;
	ok(hv_schema_layout(&none) == HV_NO_DATA, "no column is left");
	ok(layout_with(HV_MAX_COLUMNS, column) == HV_OK, "as many columns as a table can have");
	ok(layout_with(HV_MAX_COLUMNS + 1, column) == HV_TOO_LARGE, "one more is too many");
	column = settled_column("c", HV_EMBEDDING, 0);
	column.width = HV_MAX_EMBEDDING;
	ok(layout_with(1, column) == HV_OK, "the widest embedding");
	column.width++;
	ok(layout_with(1, column) == HV_TOO_LARGE, "a wider one");
	column.width = 0;
	ok(layout_with(1, column) == HV_BAD_ARGUMENT, "an empty one");
	column = settled_column("c", HV_CATEGORICAL, 0);
	column.nlevels = HV_MAX_LEVELS + 1;
	ok(layout_with(1, column) == HV_TOO_LARGE, "too many levels");
	column.nlevels = 1;
	ok(layout_with(1, column) == HV_BAD_ARGUMENT, "one level");
	column = settled_column("c", HV_BINARY, 0);
	column.nlevels = 3;
	ok(layout_with(1, column) == HV_BAD_ARGUMENT, "a binary with three levels");
	column = settled_column("c", HV_REAL, HV_MAX_STAGES);
	ok(layout_with(1, column) == HV_BAD_ARGUMENT, "an unknown stage");
	column = settled_column("c", HV_KIND_AUTO, 0);
	ok(layout_with(1, column) == HV_BAD_ARGUMENT, "a kind that was not settled");

	for (int i = 0; i < 9; i++)
	{
		columns[i] = settled_column("c", HV_EMBEDDING, 0);
		columns[i].width = HV_MAX_EMBEDDING;
	}
	none = schema_of(9);
	ok(hv_schema_layout(&none) == HV_TOO_LARGE, "a record that is too wide");
}

static void
levels(void)
{
	const char *texts[] = {"no", "yes", "yes, daily", ""};
	double numbers[] = {-1.5, 0, 2, 7};
	HvColumn column = settled_column("c", HV_ORDINAL, 0);
	bool good = true;

	column.nlevels = 4;
	column.levels = texts;
	ok(hv_level_of_text(&column, "no", 2) == 0 && hv_level_of_text(&column, "yes", 3) == 1 &&
	       hv_level_of_text(&column, "yes, daily", 10) == 2 &&
	       hv_level_of_text(&column, "", 0) == 3,
	   "levels of texts");
	ok(hv_level_of_text(&column, "yes!", 3) == 1, "a text need not be terminated");
	ok(isnan(hv_level_of_text(&column, "ye", 2)) && isnan(hv_level_of_text(&column, "yes,", 4)) &&
	       isnan(hv_level_of_text(&column, "No", 2)),
	   "no level: a prefix, a longer text, another case");
	ok(isnan(hv_level_of_number(&column, 0)), "no numbers");
	column.level_values = numbers;
	for (int i = 0; i < 4; i++)
		good = good && hv_level_of_number(&column, numbers[i]) == i;
	ok(good, "levels of numbers");
	ok(isnan(hv_level_of_number(&column, 1)) && isnan(hv_level_of_number(&column, 8)) &&
	       isnan(hv_level_of_number(&column, -2)) && isnan(hv_level_of_number(&column, NAN)),
	   "no level: between, above, below, NaN");
}

static void
names(void)
{
	bool good = true;

	for (HvKind a = 0; a <= HV_KINDS; a++)
		for (HvKind b = 0; b < a; b++)
			good = good && strcmp(hv_kind_name(a), hv_kind_name(b)) != 0;
	ok(good && strcmp(hv_kind_name(HV_POSITIVE), "positive") == 0, "every kind has its name");
	ok(strcmp(hv_role_name(HV_CONTEXT), "context") == 0 &&
	       strcmp(hv_role_name(HV_ACTION), "action") == 0 &&
	       strcmp(hv_role_name(HV_OUTCOME), "outcome") == 0 &&
	       strcmp(hv_role_name(HV_ROLES), "unknown") == 0,
	   "names of roles");
}

int
main(void)
{
	worked_example();
	embeddings();
	limits();
	levels();
	names();
	return done_testing();
}
