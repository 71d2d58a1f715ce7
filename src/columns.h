/*
 * columns.h: the columns of a relation, as far as its definition tells.
 */
#ifndef HV_COLUMNS_H
#define HV_COLUMNS_H

#include "hadvice.h"
#include "reader.h"

#include "utils/array.h"

/*
 * Fills schema->columns with the relation's columns: those of `columns` (name[], NULL: all) without
 * those of `exclude` (NULL: none); name, type, cell, integer, boolean and key. Returns a reader for
 * each. An error when the relation is of a kind that has no rows, or a name is unknown. Memory
 * comes from the current context.
 */
HvReader *hv_columns_of_relation(Oid relid, ArrayType *columns, ArrayType *exclude,
                                 HvSchema *schema);

#endif
