/*
 * format_parts.h: what format_read.c has in a file of its own; nobody else includes it.
 */
#ifndef HV_FORMAT_PARTS_H
#define HV_FORMAT_PARTS_H

#include "cursor.h"
#include "format.h"

void hv_get_knots(HvCursor *cursor, HvColumn *column);
void hv_get_copula(HvCursor *cursor, HvModel *model);
void hv_get_drift(HvCursor *cursor, HvModel *model);
void hv_get_strange(HvCursor *cursor, HvModel *model);
void hv_get_sampling(HvCursor *cursor, HvModel *model);

#endif
