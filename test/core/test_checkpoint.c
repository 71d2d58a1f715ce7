/*
 * test_checkpoint.c: a training that goes on from a checkpoint gives the same parameters, bit by bit,
 * as one that was not interrupted; and whatever is wrong with the bytes of a checkpoint is seen
 * before anything is taken from them.
 */
#include "hv_test.h"

#include "checkpoint.h"
#include "encode.h"
#include "format.h"
#include "hv_columns.h"
#include "rng.h"
#include "stats.h"

enum
{
	ROWS = 900,
	HELD = 100,
	COLUMNS = 4,
	EPOCHS = 9,
	STOP = 4,
	MOST = 1 << 20
};

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];
static HvSchema schema;
static HvReal *records;
static uint8_t bytes[MOST], bad[MOST];
static size_t size;
static HvLogged logged[HV_MAX_LOG];

static void
make_records(void)
{
	static const char *names[COLUMNS] = {"a", "b", "c", "d"};
	HvStats *stats;

	schema = (HvSchema){.columns = columns, .ncolumns = COLUMNS};
	for (int j = 0; j < COLUMNS; j++)
	{
		columns[j] = column_of(names[j], HV_CELL_NUMBER);
		columns[j].stage = j == 3;
	}
	records = hv_new(&arena, HvReal, ROWS, 2 * COLUMNS);
	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 0)
			hv_stats_init(&stats, &schema, &arena);
		for (size_t row = 0; row < ROWS; row++)
		{
			double cause = hv_uniform(1, HV_STREAM(HV_RNG_USE, 0), row), values[COLUMNS];

			for (uint32_t j = 0; j < COLUMNS; j++)
			{
				values[j] = cause + 0.2 * j * hv_uniform(1, HV_STREAM(HV_RNG_USE, j + 1), row);
				if (pass == 0)
					hv_stats_number(stats, j, values[j]);
			}
			if (pass == 1)
				hv_encode_row(&schema, values, records + row * schema.width);
		}
		if (pass == 0)
		{
			hv_stats_finish(stats, &schema, &arena, false);
			hv_schema_layout(&schema);
		}
	}
}

/* ---- the host's part ---- */

static bool
put(void *ctx, const void *piece, size_t n)
{
	(void) ctx;
	if (size + n > MOST)
		return false;
	memcpy(bytes + size, piece, n);
	size += n;
	return true;
}

/* As a host would at the time of a cancel. */
static void
keep(void *ctx, const HvFitState *state)
{
	HvCheckpoint checkpoint = {
		.task = 77, .state = *state, .seconds = 1.5, .log_step = 2, .nlog = 2, .log = logged};

	if (state->epoch != *(const int *) ctx)
		return;
	size = 0;
	hv_checkpoint_write(&checkpoint, put, NULL);
}

static int
resume(void *ctx, HvFitState *state)
{
	HvCheckpoint checkpoint = {.task = 77, .state = *state, .log = logged};
	const char *why;

	(void) ctx;
	if (hv_checkpoint_read(bytes, size, &checkpoint, &why) != HV_OK)
		return 0;
	*state = checkpoint.state;
	return 1;
}

static HvFitResult
train(HvVae *vae, const HvHost *host)
{
	HvConfig config;
	HvFitOptions options;
	HvFitResult result;
	HvSource train, held;

	hv_config_defaults(&config, HV_ORDERED, ROWS, &schema);
	config.hidden[0] = config.hidden[1] = 16;
	config.members = 2;
	hv_fit_defaults(&options, ROWS);
	options.epochs = EPOCHS;
	options.seed = 3;
	hv_vae_init(vae, &schema, &config, &arena);
	hv_vae_randomise(vae, 3);
	hv_memory_source(&held, records, HELD, schema.width, 3, NULL);
	hv_memory_source(&train, records + HELD * schema.width, ROWS - HELD, schema.width, 3,
	                 hv_new(&arena, uint32_t, ROWS, 1));
	hv_fit(vae, &blas, &train, &held, &options, host, &arena, &result);
	return result;
}

/* ---- what must hold ---- */

static void
same_parameters(HvVae *whole)
{
	HvVae resumed;
	int stop = STOP;
	HvHost keeps = {.keep = keep, .ctx = &stop}, resumes = {.resume = resume};
	HvFitResult expected = train(whole, &keeps), result;

	ok(size > 0 && size <= hv_checkpoint_most(whole->nparameters, whole->nblocks),
	   "a checkpoint of %zu bytes", size);
	result = train(&resumed, &resumes);
	ok(memcmp(whole->parameters, resumed.parameters, whole->nparameters * sizeof(HvReal)) == 0,
	   "resumed after epoch %d of %d: the same parameters, bit by bit", STOP, EPOCHS);
	ok(result.epochs == expected.epochs && result.best_epoch == expected.best_epoch &&
	       result.train_elbo == expected.train_elbo &&
	       result.validation_elbo == expected.validation_elbo &&
	       result.baseline_elbo == expected.baseline_elbo,
	   "and the same result");
}

