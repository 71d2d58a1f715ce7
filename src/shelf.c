/*
 * shelf.c: decoded models, kept by a session from one statement to the next.
 *
 * An application asks about one person at a time. Fetching a model's bytes, checking and decoding
 * them took half of such a call (7 of 14 milliseconds for a model of 216,000 parameters).
 *
 * A model is known again by its TOAST pointer. What stands behind one never changes: an update makes
 * a new value with a new number. Whoever holds the pointer has read it from a row, under its own
 * privileges and snapshot, so nothing is served here that could not have been fetched.
 *
 * The shelf has few places and a bound on bytes; what was not used for the longest time makes room. A
 * model in use is never taken away: call sites hold it through a callback of their memory context,
 * which also runs when a transaction fails.
 */
#include "hadvice.h"

#include "shelf.h"

#include "model.h"

#include "access/detoast.h"
#include "utils/memutils.h"

#define PLACES 4
#define MOST_BYTES ((size_t) 64 * 1024 * 1024) /* of all models on the shelf, as stored */

typedef struct Shelved
{
	MemoryContext cxt; /* NULL: the place is free */
	struct varatt_external key;
	HvModel model;
	size_t bytes;
	int users;
	uint64 last; /* when it was asked for last, by `asked` */
} Shelved;

static Shelved shelf[PLACES];
static uint64 asked;

static void
release(void *arg)
{
	((Shelved *) arg)->users--;
}

static void
hold(Shelved *place, MemoryContext user)
{
	MemoryContextCallback *callback = MemoryContextAlloc(user, sizeof(MemoryContextCallback));

	callback->func = release;
	callback->arg = place;
	MemoryContextRegisterResetCallback(user, callback);
	place->users++;
	place->last = ++asked;
}

static void
clear(Shelved *place)
{
	MemoryContext cxt = place->cxt;

	memset(place, 0, sizeof(*place));
	if (cxt != NULL)
		MemoryContextDelete(cxt);
}

/* A place for so many bytes, made free if need be; NULL when all that is there is in use. */
static Shelved *
make_room(size_t bytes)
{
	for (;;)
	{
		Shelved *free_place = NULL, *oldest = NULL;
		size_t kept = 0;

		for (int i = 0; i < PLACES; i++)
		{
			Shelved *place = &shelf[i];

			kept += place->bytes;
			if (place->cxt == NULL)
				free_place = place;
			else if (place->users == 0 && (oldest == NULL || place->last < oldest->last))
				oldest = place;
		}
		if (free_place != NULL && kept + bytes <= MOST_BYTES)
			return free_place;
		if (oldest == NULL)
			return NULL;
		clear(oldest);
	}
}

static void
decode(struct varlena *pointer, MemoryContext cxt, HvModel *model)
{
	struct varlena *whole = detoast_attr(pointer);

	hv_model_decode((const uint8_t *) VARDATA_ANY(whole), VARSIZE_ANY_EXHDR(whole), cxt, model);
	pfree(whole);
}

const HvModel *
hv_shelf_model(struct varlena *pointer, MemoryContext user)
{
	struct varatt_external key;
	Shelved *place;
	MemoryContext cxt;

	memset(&key, 0, sizeof(key));
	VARATT_EXTERNAL_GET_POINTER(key, pointer);
	for (int i = 0; i < PLACES; i++)
		if (shelf[i].cxt != NULL && memcmp(&shelf[i].key, &key, sizeof(key)) == 0)
		{
			hold(&shelf[i], user);
			return &shelf[i].model;
		}

	place = (size_t) key.va_rawsize <= MOST_BYTES ? make_room((size_t) key.va_rawsize) : NULL;
	if (place == NULL)
	{
		HvModel *model = MemoryContextAllocZero(user, sizeof(HvModel));

		decode(pointer, user, model);
		return model;
	}
	/* Decoded under the user's context first, where an error cleans up. */
	cxt = AllocSetContextCreate(user, "hadvice model", ALLOCSET_DEFAULT_SIZES);
	decode(pointer, cxt, &place->model);
	MemoryContextSetParent(cxt, CacheMemoryContext);
	place->cxt = cxt;
	place->key = key;
	place->bytes = (size_t) key.va_rawsize;
	hold(place, user);
	return &place->model;
}
