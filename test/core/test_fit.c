/*
 * test_fit.c: the training loop: that its result does not depend on who does the units of a phase,
 * nor in which order; that it learns; its early stop; memory; held-out rows.
 *
 * The team of this test is one process with several trainers over one share. It has the units done
 * backwards, each by another trainer than the one before: as far from the loop of a lone participant
 * as it gets.
 */
#include "hv_test.h"

#include "encode.h"
#include "fit.h"
#include "hv_columns.h"
#include "rng.h"
#include "stats.h"

enum
{
	ROWS = 3000,
	HELD = 300,
	COLUMNS = 6,
	MOST = 3
};

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];
static HvSchema schema;
static HvReal *records;

/* Two latent causes behind five numbers and a word, with holes. */
static void
make_values(size_t row, double *values)
{
	HvReal cause[2], noise[COLUMNS];

	hv_normals(7, HV_STREAM(HV_RNG_USE, 1), row * 2, cause, 2);
	hv_normals(7, HV_STREAM(HV_RNG_USE, 2), row * COLUMNS, noise, COLUMNS);
	for (int j = 0; j < COLUMNS; j++)
		values[j] = cause[j % 2] * (1 + 0.2 * j) + 0.3 * noise[j];
	values[5] = values[5] > 0;
	if (row % 11 == 3)
		values[2] = NAN;
}

static void
make_records(bool ordered)
{
	static const char *names[COLUMNS] = {"a", "b", "c", "d", "e", "f"};
	HvStats *stats;
	double values[COLUMNS];

	memset(&schema, 0, sizeof(schema));
	schema.columns = columns;
	schema.ncolumns = COLUMNS;
	for (int j = 0; j < COLUMNS; j++)
	{
		columns[j] = column_of(names[j], HV_CELL_NUMBER);
		columns[j].stage = ordered && j >= 3 ? 1 : 0;
	}
	hv_stats_init(&stats, &schema, &arena);
	for (size_t row = 0; row < ROWS; row++)
	{
		make_values(row, values);
		for (uint32_t j = 0; j < COLUMNS; j++)
			if (isnan(values[j]))
				hv_stats_missing(stats, j);
			else
				hv_stats_number(stats, j, values[j]);
	}
	hv_stats_finish(stats, &schema, &arena, false);
	hv_schema_layout(&schema);
	records = hv_new(&arena, HvReal, ROWS, schema.width);
	for (size_t row = 0; row < ROWS; row++)
	{
		make_values(row, values);
		hv_encode_row(&schema, values, records + row * schema.width);
	}
}

static void
make_model(HvVae *vae, HvFitOptions *options, bool ordered, size_t batch)
{
	HvConfig config;

	hv_config_defaults(&config, ordered ? HV_ORDERED : HV_JOINT, ROWS, &schema);
	config.hidden[0] = config.hidden[1] = 96; /* more than one piece of parameters a block */
	config.members = 2;
	hv_fit_defaults(options, ROWS);
	options->batch_size = batch;
	options->epochs = 3;
	options->seed = 5;
	hv_vae_init(vae, &schema, &config, &arena);
	hv_vae_randomise(vae, options->seed);
}

static void
make_sources(HvSource *train, HvSource *held)
{
	uint32_t *order = hv_new(&arena, uint32_t, ROWS, 1);

	hv_memory_source(held, records, HELD, schema.width, 5, NULL);
	hv_memory_source(train, records + HELD * schema.width, ROWS - HELD, schema.width, 5, order);
}

/* ---- the team ---- */

typedef struct Crowd
{
	HvTrainer trainers[MOST];
	uint32_t n;
} Crowd;

static void
run_backwards(void *ctx, uint32_t units)
{
	Crowd *crowd = ctx;

	for (uint32_t unit = units; unit-- > 0;)
		hv_trainer_unit(&crowd->trainers[unit % crowd->n], unit);
}

static HvStatus
fit_with(HvVae *vae, const HvFitOptions *options, uint32_t n, HvFitResult *result)
{
	Crowd crowd = {.n = n};
	HvTeam team = {.run = run_backwards, .ctx = &crowd};
	HvSource train, held;
	HvShare share;
	char *place;

	make_sources(&train, &held);
	place = hv_new(&arena, char, hv_share_place(&share, NULL, vae, options, false), 1);
	hv_share_place(&share, place, vae, options, false);
	memcpy(share.parameters, vae->parameters, vae->nparameters * sizeof(HvReal));
	for (uint32_t i = 0; i < n; i++)
		HV_TRY(hv_trainer_init(&crowd.trainers[i], vae, &blas, options, NULL, &share, false,
		                       &train.window, &held.window, &arena));
	return hv_fit_team(&crowd.trainers[0], &team, &train, &held, &arena, result);
}

