/*
 * derived.h: columns that are computed from others: BMI from weight and height, a ratio, a sum, the same
 * quantity in another unit.
 *
 * The network learns them as it learns all others, and so would answer with a BMI that is nearly that of
 * its own weight and height. A formula found in the table makes the answer agree.
 */
#ifndef HV_DERIVED_H
#define HV_DERIVED_H

#include "schema.h"

#define HV_MAX_FORMULAS 64

typedef enum HvShape
{
	HV_PRODUCT = 0, /* y = k a b^power */
	HV_SUM,         /* y = a + k b, k = 1 or -1 */
	HV_AFFINE,      /* y = k a + c; b is a */
	HV_SHAPES
} HvShape;

typedef struct HvFormula
{
	uint32_t y, a, b; /* columns */
	HvShape shape;
	int32_t power; /* 1, 2, -1 or -2 */
	double k, c;
} HvFormula;

typedef struct HvFormulas
{
	uint32_t n;
	HvFormula *list; /* every y once */
} HvFormulas;

/*
 * Finds the formulas that hold in encoded rows (n×schema->width), up to the rounding of the columns.
 * `host` may be NULL.
 */
HvStatus hv_formulas_find(HvFormulas *formulas, const HvSchema *schema, const HvReal *records,
                          size_t n, const HvHost *host, HvArena *arena);

/*
 * Makes a value row agree with the formulas. known[ncolumns]: in, the values that must stay; out, those
 * and what follows from them alone. Where more than one value could give way it is the computed one,
 * then the first of the two it is computed from. A result that is not plausible is not taken.
 * sure[ncolumns], unless NULL, is set where a value follows.
 */
typedef struct HvSure
{
	double exact; /* before it is rounded */
	double slack; /* how far off it may be, since what it is computed from is rounded */
} HvSure;
void hv_derive(const HvFormulas *formulas, const HvSchema *schema, double *values, bool *known,
               HvSure *sure);

/* Half a unit of the column's last decimal. */
double hv_half_unit(const HvColumn *column);

#endif
