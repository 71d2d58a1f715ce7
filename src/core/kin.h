/*
 * kin.h: what the columns of a new schema have in common with those of an earlier model.
 */
#ifndef HV_KIN_H
#define HV_KIN_H

#include "schema.h"

#define HV_NO_COLUMN UINT32_MAX

/* How a column of the new schema is related to the one of the same name in the old. */
typedef enum HvKin
{
	HV_KIN_NEW = 0, /* there is none, or nothing of it can be used */
	HV_KIN_RELATED, /* the same outputs, but another scale or other categories */
	HV_KIN_SAME     /* the same cell is encoded to the same features */
} HvKin;

typedef struct HvKinship
{
	uint32_t *from;     /* per column of the new schema: the old one's number, or HV_NO_COLUMN */
	HvKin *kin;         /* per column of the new schema */
	uint32_t nsame;     /* columns that are HV_KIN_SAME */
	const char *column; /* one that is of another kind or stage than it was; NULL: none is */
} HvKinship;

/*
 * Gives the columns of `fresh` (settled by the statistics, not yet laid out) the encoding that the
 * column of the same name has in `old`: transform, scale, knots, order of levels. So weights keep
 * their meaning, and both models can be judged on the same encoded cells. Statistics stay the new
 * ones. A column keeps its new encoding where the old one no longer fits: another kind of numbers,
 * other levels, or values that have moved by half a standard deviation or so (see kin.c). `minmax`:
 * encodings of the seed, which fit only while all values are within the old range.
 */
void hv_kin_adopt(HvSchema *fresh, const HvSchema *old, bool minmax);

/* How two laid out schemas are related. */
HvStatus hv_kin_find(HvKinship *kinship, const HvSchema *fresh, const HvSchema *old, bool minmax,
                     HvArena *arena);

/*
 * map[fresh->width]: for each position of a new record the position of the same feature, level or
 * mask bit in an old one, or HV_NO_COLUMN.
 */
void hv_kin_positions(const HvKinship *kinship, const HvSchema *fresh, const HvSchema *old,
                      uint32_t *map);

/* The old level with the text of a new one, or HV_NO_COLUMN. */
uint32_t hv_kin_level(const HvColumn *fresh, const HvColumn *old, uint32_t level);

#endif
