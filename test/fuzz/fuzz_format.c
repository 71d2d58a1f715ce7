/*
 * fuzz_format.c: libFuzzer on hv_model_read. `make fuzz` runs it.
 *
 * Every input is read twice: as it is, and repaired: header, section lengths (each section is taken
 * to reach to the next tag) and checksum made right, without which hardly any input would get
 * beyond the frame. What is accepted must be written back as the same bytes.
 *
 * The corpus was made by `test_format DIR` and `test_format_bad DIR`.
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"

#define MOST ((size_t) 1 << 20)
#define MEMORY ((size_t) 64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The host's side of the arena: chunks in a list, freed after the read. */
typedef struct Chunk
{
	struct Chunk *next;
	_Alignas(16) char bytes[];
} Chunk;

static void *
more(void *ctx, size_t bytes)
{
	Chunk **chunks = ctx;
	Chunk *chunk = malloc(sizeof(Chunk) + bytes);

	if (chunk == NULL)
		return NULL;
	chunk->next = *chunks;
	*chunks = chunk;
	return chunk->bytes;
}

static void
read_one(const uint8_t *bytes, size_t size)
{
	Chunk *chunks = NULL;
	HvArena arena;
	HvModel model;
	const char *why = NULL;
	HvStatus status;

	hv_arena_init(&arena, more, &chunks, MEMORY);
	status = hv_model_read(bytes, size, &arena, &model, &why);
	if (why == NULL || (status != HV_OK && why[0] == '\0'))
		abort();
	/* 1 MiB for the network's tables, and what the bytes can become: 64 for a short text. */
	if (arena.used > ((size_t) 2 << 20) + 32 * size)
		abort();
	if (status == HV_OK)
	{
		uint8_t *again = malloc(size);

		if (hv_model_size(&model) != size || hv_model_write(&model, again, size) != HV_OK ||
		    memcmp(again, bytes, size) != 0)
			abort();
		free(again);
	}
	while (chunks != NULL)
	{
		Chunk *next = chunks->next;

		free(chunks);
		chunks = next;
	}
}

static void
put(uint8_t *bytes, uint64_t number, int n)
{
	for (int i = 0; i < n; i++)
		bytes[i] = (uint8_t) (number >> 8 * i);
}

/* The next place of a tag at or after `from`, or `end`. */
static size_t
find_tag(const uint8_t *bytes, size_t from, size_t end, const char *tag)
{
	for (; from + 12 <= end; from++)
		if (memcmp(bytes + from, tag, 4) == 0)
			return from;
	return end;
}

static void
repair(uint8_t *bytes, size_t size)
{
	static const char *const tags[] = {"SCHM", "CONF", "PARM", "STAT", "PROV"};
	size_t end = size - HV_FORMAT_TRAILER;
	size_t at = find_tag(bytes, HV_FORMAT_HEADER, end, tags[0]);

	memcpy(bytes, HV_FORMAT_MAGIC, 4);
	put(bytes + 4, HV_FORMAT_VERSION, 2);
	put(bytes + 6, 0, 2);
	put(bytes + 8, size, 8);
	for (int i = 0; i < 5 && at < end; i++)
	{
		size_t next = i < 4 ? find_tag(bytes, at + 12, end, tags[i + 1]) : end;

		put(bytes + at + 4, next - at - 12, 8);
		at = next;
	}
	put(bytes + end, hv_crc32c(bytes, end), 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	read_one(data, size);
	if (size < HV_FORMAT_HEADER + HV_FORMAT_TRAILER || size > MOST)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	repair(copy, size);
	read_one(copy, size);
	free(copy);
	return 0;
}
