/*
 * source.c: records in memory, in a new order each epoch; and the choice of the held-out rows.
 */
#include "source.h"

#include <string.h>

#include "rng.h"

bool
hv_held_out(uint64_t hash, double fraction)
{
	/* once more through the mixer: a sum of hashes over few and simple cells is not yet uniform */
	uint64_t mixed = hv_hash(&hash, sizeof(hash), 0x68616476696365);

	return (double) (mixed >> 11) * 0x1p-53 < fraction;
}

uint64_t
hv_hash_cell(uint64_t column, const void *bytes, size_t length)
{
	return hv_hash(bytes, length, column);
}

/* Rows in random order miss the caches: some of them are asked for ahead of their turn. */
#define AHEAD 8
#define LINE (64 / sizeof(HvReal))

static void
ask_for(const HvReal *record, size_t width)
{
#ifdef __GNUC__
	for (size_t i = 0; i < width; i += LINE)
		__builtin_prefetch(record + i);
#else
	(void) record, (void) width;
#endif
}

void
hv_window_read(const HvWindow *window, size_t position, size_t n, HvReal *records, uint32_t *rows)
{
	size_t width = window->width;

	for (size_t i = 0; i < n; i++)
	{
		size_t at = position + i - window->begin;
		size_t slot = window->order != NULL ? window->order[at] : at;

		if (window->order != NULL && i + AHEAD < n)
			ask_for(window->records + window->order[at + AHEAD] * width, width);
		rows[i] = window->rows != NULL ? window->rows[slot] : (uint32_t) slot;
		memcpy(records + i * width, window->records + slot * width, width * sizeof(HvReal));
	}
}

static HvStatus
memory_prepare(HvSource *source, uint64_t epoch, size_t first, size_t *n)
{
	(void) first, (void) n; /* everything is at hand */
	if (source->window.order != NULL && source->epoch != epoch)
		/* it starts from the identity: an epoch's order must not depend on the ones before */
		hv_shuffle(source->seed, HV_STREAM(HV_RNG_SHUFFLE, epoch), source->window.order,
		           source->nrows);
	source->epoch = epoch;
	return HV_OK;
}

HvStatus
hv_memory_source(HvSource *source, const HvReal *records, size_t nrows, size_t width, uint64_t seed,
                 uint32_t *order)
{
	if (nrows > UINT32_MAX)
		return HV_TOO_LARGE;
	*source = (HvSource){.nrows = nrows,
	                     .window = {.records = records, .width = width, .order = order},
	                     .prepare = memory_prepare,
	                     .seed = seed,
	                     .epoch = UINT64_MAX};
	return HV_OK;
}
