/*
 * writer.c: the pieces that a model's bytes are made of; format.c draws their layout.
 *
 * A writer without room only counts, so that the same calls give the size and then the bytes.
 * Example: the text "kg" takes 02 00 00 00 6B 67. cursor.c reads what is written here.
 */
#include "writer.h"

#include <math.h>
#include <string.h>

#include "schema.h"

void
hv_put_bytes(HvWriter *writer, const void *bytes, size_t n)
{
	if (writer->bytes != NULL && n > 0)
		memcpy(writer->bytes + writer->size, bytes, n);
	writer->size += n;
}

/* The lowest `n` bytes of a number, lowest first. */
void
hv_put_uint(HvWriter *writer, uint64_t number, int n)
{
	uint8_t bytes[8];

	for (int i = 0; i < n; i++)
		bytes[i] = (uint8_t) (number >> 8 * i);
	hv_put_bytes(writer, bytes, (size_t) n);
}

void
hv_put_u8(HvWriter *writer, unsigned number)
{
	hv_put_uint(writer, number, 1);
}

void
hv_put_u32(HvWriter *writer, uint32_t number)
{
	hv_put_uint(writer, number, 4);
}

void
hv_put_u64(HvWriter *writer, uint64_t number)
{
	hv_put_uint(writer, number, 8);
}

void
hv_put_f64(HvWriter *writer, double number)
{
	uint64_t bits = 0x7FF8000000000000u; /* the one NaN */

	if (!isnan(number))
		memcpy(&bits, &number, sizeof(bits));
	hv_put_u64(writer, bits);
}

void
hv_put_f32(HvWriter *writer, float number)
{
	uint32_t bits;

	if (!isfinite(number))
		writer->status = HV_DIVERGED;
	memcpy(&bits, &number, sizeof(bits));
	hv_put_u32(writer, bits);
}

void
hv_put_f64s(HvWriter *writer, const double *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hv_put_f64(writer, numbers[i]);
}

void
hv_put_f32s(HvWriter *writer, const float *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hv_put_f32(writer, numbers[i]);
}

/* What the reader would refuse is refused here: a model that cannot be read must not be stored. */
void
hv_put_text(HvWriter *writer, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length > HV_MAX_TEXT)
		writer->status = HV_TOO_LARGE;
	hv_put_u32(writer, (uint32_t) length);
	hv_put_bytes(writer, text, length);
}

/* A section's length is known at its end, and written where hv_begin_section left room for it. */
size_t
hv_begin_section(HvWriter *writer, const char *tag)
{
	hv_put_bytes(writer, tag, 4);
	hv_put_u64(writer, 0);
	return writer->size;
}

void
hv_end_section(HvWriter *writer, size_t begin)
{
	HvWriter length = {writer->bytes, begin - 8, HV_OK};

	hv_put_u64(&length, writer->size - begin);
}
