/*
 * hadvice.h: what every file of the PostgreSQL layer shares.
 *
 * Glossary
 *   model      the trained VAE: a value of type vae_model, decoded an HvModel (core/format.h)
 *   source     the table, view, … that a model is trained on
 *   feature    a word of the catalogue (hadvice.features) that a column may stand for
 *   cell       one column of one row; raw as it comes (HvRaw), a value as the core wants it (double)
 *   value row  double per value slot of a schema; record: its encoding (core/schema.h)
 *   registry   hadvice.models: named, versioned models, one version of a name current
 *
 * Direction of calls: entry files (profile, train, registry, info, infer, advise) → learn, store,
 * table, row, model, … → reader, spi, json, openblas, hadvice → core. Entry files never call each
 * other.
 */
#ifndef HADVICE_H
#define HADVICE_H

#include "postgres.h"

#include "fmgr.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "core/arena.h"
#include "core/status.h"

#define HADVICE_VERSION "1.0"

/* GUCs */
extern bool hv_progress;           /* hadvice.progress */
extern double hv_min_probability;  /* hadvice.min_probability */
extern int hv_checkpoint_interval; /* hadvice.checkpoint_interval, milliseconds */
extern int hv_history_limit;       /* hadvice.history_limit */

/*
 * The one place where a status of the core becomes an error: SQLSTATE, message, hint. `context`
 * names what was being done or on what ("training on health_records"). HV_OK is a bug.
 */
_Noreturn void hv_raise(HvStatus status, const char *context);

#define HV_CHECK(expr, context)                                                                    \
	do                                                                                             \
	{                                                                                              \
		HvStatus hv_check_ = (expr);                                                               \
		if (hv_check_ != HV_OK)                                                                    \
			hv_raise(hv_check_, (context));                                                        \
	} while (0)

/* An arena whose chunks are palloc'ed in `cxt`: they go when the context goes. */
void hv_arena_in(HvArena *arena, MemoryContext cxt, size_t limit);

/* The limit of a training or another batch: maintenance_work_mem. */
size_t hv_work_limit(void);

/* Interrupts only: the host of anything that is not a training. */
extern const HvHost hv_interrupts;

#endif
