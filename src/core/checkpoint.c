/*
 * checkpoint.c: where a training stands, as bytes.
 *
 * Little-endian, nothing padded:
 *
 *     0   "HVCK"
 *     4   u16 version of this layout (1), u16 0
 *     8   u64 length of everything
 *     16  u64 task; f64 seconds; u32 epoch; u32 blocks, per block: u64 steps of Adam, f64 nll and kl
 *         of its last epoch, f64 loss of its best epoch, u32 best epoch, u8 done
 *         u32 step of the log, u32 entries, per entry: u32 epoch, f64 elbo, reconstruction, kl,
 *         validation, seconds
 *         u64 parameters, f32 each; as many f32 of Adam's first moments, of the second, of the best
 *         parameters
 *     end u32 CRC-32C of all bytes before
 *
 * The file is read back by whoever can write into the server's folder, which is nobody but the server;
 * still it may be cut off, old, or of another training, so nothing is taken from it unchecked. It is
 * written in pieces, since it is four times as large as the network, and read from memory.
 */
#include "checkpoint.h"

#include <math.h>
#include <string.h>

#include "cursor.h"
#include "format.h"
#include "writer.h"

#define MAGIC "HVCK"
#define VERSION 1
#define HEADER 16
#define TRAILER 4
#define BLOCK_BYTES 37
#define ENTRY_BYTES 44
#define PIECE 16384 /* bytes handed out at a time */

typedef struct Writer
{
	HvPutFn put;
	void *ctx;
	uint8_t piece[PIECE];
	HvWriter out; /* into the piece */
	uint32_t crc;
	bool failed;
} Writer;

static size_t
size_of(size_t nparameters, uint32_t nblocks, size_t nlog)
{
	return HEADER + 8 + 8 + 4 + 4 + (size_t) nblocks * BLOCK_BYTES + 8 + nlog * ENTRY_BYTES + 8 +
	       16 * nparameters + TRAILER;
}

size_t
hv_checkpoint_most(size_t nparameters, uint32_t nblocks)
{
	return size_of(nparameters, nblocks, HV_MAX_LOG);
}

/* ---- writing ---- */

static void
flush(Writer *writer)
{
	writer->crc = hv_crc32c_more(writer->crc, writer->piece, writer->out.size);
	writer->failed |= !writer->put(writer->ctx, writer->piece, writer->out.size);
	writer->out.size = 0;
}

/* With room for one number more; after a failure what is written goes nowhere. */
static HvWriter *
room(Writer *writer)
{
	if (writer->out.size + 8 > PIECE && !writer->failed)
		flush(writer);
	if (writer->failed)
		writer->out.size = 0;
	return &writer->out;
}

static void
put_reals(Writer *writer, const HvReal *numbers, size_t n)
{
	for (size_t i = 0; i < n && !writer->failed; i++)
		hv_put_f32(room(writer), (float) numbers[i]);
}

static void
put_learned(Writer *writer, const HvLearned *learned)
{
	hv_put_uint(room(writer), learned->made, 8);
	hv_put_f64(room(writer), learned->seen_nll);
	hv_put_f64(room(writer), learned->seen_kl);
	hv_put_f64(room(writer), learned->best_loss);
	hv_put_uint(room(writer), (uint64_t) learned->best_epoch, 4);
	hv_put_uint(room(writer), learned->done, 1);
}

static void
put_logged(Writer *writer, const HvLogged *logged)
{
	hv_put_uint(room(writer), (uint64_t) logged->epoch.epoch, 4);
	hv_put_f64(room(writer), logged->epoch.elbo);
	hv_put_f64(room(writer), logged->epoch.reconstruction);
	hv_put_f64(room(writer), logged->epoch.kl);
	hv_put_f64(room(writer), logged->epoch.validation);
	hv_put_f64(room(writer), logged->seconds);
}

bool
hv_checkpoint_write(const HvCheckpoint *checkpoint, HvPutFn put, void *ctx)
{
	const HvFitState *state = &checkpoint->state;
	Writer writer = {.put = put, .ctx = ctx};

	writer.out.bytes = writer.piece;
	hv_put_bytes(&writer.out, MAGIC, 4);
	hv_put_uint(room(&writer), VERSION, 2);
	hv_put_uint(room(&writer), 0, 2);
	hv_put_uint(room(&writer),
	            size_of(state->nparameters, state->nblocks, (size_t) checkpoint->nlog), 8);
	hv_put_uint(room(&writer), checkpoint->task, 8);
	hv_put_f64(room(&writer), checkpoint->seconds);
	hv_put_uint(room(&writer), (uint64_t) state->epoch, 4);
	hv_put_uint(room(&writer), state->nblocks, 4);
	for (uint32_t i = 0; i < state->nblocks; i++)
		put_learned(&writer, &state->learned[i]);
	hv_put_uint(room(&writer), (uint64_t) checkpoint->log_step, 4);
	hv_put_uint(room(&writer), (uint64_t) checkpoint->nlog, 4);
	for (int i = 0; i < checkpoint->nlog; i++)
		put_logged(&writer, &checkpoint->log[i]);
	hv_put_uint(room(&writer), state->nparameters, 8);
	put_reals(&writer, state->parameters, state->nparameters);
	put_reals(&writer, state->m, state->nparameters);
	put_reals(&writer, state->v, state->nparameters);
	put_reals(&writer, state->best, state->nparameters);
	if (!writer.failed)
		flush(&writer);
	hv_put_uint(room(&writer), writer.crc, 4);
	return !writer.failed && put(ctx, writer.piece, writer.out.size);
}

