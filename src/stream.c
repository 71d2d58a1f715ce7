/*
 * stream.c: training records in a temporary file.
 *
 * A minibatch wants rows from everywhere, a file wants to be read in long pieces. So rows are kept
 * in blocks as they came; each epoch takes the blocks in a new random order and fills the window
 * with them, and the rows of a window are shuffled. Example, a million rows of 60 features at 64 MB:
 * blocks of 256 rows, a window of some 100,000 rows holds 400 random blocks of the 3,900.
 *
 * Windows are whole multiples of the batch size, as far as blocks allow, so that only an epoch's
 * last minibatch is a short one. A last block with fewer rows always comes last.
 *
 * Only the leader of a training reads the file; what lies in the window is for all participants.
 */
#include "hadvice.h"

#include "stream.h"

#include "core/rng.h"

#include "miscadmin.h"

#define LEAST_BLOCK 128
#define MOST_BLOCK 1024

size_t
hv_stream_block(size_t batch_size)
{
	if (batch_size > MOST_BLOCK)
		return MOST_BLOCK / 2;
	return batch_size * ((LEAST_BLOCK + batch_size - 1) / batch_size);
}

void
hv_stream_open(HvStream *stream)
{
	stream->file = BufFileCreateTemp(false);
}

void
hv_stream_add(HvStream *stream, const HvReal *record)
{
	BufFileWrite(stream->file, unconstify(HvReal *, record), stream->width * sizeof(HvReal));
	stream->nrows++;
}

static size_t
rows_of_block(const HvStream *stream, uint32_t block)
{
	return Min(stream->block, stream->nrows - block * stream->block);
}

/* Reads a block to where `count` records already are, and returns its rows. */
static size_t
read_block(HvStream *stream, uint32_t block, size_t count)
{
	size_t n = rows_of_block(stream, block);
	size_t bytes = n * stream->width * sizeof(HvReal);
	off_t at = (off_t) block * (off_t) (stream->block * stream->width * sizeof(HvReal));

	CHECK_FOR_INTERRUPTS();
	if (BufFileSeek(stream->file, 0, at, SEEK_SET) != 0 ||
	    BufFileRead(stream->file, stream->records + count * stream->width, bytes) != bytes)
		ereport(ERROR, errcode_for_file_access(),
		        errmsg("could not read a temporary file of a training: %m"));
	for (size_t i = 0; i < n; i++)
		stream->rows[count + i] = (uint32_t) (block * stream->block + i);
	return n;
}

/* The next blocks of the epoch into the window, their rows in random order. */
static void
fill_window(HvStream *stream, uint64 seed, uint64 epoch)
{
	size_t count = 0;

	while (stream->next < stream->nblocks && count + stream->block <= stream->capacity)
		count += read_block(stream, stream->blocks[stream->next++], count);
	hv_shuffle(seed, HV_STREAM(HV_RNG_SHUFFLE, epoch << 32 | ++stream->window), stream->order,
	           count);
	stream->begin = stream->end;
	stream->end = stream->begin + count;
}

static void
start_epoch(HvStream *stream, uint64 seed, uint64 epoch)
{
	size_t whole = stream->nrows / stream->block;

	hv_shuffle(seed, HV_STREAM(HV_RNG_SHUFFLE, epoch << 32), stream->blocks, whole);
	if (whole < stream->nblocks)
		stream->blocks[whole] = (uint32_t) whole;
	stream->next = stream->begin = stream->end = stream->window = 0;
}

static HvStatus
prepare(HvSource *source, uint64_t epoch, size_t first, size_t *n)
{
	HvStream *stream = source->ctx;

	if (source->epoch != epoch || first < stream->begin)
		start_epoch(stream, source->seed, epoch);
	source->epoch = epoch;
	while (first >= stream->end && stream->next < stream->nblocks)
		fill_window(stream, source->seed, epoch);
	if (first >= stream->end)
		elog(ERROR, "a training asks for more rows than there are");
	source->window.begin = stream->begin;
	*n = Min(*n, stream->end - first);
	return HV_OK;
}

void
hv_stream_source(HvStream *stream, HvSource *source, uint64 seed)
{
	stream->nblocks = (stream->nrows + stream->block - 1) / stream->block;
	stream->blocks = palloc_extended(sizeof(uint32_t) * (stream->nblocks + 1), MCXT_ALLOC_HUGE);
	*source = (HvSource){.nrows = stream->nrows,
	                     .window = {.records = stream->records,
	                                .width = stream->width,
	                                .order = stream->order,
	                                .rows = stream->rows},
	                     .prepare = prepare,
	                     .seed = seed,
	                     .epoch = PG_UINT64_MAX,
	                     .ctx = stream};
}

void
hv_stream_close(HvStream *stream)
{
	if (stream->file != NULL)
		BufFileClose(stream->file);
	stream->file = NULL;
}
