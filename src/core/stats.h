/*
 * stats.h: running statistics of a table's columns, and the schema they lead to.
 *
 * One pass: init with the columns as the caller knows them, add every cell, finish. A column's
 * summary is of bounded size whatever the table: moments (Welford), a dictionary of at most
 * HV_MAX_LEVELS + 1 levels, the 1,024 smallest hashes of its values (exact distinct count below
 * that, an estimate above) and a reservoir of 4,096 values for the quantiles. Everything depends
 * only on the cells and their order.
 *
 * How kinds are chosen (finish), where the caller left HV_KIND_AUTO; the first that fits:
 *   text      all different (distinct >= 0.9 observed, over 20 rows): left out as an identifier;
 *             more than HV_MAX_LEVELS different, or one over HV_MAX_TEXT bytes: left out;
 *             2 levels: binary; else categorical. Levels are in bytewise order.
 *   number    integer column with nearly all values different (>= 0.9 of the observed, and over
 *             1,024 of them), or `key`: left out as a key;
 *             2 distinct: binary (levels in numeric order);
 *             integers, at most 10 distinct spanning at most 10: ordinal;
 *             min > 0 and skewness > 1: positive;
 *             min 0, skewness > 1, a fifth zeros (three fifths, of what could be a count): amount;
 *             integers from 0 to at most 256, at most 64 distinct, skewness > 1: count;
 *             else real.
 *   vector    embedding.
 *   one value left out as constant. No value: left out as empty.
 * A kind that the caller gave wins where the data can bear it; `note` says when they cannot.
 * Levels that the caller gave (fixed_levels, for numbers with level_values) stay as they are, seen
 * or not; other values count as implausible.
 */
#ifndef HV_STATS_H
#define HV_STATS_H

#include "schema.h"

typedef struct HvStats HvStats;

/* `schema->columns[0 … ncolumns)` hold the caller's part; the texts must outlive the stats. */
HvStatus hv_stats_init(HvStats **stats, const HvSchema *schema, HvArena *arena);

/*
 * One cell of the current row. NaN, infinity, numbers beyond ±1e90 and those outside [low, high]
 * count as missing and implausible. A vector of another length than the first is HV_BAD_ARGUMENT,
 * one of more than HV_MAX_EMBEDDING elements HV_TOO_LARGE; the empty one counts as missing.
 */
void hv_stats_number(HvStats *stats, uint32_t column, double value);
HvStatus hv_stats_text(HvStats *stats, uint32_t column, const char *text, size_t length);
HvStatus hv_stats_vector(HvStats *stats, uint32_t column, const float *values, size_t n);
void hv_stats_missing(HvStats *stats, uint32_t column);

/*
 * Settles kinds, levels, transforms and what is left out, into schema->columns (all of them, used
 * or not: vae_profile shows both); hv_schema_layout afterwards drops the unused. With `minmax`
 * (the seed's preprocessing) numbers are scaled linearly from [min, max] to [0, 1].
 */
HvStatus hv_stats_finish(HvStats *stats, HvSchema *schema, HvArena *arena, bool minmax);

#endif
