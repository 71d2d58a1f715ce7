/*
 * encode.h: value rows to records and back.
 *
 *   real, positive, count, date  1 feature: (t(v) - center) / scale, clipped to ±HV_CLIP; t is the
 *                         normal score (in the seed and in embeddings the value itself)
 *   ordinal               1 feature: (index - center) / scale
 *   binary                1 feature: 0 or 1
 *   categorical           one feature a level, one-hot
 *   embedding             `width` features, (v - center) / scale with one center and scale
 *
 * A missing cell is zeros with mask bit 0. A value outside [low, high] counts as missing.
 */
#ifndef HV_ENCODE_H
#define HV_ENCODE_H

#include "schema.h"

#define HV_CLIP 8

/* record[schema->width] from values[schema->nvalues]; returns the number of observed cells. */
uint32_t hv_encode_row(const HvSchema *schema, const double *values, HvReal *record);

/* One column of it. */
void hv_encode_cell(const HvColumn *column, const double *values, HvReal *record);

/* The level that the features x of a cell stand for. */
uint32_t hv_decode_level(const HvColumn *column, const HvReal *x);

/*
 * The inverse, ignoring mask bits: numbers are transformed back, kept within the range seen in
 * training, and rounded for integer columns; a categorical takes its largest feature, an ordinal
 * and a binary the nearest level.
 */
void hv_decode_row(const HvSchema *schema, const HvReal *record, double *values);
void hv_decode_cell(const HvColumn *column, const HvReal *record, double *values);

/* The same for one numeric feature, without rounding or clamping: effects are differences of it. */
double hv_decode_number(const HvColumn *column, double x);
double hv_encode_number(const HvColumn *column, double value);

/* The same in the catalogue's units, column->factor times the column's and column->offset more. */
double hv_decode_catalogue(const HvColumn *column, double x);
double hv_encode_catalogue(const HvColumn *column, double value);

/* values[n] of x[n], at distances ldv and ldx; fastest when they are close to each other. */
void hv_decode_catalogues(const HvColumn *column, const HvReal *x, size_t ldx, size_t n,
                          double *values, size_t ldv);

/* The column's number of decimals, and the range seen in training. */
double hv_round_number(const HvColumn *column, double value);

#endif
