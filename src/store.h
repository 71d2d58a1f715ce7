/*
 * store.h: putting models into the registry.
 */
#ifndef HV_STORE_H
#define HV_STORE_H

#include "hadvice.h"
#include "learn.h"

/*
 * Makes this transaction the only one that trains a model of this name; an error when another one
 * does already (55P03), or when the name belongs to a role whose models the caller may not change.
 */
void hv_store_lock(const char *name);

/* Keeps others from changing which version of this name is current; waits for its turn. */
void hv_store_lock_current(const char *name);

/* The current version of this name, as it is now, locked so until the transaction ends; 0: none. */
int hv_store_current(const char *name);

/*
 * Adds a trained model as the next version of its name, current when `promote`; its epochs go into
 * hadvice.training_history. `champion` is the version it was compared with, 0: none. Returns the
 * version.
 */
int hv_store_add(const char *name, Oid source, const HvTrained *trained, const HvOptions *options,
                 int champion, bool promote);

/* Makes a version the current one of its name, locked so; false when there is no such version. */
bool hv_store_promote(const char *name, int version);

#endif
