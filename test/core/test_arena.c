/*
 * test_arena.c: alignment, zeroes, chunk sizes, overflow and the limit of the arena.
 */
#include "hv_test.h"

/* A host that remembers what it was asked for, hands out odd addresses, and can run dry. */
typedef struct Host
{
	int calls;
	size_t smallest, total;
	int dry_after;
} Host;

static void *
host_more(void *ctx, size_t bytes)
{
	Host *host = ctx;
	char *chunk;

	if (host->calls == host->dry_after)
		return NULL;
	host->calls++;
	host->total += bytes;
	if (host->smallest == 0 || bytes < host->smallest)
		host->smallest = bytes;
	/* as misaligned as palloc can be: to 8 bytes only */
	chunk = test_more(NULL, bytes + 8);
	return chunk + 8;
}

static bool
all_zero(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void
many_pieces(void)
{
	Host host = {.dry_after = -1};
	HvArena arena;
	bool aligned = true, zeroed = true, kept = true;
	char *piece[400];

	hv_arena_init(&arena, host_more, &host, (size_t) 64 << 20);
	for (size_t i = 0; i < 400; i++)
	{
		size_t size = i * i % 3000;

		piece[i] = hv_new(&arena, char, size, 1);
		aligned = aligned && piece[i] != NULL && (uintptr_t) piece[i] % 64 == 0;
		zeroed = zeroed && all_zero(piece[i], size);
		memset(piece[i], (int) i, size);
	}
	for (size_t i = 0; i < 400; i++)
		for (size_t j = 0; j < i * i % 3000; j++)
			kept = kept && piece[i][j] == (char) i;
	ok(aligned, "400 pieces at multiples of 64");
	ok(zeroed, "and zeroed");
	ok(kept, "and apart from each other");
	ok(host.smallest >= 64 * 1024, "chunks of 64 KiB at least");
	ok(host.calls <= 12, "few chunks (%d)", host.calls);
	ok(arena.used == host.total, "what the host gave is counted");
}

static void
large_piece(void)
{
	Host host = {.dry_after = -1};
	HvArena arena;
	char *large;

	hv_arena_init(&arena, host_more, &host, (size_t) 64 << 20);
	ok(hv_new(&arena, char, 64, 1) != NULL, "a small piece");
	large = hv_arena_alloc(&arena, 1000, 1000, 8);
	ok(large != NULL && all_zero(large, 8000000), "a large one has its own chunk");
	for (int i = 0; i < 1000; i++)
		hv_new(&arena, char, 64, 1);
	ok(host.calls == 2, "which does not waste the chunk begun before");
}

static void
overflow(void)
{
	Host host = {.dry_after = -1};
	HvArena arena;
	size_t product = 7;

	hv_arena_init(&arena, host_more, &host, SIZE_MAX);
	ok(hv_mul(3, 4, &product) && product == 12, "3 * 4");
	ok(hv_mul(SIZE_MAX, 1, &product) && product == SIZE_MAX, "the largest product");
	ok(hv_mul(SIZE_MAX, 0, &product) && product == 0, "times 0");
	ok(!hv_mul(SIZE_MAX / 2 + 1, 2, &product), "one too many");
	ok(hv_arena_alloc(&arena, SIZE_MAX, 2, 1) == NULL, "rows * cols overflows");
	ok(hv_arena_alloc(&arena, SIZE_MAX / 4, 2, 4) == NULL, "times size overflows");
	ok(hv_arena_alloc(&arena, SIZE_MAX - 62, 1, 1) == NULL, "rounding up overflows");
	ok(hv_arena_text(&arena, "", SIZE_MAX) == NULL, "the text's zero overflows");
	ok(host.calls == 0, "the host was not asked for any of them");
	ok(hv_arena_alloc(&arena, 0, 5, 4) != NULL, "an empty matrix is not a failure");
}

static void
limits(void)
{
	Host host = {.dry_after = -1}, dry = {.dry_after = 1};
	HvArena arena;

	hv_arena_init(&arena, host_more, &host, 100 * 1024);
	ok(hv_new(&arena, float, 100, 100) != NULL, "within the limit");
	ok(hv_new(&arena, float, 100, 100) == NULL, "over it");
	ok(hv_new(&arena, char, 1024, 20) != NULL, "a smaller one still fits");
	ok(hv_new(&arena, char, 1024, 20) != NULL, "in a chunk under 64 KiB when that is all");
	ok(arena.used <= arena.limit && host.total == arena.used, "never over the limit");

	hv_arena_init(&arena, host_more, &host, 0);
	ok(hv_new(&arena, char, 1, 1) == NULL, "a limit of 0 gives nothing");

	hv_arena_init(&arena, host_more, &dry, (size_t) 1 << 30);
	ok(hv_new(&arena, char, 1, 1) != NULL, "a host that runs dry");
	ok(hv_new(&arena, char, 1 << 20, 1) == NULL, "gives NULL");
	ok(hv_new(&arena, char, 1000, 1) != NULL, "and what is left of its chunk serves on");
}

static void
texts(void)
{
	HvArena arena = test_arena();
	const char bytes[4] = {'a', 'b', 'c', 'd'};
	char *text = hv_arena_text(&arena, bytes, 3);

	ok(text != NULL && strcmp(text, "abc") == 0, "a text ends with a zero");
	text = hv_arena_text(&arena, NULL, 0);
	ok(text != NULL && *text == '\0', "an empty text");
}

int
main(void)
{
	many_pieces();
	large_piece();
	overflow();
	limits();
	texts();
	return done_testing();
}
