/*
 * keeper.c: checkpoints of a training in the server's folder.
 *
 * What a transaction writes into tables goes with it when it is cancelled or its process dies, and
 * PostgreSQL has no transaction within a transaction. So a checkpoint is a file. It lies in
 * pg_stat_tmp, the place for files of extensions that no base backup and no pg_rewind takes along
 * (pg_stat_statements keeps its query texts there); unlike pgsql_tmp it is not emptied when the
 * server starts again after a crash.
 *
 *     pg_stat_tmp/hadvice_16384_10_1f3a…c2.ckpt     database, role, hash of the model's name
 *
 * It is a cache, nothing depends on it: written beside itself and renamed, so a crash leaves the old
 * one or the new one; checked from the first byte to the last when it is read (core/checkpoint.c) and
 * thrown away when it is of another task; only a training by the same role of a model of the same name
 * looks at it, and what it was trained on must be what that role reads now. It goes when the training
 * is complete and has committed, or after a week.
 */
#include "hadvice.h"

#include "keeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define PREFIX "hadvice_"
#define MOST_BYTES ((size_t) 64 << 20) /* written and flushed at once, which nothing interrupts */
#define MOST_DAYS 7
#define LEAST_RATIO 20 /* of the time between two checkpoints to the time that writing one takes */

struct HvKeeper
{
	char path[MAXPGPATH], next[MAXPGPATH];
	TimestampTz last; /* when the last one was written, or the training began */
	int64 cost;       /* microseconds that it took */
	bool broken;
};

/* ---- files that go at commit ---- */

typedef struct Leaving
{
	struct Leaving *next;
	char path[MAXPGPATH], next_path[MAXPGPATH];
} Leaving;

static Leaving *leaving;
static bool registered;

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)
		return;
	while (leaving != NULL)
	{
		Leaving *file = leaving;

		leaving = file->next;
		if (event == XACT_EVENT_COMMIT)
		{
			/* no errors here: a file that stays goes after a week */
			(void) unlink(file->path);
			(void) unlink(file->next_path);
		}
		free(file);
	}
}

void
hv_keeper_done(HvKeeper *keeper)
{
	Leaving *file = malloc(sizeof(Leaving)); /* outlives every memory context of the transaction */

	if (file == NULL)
		return;
	if (!registered)
		RegisterXactCallback(at_end_of_transaction, NULL);
	registered = true;
	strlcpy(file->path, keeper->path, sizeof(file->path));
	strlcpy(file->next_path, keeper->next, sizeof(file->next_path));
	file->next = leaving;
	leaving = file;
}

/* ---- the folder ---- */

/* Those of trainings that nobody has resumed. */
static void
remove_old(void)
{
	DIR *folder = AllocateDir(PG_STAT_TMP_DIR);
	time_t oldest = time(NULL) - MOST_DAYS * SECS_PER_DAY;
	struct dirent *entry;

	while (folder != NULL && (entry = ReadDirExtended(folder, PG_STAT_TMP_DIR, LOG)) != NULL)
	{
		char path[MAXPGPATH * 2];
		struct stat status;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", PG_STAT_TMP_DIR, entry->d_name);
		if (stat(path, &status) == 0 && status.st_mtime < oldest)
			(void) unlink(path);
	}
	if (folder != NULL)
		FreeDir(folder);
}

HvKeeper *
hv_keeper_new(const char *model, size_t bytes)
{
	HvKeeper *keeper;
	uint64 hash = hash_bytes_extended((const unsigned char *) model, (int) strlen(model), 0);

	if (hv_checkpoint_interval < 0 || bytes > MOST_BYTES)
		return NULL;
	keeper = palloc0(sizeof(HvKeeper));
	snprintf(keeper->path, sizeof(keeper->path), "%s/%s%u_%u_" UINT64_FORMAT ".ckpt",
	         PG_STAT_TMP_DIR, PREFIX, MyDatabaseId, GetUserId(), hash);
	snprintf(keeper->next, sizeof(keeper->next), "%s.next", keeper->path);
	keeper->last = GetCurrentTimestamp();
	return keeper;
}