static void
same_bytes(bool ordered, size_t batch)
{
	HvVae alone, crowd;
	HvFitOptions options;
	HvFitResult expected, result;
	HvSource train, held;
	HvStatus status;

	make_records(ordered);
	make_model(&alone, &options, ordered, batch);
	make_sources(&train, &held);
	status = hv_fit(&alone, &blas, &train, &held, &options, NULL, &arena, &expected);
	ok(status == HV_OK,
	   "%s, batch %zu: trained alone, held-out ELBO %.3f, independent columns %.3f",
	   ordered ? "ordered" : "joint", batch, expected.validation_elbo, expected.baseline_elbo);
	ok(expected.validation_elbo > expected.baseline_elbo, "better than independent columns");
	for (uint32_t n = 1; n <= MOST; n++)
	{
		make_model(&crowd, &options, ordered, batch);
		ok(fit_with(&crowd, &options, n, &result) == HV_OK, "trained by %u", n);
		ok(memcmp(alone.parameters, crowd.parameters, alone.nparameters * sizeof(HvReal)) == 0,
		   "the same parameters, bit by bit");
		ok(result.train_elbo == expected.train_elbo &&
		       result.validation_elbo == expected.validation_elbo &&
		       result.best_epoch == expected.best_epoch,
		   "and the same result");
	}
}

/* ---- the rest ---- */

static void
sizes(void)
{
	static const size_t batches[] = {1, 64, 128, 255, 256, 512, 1000, 65536};
	static const uint32_t slices[] = {1, 1, 1, 1, 2, 4, 4, 4};
	HvVae vae;
	HvFitOptions options;
	HvSource train, held;
	HvShare share;

	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
		ok(hv_slices(batches[i]) == slices[i], "batch %zu: %u slices", batches[i], slices[i]);
	make_records(true);
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
	{
		HvArena counted = test_arena();
		HvTrainer trainer;
		size_t size;

		make_model(&vae, &options, true, batches[i]);
		make_sources(&train, &held);
		hv_share_place(&share, NULL, &vae, &options, false);
		size = hv_trainer_size(&vae, &options);
		hv_trainer_init(&trainer, &vae, &blas, &options, NULL, &share, false, &train.window,
		                &held.window, &counted);
		ok(counted.used <= size && size <= counted.used + 512 * 1024,
		   "batch %zu: a trainer takes %zu bytes, foretold %zu", batches[i], counted.used, size);
	}
}

static void
too_little_memory(void)
{
	HvArena small = test_arena();
	HvVae vae;
	HvFitOptions options;
	HvFitResult result;
	HvSource train, held;

	make_records(false);
	make_model(&vae, &options, false, 64);
	make_sources(&train, &held);
	small.limit = 100000;
	ok(hv_fit(&vae, &blas, &train, &held, &options, NULL, &small, &result) == HV_NO_MEMORY,
	   "too little memory is a status");
	options.batch_size = 0;
	ok(hv_fit(&vae, &blas, &train, &held, &options, NULL, &arena, &result) == HV_BAD_ARGUMENT,
	   "so is a batch of nothing");
}

static void
held_out(void)
{
	size_t n = 0, twice = 0;
	double age = 40;
	uint64_t a = hv_hash_cell(1, &age, sizeof(age));

	for (uint64_t i = 0; i < 100000; i++)
	{
		double cell = (double) i;
		uint64_t hash = hv_hash_cell(1, &cell, sizeof(cell));

		n += hv_held_out(hash, 0.1);
		twice += hv_held_out(hash, 0.1) && !hv_held_out(hash, 0.2);
	}
	ok(near(n / 1e5, 0.1, 0.005), "a tenth of the rows is held out: %zu of 100,000", n);
	ok(twice == 0, "and stays so when the share grows");
	ok(!hv_held_out(a, 0) && hv_held_out(a, 1), "none and all");
	ok(a != hv_hash_cell(2, &age, sizeof(age)), "the same value in another column differs");
}

int
main(void)
{
	arena = test_arena();
	blas = test_blas();
	same_bytes(false, 64);
	same_bytes(false, 512);
	same_bytes(true, 1300);
	sizes();
	too_little_memory();
	held_out();
	return done_testing();
}
