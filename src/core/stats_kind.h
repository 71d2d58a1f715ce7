/*
 * stats_kind.h: what kind a column of numbers or texts is; stats.h lists the rules.
 */
#ifndef HV_STATS_KIND_H
#define HV_STATS_KIND_H

#include "summary.h"

/* column->kind from the caller's wish and the data; column->note where the data cannot bear the wish. */
void hv_settle_kind(HvColumn *column, const HvSummary *summary);

#endif
