/*
 * arena.h: the only way the core gets memory.
 *
 * A bump allocator over chunks that the host hands out (palloc in PostgreSQL, malloc in a test).
 * The arena never gives a chunk back: the host drops them all at once, by deleting its memory
 * context. `limit` bounds the sum of the chunks, so a model that would not fit ends in
 * HV_NO_MEMORY instead of an exhausted machine.
 *
 *     HvArena arena;
 *     hv_arena_init(&arena, my_more, ctx, 64 << 20);
 *     HvReal *x = hv_new(&arena, HvReal, rows, width);      (zeroed; NULL when over the limit)
 */
#ifndef HV_ARENA_H
#define HV_ARENA_H

#include "status.h"

typedef void *(*HvMoreFn)(void *ctx, size_t bytes); /* NULL when there is none */

typedef struct HvArena
{
	HvMoreFn more;
	void *ctx;
	char *at;     /* next free byte of the current chunk */
	size_t left;  /* bytes left in it */
	size_t used;  /* bytes got from the host so far */
	size_t limit; /* the most that may be got */
} HvArena;

void hv_arena_init(HvArena *arena, HvMoreFn more, void *ctx, size_t limit);

/* a * b, or false when it does not fit a size_t. */
int hv_mul(size_t a, size_t b, size_t *product);

/* rows * cols * size zeroed bytes, 64-byte aligned; NULL on overflow or over the limit. */
void *hv_arena_alloc(HvArena *arena, size_t rows, size_t cols, size_t size);

#define hv_new(arena, type, rows, cols)                                                            \
	((type *) hv_arena_alloc((arena), (rows), (cols), sizeof(type)))

/* The same with whatever the memory held before: for room that is written before it is read. */
void *hv_arena_room(HvArena *arena, size_t rows, size_t cols, size_t size);

#define hv_raw(arena, type, rows, cols)                                                            \
	((type *) hv_arena_room((arena), (rows), (cols), sizeof(type)))

/* A copy of `length` bytes with a terminating zero; NULL as above. */
char *hv_arena_text(HvArena *arena, const char *bytes, size_t length);

#endif