/* Where a checkpoint is read into. */
typedef struct Place
{
	HvCheckpoint checkpoint;
	HvReal *all;
	size_t n;
} Place;

static Place
make_place(const HvVae *vae)
{
	size_t n = vae->nparameters;
	Place place = {.n = 4 * n, .all = hv_new(&arena, HvReal, 4, n)};

	place.checkpoint =
		(HvCheckpoint){.task = 77,
	                   .log = logged,
	                   .state = {.nblocks = vae->nblocks,
	                             .nparameters = n,
	                             .learned = hv_new(&arena, HvLearned, vae->nblocks, 1),
	                             .parameters = place.all,
	                             .m = place.all + n,
	                             .v = place.all + 2 * n,
	                             .best = place.all + 3 * n}};
	return place;
}

static bool
untouched(const Place *place)
{
	for (size_t i = 0; i < place->n; i++)
		if (place->all[i] != 0)
			return false;
	return place->checkpoint.state.epoch == 0 && place->checkpoint.nlog == 0;
}

static void
seal(uint8_t *data, size_t n)
{
	uint32_t crc;

	for (int i = 0; i < 8; i++)
		data[8 + i] = (uint8_t) (n >> 8 * i);
	crc = hv_crc32c(data, n - 4);
	for (int i = 0; i < 4; i++)
		data[n - 4 + (size_t) i] = (uint8_t) (crc >> 8 * i);
}

static void
rejected(Place *place, size_t n, const char *reason)
{
	const char *why = NULL;
	HvStatus status = hv_checkpoint_read(bad, n, &place->checkpoint, &why);

	ok(status != HV_OK && strcmp(why, reason) == 0 && untouched(place), "%s", reason);
	if (status == HV_OK || strcmp(why, reason) != 0)
		note("got %d: %s", (int) status, why);
}

static void
rejected_bytes(Place *place, size_t at, uint64_t number, int n, const char *reason)
{
	memcpy(bad, bytes, size);
	for (int i = 0; i < n; i++)
		bad[at + (size_t) i] = (uint8_t) (number >> 8 * i);
	seal(bad, size);
	rejected(place, size, reason);
}

static void
malformed(const HvVae *vae)
{
	Place place = make_place(vae);
	size_t block = 16 + 8 + 8 + 8, log = block + vae->nblocks * 37;
	size_t parameters = log + 8 + 2 * 44, cut = 0;
	HvCheckpoint *checkpoint = &place.checkpoint;
	const char *why;

	rejected_bytes(&place, 0, 'X', 1, "no checkpoint");
	rejected_bytes(&place, 4, 2, 2, "written by another version");
	rejected_bytes(&place, 6, 1, 2, "unknown flags");
	rejected_bytes(&place, 16, 78, 8,
	               "it is of another training: the table, the options or the version have changed");
	rejected_bytes(&place, 24, 0x7FF0000000000000u, 8, "number is not finite");
	rejected_bytes(&place, 32, UINT32_MAX, 4, "number is too large");
	rejected_bytes(&place, 36, 99, 4, "network of another shape");
	rejected_bytes(&place, block + 32, EPOCHS, 4, "best epoch is yet to come");
	rejected_bytes(&place, block + 36, 2, 1, "flag is neither 0 nor 1");
	rejected_bytes(&place, log, 0, 4, "log has no step");
	rejected_bytes(&place, log + 4, UINT32_MAX, 4, "log is too long");
	rejected_bytes(&place, parameters, 5, 8, "network of another size");
	rejected_bytes(&place, parameters, UINT64_MAX, 8, "network of another size");
	rejected_bytes(&place, size - 8, 0x7FC00000u, 4, "number is not finite");
	memcpy(bad, bytes, size);
	bad[size / 2] ^= 4;
	rejected(&place, size, "checksum mismatch");
	rejected(&place, size - 1, "length does not fit: cut off or extended");
	for (size_t n = 0; n < size; n++)
	{
		memcpy(bad, bytes, n);
		if (n >= 20)
			seal(bad, n);
		cut +=
			hv_checkpoint_read(bad, n, checkpoint, &why) != HV_OK && (n % 997 || untouched(&place));
	}
	ok(cut == size, "cut off anywhere, with length and checksum made right");
	ok(hv_checkpoint_read(bytes, size, checkpoint, &why) == HV_OK && checkpoint->seconds == 1.5 &&
	       checkpoint->log_step == 2 && checkpoint->nlog == 2 && checkpoint->state.epoch == STOP,
	   "whole, it is read");
}

int
main(void)
{
	HvVae vae;

	arena = test_arena();
	blas = test_blas();
	make_records();
	same_parameters(&vae);
	malformed(&vae);
	return done_testing();
}
