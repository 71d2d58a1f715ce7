/*
 * cursor.h: a checked cursor over the bytes of a model; see cursor.c. Private to format_read.c.
 */
#ifndef HV_CURSOR_H
#define HV_CURSOR_H

#include "schema.h"

typedef struct HvCursor
{
	const uint8_t *at;
	size_t left;
	HvStatus status; /* of the first failure */
	const char *why; /* constant text that says what was wrong */
	HvArena *arena;
} HvCursor;

/* The first failure stays; the cursor stands at its end from then on. */
void hv_cursor_fail(HvCursor *cursor, HvStatus status, const char *why);
bool hv_cursor_failed(const HvCursor *cursor);

/* HV_CORRUPT unless it is right. */
void hv_require(HvCursor *cursor, bool right, const char *why);

/* The next n bytes, or NULL when there are fewer; a number of n bytes, lowest first. */
const uint8_t *hv_take(HvCursor *cursor, size_t n);
uint64_t hv_get_uint(HvCursor *cursor, int n);
uint32_t hv_get_u32(HvCursor *cursor);
uint64_t hv_get_u64(HvCursor *cursor);

/* A byte below `bound`: an enumeration, or flags. */
unsigned hv_get_below(HvCursor *cursor, unsigned bound, const char *why);

/* A count in [least, most] of things that take at least `bytes` bytes each of what is left. */
uint32_t hv_get_count(HvCursor *cursor, uint32_t least, uint32_t most, size_t bytes,
                      const char *why);

/* A finite float. */
float hv_get_f32(HvCursor *cursor);

/* Any double; a finite one; finite or NaN (a figure that may not exist). */
double hv_get_f64(HvCursor *cursor);
double hv_get_finite(HvCursor *cursor);
double hv_get_optional(HvCursor *cursor);

/* HV_QUANTILES numbers, finite and not decreasing. */
void hv_get_quantiles(HvCursor *cursor, double *quantiles);

/* At most HV_MAX_TEXT bytes without a zero among them, in the arena; never NULL. */
const char *hv_get_text(HvCursor *cursor);

/* n * size zeroed bytes, n from hv_get_count; NULL and a failure when there are none. */
void *hv_room(HvCursor *cursor, size_t n, size_t size);

#endif
