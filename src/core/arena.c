/*
 * arena.c: the bump allocator behind every allocation of the core.
 *
 * Memory comes from the host in chunks of at least 64 KiB and is handed out from the front of the
 * current chunk, zeroed, each piece at a multiple of 64 bytes (a cache line, and the widest vector
 * register). A chunk is never given back. Example, limit 100 KiB:
 *
 *     hv_new(a, float, 10, 10)     gets a chunk of 64 KiB; 448 bytes of it are used
 *     hv_new(a, float, 100, 100)   40,000 bytes of the same chunk
 *     hv_new(a, float, 100, 100)   more than is left there. A second chunk of 64 KiB would break
 *                                  the limit, and the 36 KiB up to it are too few: NULL
 */
#include <string.h>

#include "arena.h"

#define ALIGNMENT ((size_t) 64)
#define CHUNK ((size_t) 64 * 1024)

void
hv_arena_init(HvArena *arena, HvMoreFn more, void *ctx, size_t limit)
{
	arena->more = more;
	arena->ctx = ctx;
	arena->at = NULL;
	arena->left = 0;
	arena->used = 0;
	arena->limit = limit;
}

int
hv_mul(size_t a, size_t b, size_t *product)
{
	if (b != 0 && a > SIZE_MAX / b)
		return 0;
	*product = a * b;
	return 1;
}

/* Up to the next multiple of ALIGNMENT; false when that does not fit. */
static int
round_up(size_t bytes, size_t *rounded)
{
	if (bytes > SIZE_MAX - (ALIGNMENT - 1))
		return 0;
	*rounded = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	return 1;
}

/*
 * A new chunk with room for `bytes` (a multiple of ALIGNMENT) at an aligned place, which is
 * returned. What remains of the new or of the old chunk, whichever is more, serves the next
 * requests: so one large matrix does not waste a chunk that was just begun.
 */
static char *
take_from_new_chunk(HvArena *arena, size_t bytes)
{
	size_t room = arena->limit - arena->used;
	size_t need, size, skip;
	char *chunk;

	/*
	 * The host aligns to 8 or 16 bytes only: the rest of the way is ours. No overflow: the largest
	 * multiple of ALIGNMENT is SIZE_MAX - 63.
	 */
	need = bytes + ALIGNMENT - 1;
	if (need > room)
		return NULL;
	size = need > CHUNK ? need : CHUNK;
	if (size > room)
		size = need;
	chunk = arena->more(arena->ctx, size);
	if (chunk == NULL)
		return NULL;
	arena->used += size;

	skip = (ALIGNMENT - (uintptr_t) chunk % ALIGNMENT) % ALIGNMENT;
	chunk += skip;
	size -= skip + bytes;
	if (size > arena->left)
	{
		arena->at = chunk + bytes;
		arena->left = size;
	}
	return chunk;
}

/* How many bytes that is, up to the next multiple of ALIGNMENT; false when it overflows. */
static int
bytes_of(size_t rows, size_t cols, size_t size, size_t *bytes)
{
	if (!hv_mul(rows, cols, bytes) || !hv_mul(*bytes, size, bytes))
		return 0;
	/* An empty matrix has an address, too: NULL means failure and nothing else. */
	return round_up(*bytes > 0 ? *bytes : 1, bytes);
}

void *
hv_arena_room(HvArena *arena, size_t rows, size_t cols, size_t size)
{
	size_t bytes;
	char *place;

	if (!bytes_of(rows, cols, size, &bytes))
		return NULL;
	if (bytes > arena->left)
		return take_from_new_chunk(arena, bytes);
	place = arena->at;
	arena->at += bytes;
	arena->left -= bytes;
	return place;
}

void *
hv_arena_alloc(HvArena *arena, size_t rows, size_t cols, size_t size)
{
	size_t bytes;
	void *place = hv_arena_room(arena, rows, cols, size);

	if (place != NULL && bytes_of(rows, cols, size, &bytes))
		memset(place, 0, bytes);
	return place;
}

char *
hv_arena_text(HvArena *arena, const char *bytes, size_t length)
{
	char *text;

	if (length == SIZE_MAX)
		return NULL;
	text = hv_arena_alloc(arena, 1, length + 1, 1);
	if (text != NULL && length > 0)
		memcpy(text, bytes, length);
	return text;
}
