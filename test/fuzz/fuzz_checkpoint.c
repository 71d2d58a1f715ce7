/*
 * fuzz_checkpoint.c: libFuzzer on hv_checkpoint_read. `make fuzz` runs it.
 *
 * The checksum and the length are made right first, so that what lies behind them is reached; the
 * network that is expected is a small one of fixed size.
 */
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "format.h"

#define PARAMETERS 8
#define BLOCKS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static HvLogged log[HV_MAX_LOG];
	HvLearned learned[BLOCKS];
	HvReal reals[4][PARAMETERS];
	HvCheckpoint checkpoint = {.state = {.nblocks = BLOCKS,
	                                     .nparameters = PARAMETERS,
	                                     .learned = learned,
	                                     .parameters = reals[0],
	                                     .m = reals[1],
	                                     .v = reals[2],
	                                     .best = reals[3]},
	                           .log = log};
	/* A copy of its own size: a sanitizer sees the first byte read behind it. */
	uint8_t *copy = malloc(size > 0 ? size : 1);
	const char *why;

	memcpy(copy, data, size);
	if (size >= 24)
	{
		uint32_t crc;

		memcpy(copy, "HVCK\1\0\0\0", 8);
		for (int i = 0; i < 8; i++)
			copy[8 + i] = (uint8_t) (size >> 8 * i);
		crc = hv_crc32c(copy, size - 4);
		for (int i = 0; i < 4; i++)
			copy[size - 4 + (size_t) i] = (uint8_t) (crc >> 8 * i);
		for (int i = 0; i < 8; i++)
			checkpoint.task |= (uint64_t) copy[16 + i] << 8 * i;
	}
	(void) hv_checkpoint_read(copy, size, &checkpoint, &why);
	free(copy);
	return 0;
}
