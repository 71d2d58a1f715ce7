/*
 * feature.h: what the catalogue knows about the columns of a relation.
 */
#ifndef HV_FEATURE_H
#define HV_FEATURE_H

#include "hadvice.h"

#include "nodes/pg_list.h"

#include "core/schema.h"

/*
 * Fills feature, unit, role, stage, factor, offset, kind and the plausible range of each column,
 * whose name is set; neutral values where the catalogue has no feature for it. levels[i] is the
 * feature's list of words (char *) in order, or NIL. Needs SPI; texts are in the current context.
 */
void hv_features_find(Oid source, HvColumn *columns, uint32_t n, List **levels);

/*
 * Kinds that were chosen by hand (vae_set_kind): sets kind and insisted, and levels[i] where their
 * order was given. Comes after hv_features_find.
 */
void hv_kinds_find(Oid source, HvColumn *columns, uint32_t n, List **levels);

#endif
