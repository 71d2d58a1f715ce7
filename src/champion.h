/*
 * champion.h: the current version of a model, as what comes next needs it.
 */
#ifndef HV_CHAMPION_H
#define HV_CHAMPION_H

#include "hadvice.h"
#include "options.h"

#include "core/format.h"

typedef struct HvChampion
{
	const char *name;
	int version;
	Oid source;
	int64 rows; /* it was trained on, held-out ones included */
	bool own;   /* the caller may change it */
	HvModel model;
	HvOptions options; /* of its training; columns that the source no longer has are taken out */
} HvChampion;

/*
 * The current version of this name, in the current context. An error when there is none that the
 * caller may see (42704), or, `with_source`, when that is gone (55000).
 */
void hv_champion_read(const char *name, bool with_source, HvChampion *champion);

#endif
