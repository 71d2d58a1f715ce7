/*
 * writer.h: writing a model's bytes, little-endian.
 */
#ifndef HV_WRITER_H
#define HV_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Writes where `bytes` is not NULL, and counts in any case. */
typedef struct HvWriter
{
	uint8_t *bytes;
	size_t size; /* written, or that would have been */
	HvStatus status;
} HvWriter;

void hv_put_bytes(HvWriter *writer, const void *bytes, size_t n);
void hv_put_uint(HvWriter *writer, uint64_t number, int n);
void hv_put_u8(HvWriter *writer, unsigned number);
void hv_put_u32(HvWriter *writer, uint32_t number);
void hv_put_u64(HvWriter *writer, uint64_t number);
void hv_put_f64(HvWriter *writer, double number);
void hv_put_f32(HvWriter *writer, float number);
void hv_put_f64s(HvWriter *writer, const double *numbers, size_t n);
void hv_put_f32s(HvWriter *writer, const float *numbers, size_t n);
void hv_put_text(HvWriter *writer, const char *text);
size_t hv_begin_section(HvWriter *writer, const char *tag);
void hv_end_section(HvWriter *writer, size_t begin);

#endif
