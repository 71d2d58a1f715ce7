/*
 * row.h: rows of tables, composites and jsonb objects ↔ value rows of a model's schema.
 */
#ifndef HV_ROW_H
#define HV_ROW_H

#include "model.h"
#include "reader.h"

#include "utils/jsonb.h"

/*
 * values[schema.nvalues] of a row: columns are matched by name, a missing one counts as NULL, one
 * of a wrong type is an error (42804) that names it. For composites the mapping is kept in `call`,
 * whose model has been set.
 */
void hv_row_from_record(HvCall *call, HeapTupleHeader row, double *values);
void hv_row_from_jsonb(const HvModel *model, Jsonb *row, double *values);

/*
 * The row with the chosen columns replaced (replace[schema.ncolumns]) by those of `values`; NaN
 * becomes NULL. Columns that the row does not have are passed over in a composite and added to a
 * jsonb object (`row` may be NULL there).
 */
Datum hv_row_to_record(HvCall *call, HeapTupleHeader row, const double *values,
                       const bool *replace);
Datum hv_row_to_jsonb(const HvModel *model, Jsonb *row, const double *values, const bool *replace);

#endif
