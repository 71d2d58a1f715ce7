/*
 * format_fixture.h: a small model and its payload, reading one under a limit of memory, and changing
 * its bytes, for the tests of the format.
 */
#ifndef FORMAT_FIXTURE_H
#define FORMAT_FIXTURE_H

#include "hv_small_model.h"

#define MOST 65536

static HvArena arena;
static HvModel model;
static uint8_t good[MOST], bad[MOST + 64];
static size_t size;
static const char *corpus;

/* ---- memory for readers: begun anew for every read ---- */

static _Alignas(64) char pool[16 << 20];
static size_t pool_used;

static TEST_UNUSED void *
pool_more(void *ctx, size_t bytes)
{
	void *place = pool + pool_used;

	(void) ctx;
	if (bytes > sizeof(pool) - pool_used)
		return NULL;
	pool_used += bytes;
	return place;
}

static TEST_UNUSED HvArena
fresh_arena(size_t limit)
{
	HvArena fresh;

	pool_used = 0;
	hv_arena_init(&fresh, pool_more, NULL, limit);
	return fresh;
}

static TEST_UNUSED HvStatus
read_bytes(const uint8_t *bytes, size_t n, HvModel *out, const char **why)
{
	HvArena fresh = fresh_arena(sizeof(pool));
	/* A copy of its own size: a sanitizer sees the first byte read behind it. */
	uint8_t *copy = malloc(n > 0 ? n : 1);
	HvStatus status;

	memcpy(copy, bytes, n);
	status = hv_model_read(copy, n, &fresh, out, why);
	free(copy);
	return status;
}

/* ---- changing bytes ---- */

static TEST_UNUSED void
put(uint8_t *bytes, uint64_t number, int n)
{
	for (int i = 0; i < n; i++)
		bytes[i] = (uint8_t) (number >> 8 * i);
}

static TEST_UNUSED uint64_t
get(const uint8_t *bytes, int n)
{
	uint64_t number = 0;

	for (int i = 0; i < n; i++)
		number |= (uint64_t) bytes[i] << 8 * i;
	return number;
}

static TEST_UNUSED void
seal(uint8_t *bytes, size_t n)
{
	put(bytes + 8, n, 8);
	put(bytes + n - 4, hv_crc32c(bytes, n - 4), 4);
}

static TEST_UNUSED void
save(const char *name, const uint8_t *bytes, size_t n)
{
	char path[4096];
	FILE *file;

	if (corpus == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s.bin", corpus, name);
	for (char *c = path + strlen(corpus) + 1; *c != '\0'; c++)
		if (*c == ' ' || *c == ':')
			*c = '_';
	file = fopen(path, "wb");
	if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
		note("cannot write %s", path);
}

/* `bad` must be rejected with this status for this reason. */
static TEST_UNUSED void
rejected(size_t n, HvStatus status, const char *reason)
{
	HvModel out;
	const char *why = NULL;
	HvStatus got = read_bytes(bad, n, &out, &why);

	ok(got == status && why != NULL && strcmp(why, reason) == 0, "%s", reason);
	if (got != status || why == NULL || strcmp(why, reason) != 0)
		note("got status %d: %s", (int) got, why != NULL ? why : "(no reason)");
	save(reason, bad, n);
}

/* ---- sections ---- */

/* Where a section's content begins; its length stands in the 8 bytes before. */
static TEST_UNUSED size_t
section_at(const char *tag)
{
	size_t at = HV_FORMAT_HEADER;

	while (memcmp(good + at, tag, 4) != 0)
		at += 12 + get(good + at + 4, 8);
	return at + 12;
}

static TEST_UNUSED size_t
section_end(const char *tag)
{
	size_t at = section_at(tag);

	return at + get(good + at - 8, 8);
}

/* ---- the model and its payload ---- */

/* A small model in `model`, written into `good`. */
static TEST_UNUSED bool
make_model(HvArchitecture architecture)
{
	if (small_model(&model, architecture, &arena) != HV_OK)
		return false;
	size = hv_model_size(&model);
	return size <= MOST && hv_model_write(&model, good, size) == HV_OK;
}

static TEST_UNUSED bool
same_bytes(const HvModel *a)
{
	static uint8_t again[MOST];

	return hv_model_size(a) == size && hv_model_write(a, again, size) == HV_OK &&
	       memcmp(again, good, size) == 0;
}

#endif
