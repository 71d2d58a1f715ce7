/*
 * test_warm.c: a model that starts from an earlier one: what columns have in common, that weights
 * keep their meaning whatever columns and categories come and go, and who is the better of two.
 */
#include "hv_test.h"

#include "encode.h"
#include "fit.h"
#include "hv_columns.h"
#include "predict.h"
#include "rng.h"
#include "stats.h"
#include "warm.h"

enum
{
	ROWS = 1500,
	HELD = 300,
	MOST = 7
};

/* A table: which of its columns there are, and what has become of them. */
typedef struct Table
{
	bool gone;    /* without "c" */
	bool added;   /* with "steps", before all others */
	bool city;    /* a third city, by name between the other two */
	double shift; /* of "a" */
	bool relabel; /* "smoker" has become a number of many values */
	HvColumn columns[MOST];
	HvSchema schema;
	HvReal *records;
	HvVae vae;
} Table;

static HvArena arena;
static HvBlas blas;

static double
cell(const Table *table, const char *name, size_t row)
{
	HvReal cause, noise[3];

	hv_normals(7, HV_STREAM(HV_RNG_USE, 1), row, &cause, 1);
	hv_normals(7, HV_STREAM(HV_RNG_USE, 2), row * 3, noise, 3);
	switch (name[0])
	{
		case 'a': return 2 * cause + 0.5 * noise[0] + table->shift;
		case 'b': return row % 11 == 3 ? NAN : cause + 0.5 * noise[1];
		case 'c': return (double) (cause > 0 ? row % 7 == 2 && table->city ? 1 : 2 : 0);
		case 's': return name[1] == 't' ? noise[2] * 3 : (double) (cause + noise[2] > 0);
		default: return cause - noise[1];
	}
}

static void
make_table(Table *table, bool ordered, const HvSchema *old)
{
	static const char *const cities[] = {"bern", "chur", "genf"};
	static const char *const names[] = {"steps", "a", "b", "city", "smoker", "x"};
	HvSchema *schema = &table->schema;
	HvStats *stats;

	*schema = (HvSchema){.columns = table->columns};
	for (int i = 0; i < 6; i++)
	{
		HvColumn *column = &table->columns[schema->ncolumns];

		if ((i == 0 && !table->added) || (i == 5 && table->gone))
			continue;
		*column = column_of(names[i], i == 3 ? HV_CELL_TEXT : HV_CELL_NUMBER);
		column->stage = ordered && i >= 4;
		column->kind = i == 3 ? HV_CATEGORICAL : HV_KIND_AUTO;
		schema->ncolumns++;
	}
	hv_stats_init(&stats, schema, &arena);
	for (size_t row = 0; row < ROWS; row++)
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			double value = cell(table, schema->columns[j].name, row);

			if (strcmp(schema->columns[j].name, "city") == 0)
				hv_stats_text(stats, j, cities[(int) value], 4);
			else if (isnan(value))
				hv_stats_missing(stats, j);
			else
				hv_stats_number(stats, j, table->relabel && value == 1 ? (double) row : value);
		}
	hv_stats_finish(stats, schema, &arena, false);
	if (old != NULL)
		hv_kin_adopt(schema, old, false);
	hv_schema_layout(schema);
	table->records = hv_new(&arena, HvReal, ROWS, schema->width);
	for (size_t row = 0; row < ROWS; row++)
	{
		double values[MOST];

		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			const HvColumn *column = &schema->columns[j];

			values[column->value_at] = cell(table, column->name, row);
			if (strcmp(column->name, "city") == 0)
				values[column->value_at] =
					hv_level_of_text(column, cities[(int) values[column->value_at]], 4);
		}
		hv_encode_row(schema, values, table->records + row * schema->width);
	}
}

static void
make_network(Table *table, bool ordered)
{
	HvConfig config;

	hv_config_defaults(&config, ordered ? HV_ORDERED : HV_JOINT, ROWS, &table->schema);
	config.hidden[0] = config.hidden[1] = 24;
	config.latent[0] = 3;
	config.latent[1] = ordered ? 2 : 0;
	config.members = 2;
	hv_vae_init(&table->vae, &table->schema, &config, &arena);
	hv_vae_randomise(&table->vae, 9);
}

static void
sources(Table *table, HvSource *train, HvSource *held)
{
	size_t width = table->schema.width;

	hv_memory_source(held, table->records, HELD, width, 5, NULL);
	hv_memory_source(train, table->records + HELD * width, ROWS - HELD, width, 5,
	                 hv_new(&arena, uint32_t, ROWS, 1));
}

static HvFitResult
train(Table *table, int epochs, double rate, bool again)
{
	HvFitOptions options;
	HvFitResult result;
	HvSource source, held;

	hv_fit_defaults(&options, ROWS);
	options.epochs = epochs;
	options.seed = 5;
	if (again)
		hv_fit_again(&options);
	if (rate > 0)
		options.learning_rate = rate;
	sources(table, &source, &held);
	hv_fit(&table->vae, &blas, &source, &held, &options, NULL, &arena, &result);
	return result;
}

