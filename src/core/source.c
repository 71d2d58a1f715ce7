/*
 * source.c: records in memory, in a new order each epoch.
 */
#include "source.h"

#include <string.h>

#include "rng.h"

bool
hv_held_out(const HvReal *record, size_t width, double fraction)
{
	uint64_t hash = hv_hash(record, width * sizeof(HvReal), 0x68616476696365);

	return (double) (hash >> 11) * 0x1p-53 < fraction;
}

static HvStatus
memory_batch(void *ctx, uint64_t epoch, size_t first, size_t n, HvReal *records, uint32_t *rows)
{
	HvMemorySource *memory = ctx;

	if (memory->shuffle && memory->epoch != epoch)
	{
		/* from the identity each time: an epoch's order must not depend on the ones before */
		for (size_t i = 0; i < memory->nrows; i++)
			memory->order[i] = (uint32_t) i;
		hv_shuffle(memory->seed, HV_STREAM(HV_RNG_SHUFFLE, epoch), memory->order, memory->nrows);
		memory->epoch = epoch;
	}
	for (size_t i = 0; i < n; i++)
	{
		rows[i] = memory->order[first + i];
		memcpy(records + i * memory->width, memory->records + rows[i] * memory->width,
		       memory->width * sizeof(HvReal));
	}
	return HV_OK;
}

HvStatus
hv_memory_source(HvSource *source, HvMemorySource *memory, const HvReal *records, size_t nrows,
                 size_t width, uint64_t seed, bool shuffle, HvArena *arena)
{
	if (nrows > UINT32_MAX)
		return HV_TOO_LARGE;
	*memory = (HvMemorySource){.records = records,
	                           .nrows = nrows,
	                           .width = width,
	                           .seed = seed,
	                           .shuffle = shuffle,
	                           .epoch = UINT64_MAX};
	memory->order = hv_new(arena, uint32_t, nrows + 1, 1);
	if (memory->order == NULL)
		return HV_NO_MEMORY;
	for (size_t i = 0; i < nrows; i++)
		memory->order[i] = (uint32_t) i;
	*source = (HvSource){.nrows = nrows, .batch = memory_batch, .ctx = memory};
	return HV_OK;
}