/* ---- reading: once to check, once more to take ---- */

static uint32_t
get_int(HvCursor *cursor)
{
	uint32_t number = hv_get_u32(cursor);

	hv_require(cursor, number <= INT32_MAX, "number is too large");
	return number;
}

static HvLearned
get_learned(HvCursor *cursor)
{
	HvLearned learned;

	learned.made = hv_get_u64(cursor);
	learned.seen_nll = hv_get_finite(cursor);
	learned.seen_kl = hv_get_finite(cursor);
	learned.best_loss = hv_get_finite(cursor);
	learned.best_epoch = (int) get_int(cursor);
	learned.done = hv_get_below(cursor, 2, "flag is neither 0 nor 1");
	return learned;
}

static HvLogged
get_logged(HvCursor *cursor)
{
	HvLogged logged = {.epoch.epoch = (int) get_int(cursor)};

	logged.epoch.elbo = hv_get_finite(cursor);
	logged.epoch.reconstruction = hv_get_finite(cursor);
	logged.epoch.kl = hv_get_finite(cursor);
	logged.epoch.validation = hv_get_optional(cursor);
	logged.seconds = hv_get_finite(cursor);
	return logged;
}

static void
get_reals(HvCursor *cursor, HvReal *numbers, size_t n)
{
	for (size_t i = 0; i < n && !hv_cursor_failed(cursor); i++)
	{
		float number = hv_get_f32(cursor);

		if (numbers != NULL)
			numbers[i] = number;
	}
}

/* With `take` false nothing is changed. */
static void
get_all(HvCursor *cursor, HvCheckpoint *checkpoint, bool take)
{
	HvFitState *state = &checkpoint->state;
	size_t n = state->nparameters;
	double seconds = hv_get_finite(cursor);
	uint32_t epoch = get_int(cursor), log_step, nlog;

	hv_require(cursor, hv_get_u32(cursor) == state->nblocks, "network of another shape");
	for (uint32_t i = 0; i < state->nblocks && !hv_cursor_failed(cursor); i++)
	{
		HvLearned learned = get_learned(cursor);

		hv_require(cursor, learned.best_epoch <= (int) epoch, "best epoch is yet to come");
		if (take)
			state->learned[i] = learned;
	}
	log_step = get_int(cursor);
	hv_require(cursor, log_step >= 1, "log has no step");
	nlog = hv_get_count(cursor, 0, HV_MAX_LOG, ENTRY_BYTES, "log is too long");
	for (uint32_t i = 0; i < nlog && !hv_cursor_failed(cursor); i++)
	{
		HvLogged logged = get_logged(cursor);

		if (take)
			checkpoint->log[i] = logged;
	}
	hv_require(cursor, hv_get_u64(cursor) == n, "network of another size");
	hv_require(cursor, cursor->left == 16 * n, "length does not fit: cut off or extended");
	get_reals(cursor, take ? state->parameters : NULL, n);
	get_reals(cursor, take ? state->m : NULL, n);
	get_reals(cursor, take ? state->v : NULL, n);
	get_reals(cursor, take ? state->best : NULL, n);
	if (!take)
		return;
	state->epoch = (int) epoch;
	checkpoint->seconds = seconds;
	checkpoint->log_step = (int) log_step;
	checkpoint->nlog = (int) nlog;
}

HvStatus
hv_checkpoint_read(const uint8_t *bytes, size_t size, HvCheckpoint *checkpoint, const char **why)
{
	HvCursor cursor = {bytes, size, HV_OK, "", NULL}, last = cursor, again;
	const uint8_t *magic = hv_take(&cursor, 4);

	hv_require(&cursor, magic != NULL && memcmp(magic, MAGIC, 4) == 0, "no checkpoint");
	if (hv_get_uint(&cursor, 2) != VERSION)
		hv_cursor_fail(&cursor, HV_BAD_VERSION, "written by another version");
	hv_require(&cursor, hv_get_uint(&cursor, 2) == 0, "unknown flags");
	hv_require(&cursor, hv_get_u64(&cursor) == size && size >= HEADER + TRAILER,
	           "length does not fit: cut off or extended");
	if (!hv_cursor_failed(&cursor))
	{
		cursor.left -= TRAILER;
		hv_take(&last, size - TRAILER);
		hv_require(&cursor, hv_get_u32(&last) == hv_crc32c(bytes, size - TRAILER),
		           "checksum mismatch");
	}
	hv_require(&cursor, hv_get_u64(&cursor) == checkpoint->task,
	           "it is of another training: the table, the options or the version have changed");
	again = cursor;
	get_all(&cursor, checkpoint, false);
	if (!hv_cursor_failed(&cursor))
		get_all(&again, checkpoint, true);
	*why = cursor.why;
	return cursor.status;
}
