/*
 * format_parts.h: what format_read.c has in files of their own; nobody else includes it.
 */
#ifndef HV_FORMAT_PARTS_H
#define HV_FORMAT_PARTS_H

#include "cursor.h"
#include "format.h"

void hv_get_knots(HvCursor *cursor, HvColumn *column);
void hv_get_copula(HvCursor *cursor, HvModel *model);
/* n finite floats; a copula, and at least so many floats behind it. */
float *hv_get_f32s(HvCursor *cursor, size_t n);
void hv_get_gaussian(HvCursor *cursor, const HvSchema *schema, HvCopula *copula, size_t behind);

void hv_get_drift(HvCursor *cursor, HvModel *model);
void hv_get_strange(HvCursor *cursor, HvModel *model);
void hv_get_sampling(HvCursor *cursor, HvModel *model);

#endif
