/*
 * cursor.c: reading numbers and texts out of bytes that nobody vouches for.
 *
 * Owns: the one place that moves through the bytes of a model. The idea: a cursor cannot be moved
 * beyond its end, and it remembers its first failure. After a failure it stands at its end and
 * gives zeros and empty texts, so the code that reads needs no test after every number. It must
 * test before it allocates or loops by a number it read, and at the end.
 *
 * Worked example: "levels = 4,000,000,000" in a payload of 300 bytes. hv_get_count holds the count
 * against HV_MAX_LEVELS, and against the bytes that are left, before anything is allocated.
 */
#include "cursor.h"

#include <math.h>
#include <string.h>

void
hv_cursor_fail(HvCursor *cursor, HvStatus status, const char *why)
{
	if (cursor->status == HV_OK)
	{
		cursor->status = status;
		cursor->why = why;
	}
	cursor->left = 0;
}

bool
hv_cursor_failed(const HvCursor *cursor)
{
	return cursor->status != HV_OK;
}

void
hv_require(HvCursor *cursor, bool right, const char *why)
{
	if (!right)
		hv_cursor_fail(cursor, HV_CORRUPT, why);
}

const uint8_t *
hv_take(HvCursor *cursor, size_t n)
{
	const uint8_t *bytes = cursor->at;

	if (n > cursor->left)
	{
		hv_cursor_fail(cursor, HV_CORRUPT, "section ends too early");
		return NULL;
	}
	cursor->at += n;
	cursor->left -= n;
	return bytes;
}

uint64_t
hv_get_uint(HvCursor *cursor, int n)
{
	const uint8_t *bytes = hv_take(cursor, (size_t) n);
	uint64_t number = 0;

	for (int i = 0; bytes != NULL && i < n; i++)
		number |= (uint64_t) bytes[i] << 8 * i;
	return number;
}

uint32_t
hv_get_u32(HvCursor *cursor)
{
	return (uint32_t) hv_get_uint(cursor, 4);
}

uint64_t
hv_get_u64(HvCursor *cursor)
{
	return hv_get_uint(cursor, 8);
}

unsigned
hv_get_below(HvCursor *cursor, unsigned bound, const char *why)
{
	unsigned number = (unsigned) hv_get_uint(cursor, 1);

	if (number < bound)
		return number;
	hv_cursor_fail(cursor, HV_CORRUPT, why);
	return 0;
}

uint32_t
hv_get_count(HvCursor *cursor, uint32_t least, uint32_t most, size_t bytes, const char *why)
{
	uint32_t count = hv_get_u32(cursor);

	if (!hv_cursor_failed(cursor) && count >= least && count <= most &&
	    count <= cursor->left / bytes)
		return count;
	hv_cursor_fail(cursor, HV_CORRUPT, why);
	return 0;
}

float
hv_get_f32(HvCursor *cursor)
{
	uint32_t bits = hv_get_u32(cursor);
	float number;

	memcpy(&number, &bits, sizeof(number));
	if (isfinite(number))
		return number;
	hv_cursor_fail(cursor, HV_CORRUPT, "number is not finite");
	return 0;
}

double
hv_get_f64(HvCursor *cursor)
{
	uint64_t bits = hv_get_u64(cursor);
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

double
hv_get_finite(HvCursor *cursor)
{
	double number = hv_get_f64(cursor);

	if (isfinite(number))
		return number;
	hv_cursor_fail(cursor, HV_CORRUPT, "number is not finite");
	return 0;
}

/* One NaN only: what is read and written again must be the same bytes. */
double
hv_get_optional(HvCursor *cursor)
{
	uint64_t bits = hv_get_u64(cursor);
	double number;

	memcpy(&number, &bits, sizeof(number));
	hv_require(cursor, isfinite(number) || bits == 0x7FF8000000000000u, "number is not finite");
	return number;
}

void
hv_get_quantiles(HvCursor *cursor, double *quantiles)
{
	for (int i = 0; i < HV_QUANTILES; i++)
	{
		quantiles[i] = hv_get_finite(cursor);
		hv_require(cursor, i == 0 || quantiles[i] >= quantiles[i - 1], "quantiles decrease");
	}
}

const char *
hv_get_text(HvCursor *cursor)
{
	uint32_t length = hv_get_count(cursor, 0, HV_MAX_TEXT, 1, "text is too long");
	const uint8_t *bytes = hv_take(cursor, length);
	const char *text;

	if (hv_cursor_failed(cursor))
		return "";
	if (length > 0 && memchr(bytes, 0, length) != NULL)
	{
		hv_cursor_fail(cursor, HV_CORRUPT, "text has a zero byte");
		return "";
	}
	text = length == 0 ? "" : hv_arena_text(cursor->arena, (const char *) bytes, length);
	if (text == NULL)
		hv_cursor_fail(cursor, HV_NO_MEMORY, "out of memory");
	return text != NULL ? text : "";
}

void *
hv_room(HvCursor *cursor, size_t n, size_t size)
{
	void *place = hv_cursor_failed(cursor) ? NULL : hv_arena_alloc(cursor->arena, n, 1, size);

	if (place == NULL)
		hv_cursor_fail(cursor, HV_NO_MEMORY, "out of memory");
	return place;
}