static HvComparison
compare(Table *fresh, const Table *old)
{
	HvKinship kinship;
	HvComparison comparison;
	HvSource source, held;

	sources(fresh, &source, &held);
	hv_kin_find(&kinship, &fresh->schema, &old->schema, false, &arena);
	hv_compare(&fresh->vae, &old->vae, &kinship, &blas, &held, NULL, &arena, &comparison);
	return comparison;
}

static HvKin
kin(const HvKinship *kinship, const Table *table, const char *name)
{
	return kinship->kin[hv_schema_find(&table->schema, name)];
}

/* ---- what must hold ---- */

static void
nothing_changed(Table *old, bool ordered)
{
	Table same = {0};
	HvKinship kinship;
	HvComparison comparison;
	HvFitResult result;

	make_table(&same, ordered, &old->schema);
	make_network(&same, ordered);
	hv_kin_find(&kinship, &same.schema, &old->schema, false, &arena);
	ok(kinship.nsame == old->schema.ncolumns && kinship.column == NULL, "all columns are the same");
	comparison = compare(&same, old);
	ok(comparison.rows == HELD && comparison.challenger < comparison.champion - 0.1 &&
	       !hv_not_worse(&comparison),
	   "an untrained network is worse: %.2f against %.2f", comparison.challenger,
	   comparison.champion);
	ok(hv_warm_start(&same.vae, &old->vae, &kinship, &arena) == HV_OK &&
	       memcmp(same.vae.parameters, old->vae.parameters,
	              old->vae.nparameters * sizeof(HvReal)) == 0,
	   "a warm start is the old network");
	comparison = compare(&same, old);
	ok(comparison.challenger == comparison.champion && comparison.standard_error == 0 &&
	       hv_not_worse(&comparison),
	   "as good as it, to the bit");
	result = train(&same, 40, 0, true);
	ok(result.epochs <= 12, "30 %% of the epochs");
	comparison = compare(&same, old);
	ok(hv_not_worse(&comparison), "trained again, it is not worse");
	(void) hv_warm_start(&same.vae, &old->vae, &kinship, &arena);
	result = train(&same, 40, 0.5, true);
	ok(result.best_epoch == 0 && memcmp(same.vae.parameters, old->vae.parameters,
	                                    old->vae.nparameters * sizeof(HvReal)) == 0,
	   "where every epoch is a loss, the start is kept");
}

static void
columns_change(Table *old, bool ordered)
{
	Table fresh = {.gone = true, .added = true, .city = true, .shift = 5};
	HvKinship kinship;
	HvComparison comparison;

	make_table(&fresh, ordered, &old->schema);
	make_network(&fresh, ordered);
	hv_kin_find(&kinship, &fresh.schema, &old->schema, false, &arena);
	ok(kin(&kinship, &fresh, "b") == HV_KIN_SAME && kin(&kinship, &fresh, "smoker") == HV_KIN_SAME,
	   "what has stayed is the same");
	ok(kin(&kinship, &fresh, "steps") == HV_KIN_NEW, "a new column is new");
	ok(kin(&kinship, &fresh, "city") == HV_KIN_RELATED, "another category: related");
	ok(kin(&kinship, &fresh, "a") == HV_KIN_RELATED, "moved by two standard deviations: related");
	ok(kinship.column == NULL && hv_warm_fits(&fresh.vae, &old->vae, &kinship),
	   "a warm start is possible");
	ok(hv_warm_start(&fresh.vae, &old->vae, &kinship, &arena) == HV_OK, "and done");
	comparison = compare(&fresh, old);
	ok(comparison.columns == 2 && near(comparison.challenger, comparison.champion, 1e-5) &&
	       comparison.standard_error < 1e-5,
	   "on the columns that have stayed it is the old network: %.4f, %.4f", comparison.challenger,
	   comparison.champion);
	train(&fresh, 40, 0, true);
	comparison = compare(&fresh, old);
	ok(comparison.challenger > comparison.champion - 0.05, "and trained it is about as good: %.4f",
	   comparison.challenger);
}

static void
kinds_change(Table *old, bool ordered)
{
	Table fresh = {.relabel = true};
	HvKinship kinship;

	make_table(&fresh, ordered, &old->schema);
	make_network(&fresh, ordered);
	hv_kin_find(&kinship, &fresh.schema, &old->schema, false, &arena);
	ok(kinship.column != NULL && strcmp(kinship.column, "smoker") == 0,
	   "a column of another kind is named");
	ok(!hv_warm_fits(&fresh.vae, &old->vae, &kinship) &&
	       hv_warm_start(&fresh.vae, &old->vae, &kinship, &arena) == HV_BAD_ARGUMENT,
	   "and no warm start is possible");
}

int
main(void)
{
	arena = test_arena();
	blas = test_blas();
	for (int ordered = 0; ordered < 2; ordered++)
	{
		Table old = {0};

		note("%s", ordered ? "ordered" : "joint");
		make_table(&old, ordered, NULL);
		make_network(&old, ordered);
		train(&old, 60, 0, false);
		nothing_changed(&old, ordered);
		columns_change(&old, ordered);
		kinds_change(&old, ordered);
	}
	return done_testing();
}
