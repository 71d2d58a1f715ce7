/*
 * notice.h: what a training tells about its table before it begins.
 */
#ifndef HV_NOTICE_H
#define HV_NOTICE_H

#include "hadvice.h"
#include "records.h"
#include "table.h"

/* Columns left out and why, implausible values, row security. */
void hv_notice_table(const HvTable *table);

/* The table goes through a temporary file: what that means, and how to avoid it. */
void hv_notice_stream(const HvTable *table, const HvRoom *room, size_t budget);

#endif
