/*
 * shelf.h: decoded models, kept by a session from one statement to the next.
 */
#ifndef HV_SHELF_H
#define HV_SHELF_H

#include "hadvice.h"

#include "core/format.h"

/*
 * The model behind a TOAST pointer (VARATT_IS_EXTERNAL_ONDISK), decoded now or before. It stays at
 * least until `user` is reset or deleted. Not to be changed.
 */
const HvModel *hv_shelf_model(struct varlena *pointer, MemoryContext user);

#endif