/* ---- writing ---- */

bool
hv_keeper_due(const HvKeeper *keeper)
{
	int64 wait = Max((int64) hv_checkpoint_interval * 1000, LEAST_RATIO * keeper->cost);

	if (hv_checkpoint_interval == 0)
		wait = 0;
	return !keeper->broken && GetCurrentTimestamp() - keeper->last >= wait;
}

static bool
put_bytes(void *ctx, const void *bytes, size_t n)
{
	const int *file = ctx;

	while (n > 0)
	{
		ssize_t done = write(*file, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
		{
			errno = done == 0 ? ENOSPC : errno;
			return false;
		}
		bytes = (const char *) bytes + done;
		n -= (size_t) done;
	}
	return true;
}

static bool
write_file(const HvKeeper *keeper, const HvCheckpoint *checkpoint)
{
	bool written;
	int error, file;

	(void) unlink(keeper->next); /* half of one, of a process that was killed */
	file = OpenTransientFile(keeper->next, O_CREAT | O_EXCL | O_WRONLY | PG_BINARY);
	if (file < 0)
		return false;
	written = hv_checkpoint_write(checkpoint, put_bytes, &file);
	error = errno;
	if (CloseTransientFile(file) != 0 && written)
		return false;
	errno = error;
	/* flushes the file, renames it, flushes the folder */
	return written && durable_rename(keeper->next, keeper->path, LOG) == 0;
}

void
hv_keeper_save(HvKeeper *keeper, const HvCheckpoint *checkpoint)
{
	TimestampTz began = GetCurrentTimestamp();

	if (keeper->cost == 0)
		remove_old();
	if (!write_file(keeper, checkpoint))
	{
		ereport(WARNING, errcode_for_file_access(),
		        errmsg("could not write the checkpoint \"%s\" of a training: %m", keeper->path),
		        errdetail("The training goes on without."));
		(void) unlink(keeper->next);
		keeper->broken = true;
	}
	keeper->last = GetCurrentTimestamp();
	keeper->cost = Max(keeper->last - began, 1);
}

/* ---- reading ---- */

/* The file's bytes; NULL, and errno, when there are none. Not more than a checkpoint may have. */
static uint8_t *
read_file(const HvKeeper *keeper, size_t most, size_t *size)
{
	int file = OpenTransientFile(keeper->path, O_RDONLY | PG_BINARY);
	struct stat status;
	uint8_t *bytes = NULL;
	ssize_t n = 0;

	if (file < 0)
		return NULL;
	*size = 0;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= 0 &&
	    (uint64) status.st_size <= most)
	{
		bytes = palloc_extended((size_t) status.st_size + 1, MCXT_ALLOC_HUGE);
		while (*size < (size_t) status.st_size &&
		       (n = read(file, bytes + *size, (size_t) status.st_size - *size)) > 0)
			*size += (size_t) n;
	}
	(void) CloseTransientFile(file);
	return bytes;
}

bool
hv_keeper_load(HvKeeper *keeper, const char *model, HvCheckpoint *checkpoint)
{
	const HvFitState *state = &checkpoint->state;
	const char *why = NULL;
	size_t size;
	uint8_t *bytes =
		read_file(keeper, hv_checkpoint_most(state->nparameters, state->nblocks), &size);

	if (bytes == NULL)
	{
		ereport(NOTICE,
		        errmsg("there is no checkpoint of a training of \"%s\": it begins anew", model));
		return false;
	}
	if (hv_checkpoint_read(bytes, size, checkpoint, &why) != HV_OK)
	{
		ereport(NOTICE, errmsg("the checkpoint of model \"%s\" is not used: %s", model, why),
		        errdetail("The training begins anew."));
		pfree(bytes);
		return false;
	}
	pfree(bytes);
	ereport(NOTICE, errmsg("the training of \"%s\" goes on after epoch %d", model, state->epoch));
	return true;
}
