/*
 * source.h: where training records come from, and which rows are held out.
 */
#ifndef HV_SOURCE_H
#define HV_SOURCE_H

#include <stdbool.h>

#include "arena.h"
#include "real.h"

/*
 * The records that are at hand, and in which order: position first + i of an epoch is record
 * order[first + i - begin], and its row number is `rows` of that record, or the record's own
 * number when rows is NULL. Without an order, records stand as they come.
 *
 * All of it may lie in shared memory: reading needs nothing else, so that every participant of a
 * training (step.h) has such a view of its own.
 */
typedef struct HvWindow
{
	const HvReal *records;
	size_t width;
	uint32_t *order;
	const uint32_t *rows;
	size_t begin;
} HvWindow;

/* Copies the n records from `position` on into `records` (packed), their row numbers into `rows`. */
void hv_window_read(const HvWindow *window, size_t position, size_t n, HvReal *records,
                    uint32_t *rows);

/*
 * A source has nrows records, in another order each epoch or in a fixed one. `prepare` brings
 * position `first` of an epoch's order, and as many as it can of the *n from there on, into the
 * window; it lowers *n to what is there. Who calls it alone moves the window, the others read.
 */
typedef struct HvSource
{
	size_t nrows;
	HvWindow window;
	HvStatus (*prepare)(struct HvSource *source, uint64_t epoch, size_t first, size_t *n);
	uint64_t seed;
	uint64_t epoch; /* the one that the window's order is for */
	void *ctx;      /* of the host's own kinds of sources */
} HvSource;

/*
 * A source over nrows records in memory. With `order`, room for nrows numbers, they are shuffled
 * anew each epoch, as a function of the seed and the epoch alone; with NULL they keep their order.
 */
HvStatus hv_memory_source(HvSource *source, const HvReal *records, size_t nrows, size_t width,
                          uint64_t seed, uint32_t *order);

/*
 * Whether a row is held out for validation. The hash is one of what the row says, before any
 * statistics touch it (hv_hash_cell), so the answer is the same in each later training.
 */
bool hv_held_out(uint64_t hash, double fraction);

/*
 * A row's hash is the sum of its cells': so neither the order of the columns nor one more column
 * without values changes it. `column` is the hash of the column's name. Missing cells count 0.
 */
uint64_t hv_hash_cell(uint64_t column, const void *bytes, size_t length);

#endif
