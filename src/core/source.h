/*
 * source.h: where training records come from, and which of them are held out.
 */
#ifndef HV_SOURCE_H
#define HV_SOURCE_H

#include <stdbool.h>

#include "arena.h"
#include "real.h"

/*
 * Where the records come from. `batch` copies n records (schema->width each, packed) into
 * `records` and their numbers into `rows` for positions first … first+n-1 of epoch `epoch`'s order.
 */
typedef struct HvSource
{
	size_t nrows;
	HvStatus (*batch)(void *ctx, uint64_t epoch, size_t first, size_t n, HvReal *records,
	                  uint32_t *rows);
	void *ctx;
} HvSource;

/* Records in memory, shuffled anew each epoch (or in order when seed_order is false). */
typedef struct HvMemorySource
{
	const HvReal *records; /* nrows×width */
	size_t nrows, width;
	uint64_t seed;
	bool shuffle;
	uint64_t epoch;  /* the epoch that `order` is for */
	uint32_t *order; /* nrows */
} HvMemorySource;

HvStatus hv_memory_source(HvSource *source, HvMemorySource *memory, const HvReal *records,
                          size_t nrows, size_t width, uint64_t seed, bool shuffle, HvArena *arena);

/* Whether a record is held out for validation: by a hash of its content, so for life. */
bool hv_held_out(const HvReal *record, size_t width, double fraction);

#endif
