/*
 * catalogue_kept.c: the catalogue, kept by a session from one statement to the next.
 *
 * Reading it takes six queries and 400 rows, a millisecond or more: a fifth of one person's advice.
 * Whether it has changed is seen much faster: a row that was changed is another tuple, with another
 * place or another transaction that made it. So the places and transactions of all tuples that this
 * statement's snapshot sees, put through a hash, tell one state of the catalogue from another; no
 * trigger is needed, and a change shows at once, also to the transaction that makes it.
 *
 * A role that may not read all of it, or sees it through row security, gets it read anew each time,
 * so that privileges are the executor's business.
 */
#include "hadvice.h"

#include "catalogue.h"

#include "core/rng.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

static const char *const tables[] = {"features",   "rules",         "targets",
                                     "programmes", "effect_priors", "texts"};

/* A catalogue and who uses it; it goes when neither the session nor a user wants it. */
typedef struct Kept
{
	MemoryContext cxt;
	HvCatalogue *catalogue;
	uint64 state;
	int users; /* the session itself is one */
} Kept;

static Kept *kept;

static void
release(void *arg)
{
	Kept *old = arg;

	if (--old->users == 0)
		MemoryContextDelete(old->cxt);
}

static void
hold(Kept *held, MemoryContext user)
{
	MemoryContextCallback *callback = MemoryContextAlloc(user, sizeof(MemoryContextCallback));

	callback->func = release;
	callback->arg = held;
	MemoryContextRegisterResetCallback(user, callback);
	held->users++;
}

uint64
hv_state_of_table(Oid relid)
{
	Relation relation = table_open(relid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	TableScanDesc scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);
	uint64 state = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool isnull;
		Datum xmin = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull);
		uint32 tuple[4] = {relid, ItemPointerGetBlockNumber(&slot->tts_tid),
		                   ItemPointerGetOffsetNumber(&slot->tts_tid), DatumGetTransactionId(xmin)};

		state += hv_hash(tuple, sizeof(tuple), 0);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
	return state;
}

/* False when the caller may not read all rows of all tables. */
static bool
state_of_catalogue(uint64 *state)
{
	Oid schema = get_namespace_oid("hadvice", true);

	*state = 0;
	for (int i = 0; i < (int) lengthof(tables); i++)
	{
		Oid relid = OidIsValid(schema) ? get_relname_relid(tables[i], schema) : InvalidOid;

		if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_RELATION ||
		    pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		    check_enable_rls(relid, InvalidOid, true) != RLS_NONE)
			return false;
		*state += hv_state_of_table(relid);
	}
	return true;
}

static Kept *
keep(uint64 state, MemoryContext user)
{
	/* Read under the user's context first, where an error cleans up. */
	MemoryContext cxt = AllocSetContextCreate(user, "hadvice catalogue", ALLOCSET_DEFAULT_SIZES);
	HvCatalogue *catalogue = hv_catalogue_read(cxt);
	Kept *new = MemoryContextAlloc(cxt, sizeof(Kept));

	*new = (Kept){.cxt = cxt, .catalogue = catalogue, .state = state, .users = 1};
	MemoryContextSetParent(cxt, CacheMemoryContext);
	if (kept != NULL)
		release(kept);
	kept = new;
	return new;
}

HvCatalogue *
hv_catalogue_load(MemoryContext user)
{
	uint64 state;

	if (!state_of_catalogue(&state))
		return hv_catalogue_read(user);
	if (kept == NULL || kept->state != state)
		(void) keep(state, user);
	hold(kept, user);
	return kept->catalogue;
}
