/*
 * stream.h: training records in a temporary file, for tables that do not fit into memory.
 */
#ifndef HV_STREAM_H
#define HV_STREAM_H

#include "hadvice.h"

#include "storage/buffile.h"

#include "core/source.h"

/*
 * Records are read in blocks of `block` rows, in a new random order each epoch; as many blocks as
 * the window holds are shuffled together. The window's memory is given: room for `capacity`
 * records, and as many numbers in `order` and in `rows`.
 */
typedef struct HvStream
{
	BufFile *file;
	size_t width, nrows;
	size_t block; /* rows of one, but the last */
	size_t capacity;
	HvReal *records;
	uint32_t *order, *rows;
	uint32_t *blocks; /* numbers of the blocks in this epoch's order */
	size_t nblocks, next;
	size_t begin, end; /* positions that the window holds */
	uint64 window;     /* its number in the epoch, from 1 */
} HvStream;

/* The rows of a block that suits this batch size. */
size_t hv_stream_block(size_t batch_size);

/* Opens the file; it goes at the latest with the transaction. */
void hv_stream_open(HvStream *stream);

void hv_stream_add(HvStream *stream, const HvReal *record);

/* After the last record. */
void hv_stream_source(HvStream *stream, HvSource *source, uint64 seed);

void hv_stream_close(HvStream *stream);

#endif
