/*
 * test_format.c: a model written and read is the same; equal models give equal bytes; nothing that
 * was cut off or changed is taken for what it was. test_format_bad.c has the reasons one by one.
 *
 * `test_format DIR` writes the payloads into DIR: the corpus of fuzz_format.
 */
#include "format_fixture.h"

static void
checksum(void)
{
	/* RFC 3720, B.4: 32 bytes of zeros, of ones, increasing; and the usual check value. */
	uint8_t bytes[32] = {0};

	ok(hv_crc32c(bytes, 32) == 0x8A9136AAu, "CRC-32C of zeros");
	memset(bytes, 0xFF, 32);
	ok(hv_crc32c(bytes, 32) == 0x62A8AB43u, "of ones");
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t) i;
	ok(hv_crc32c(bytes, 32) == 0x46DD794Eu, "of 0, 1, … 31");
	ok(hv_crc32c((const uint8_t *) "123456789", 9) == 0xE3069283u, "of nine digits");
}

static void
round_trip(HvArchitecture architecture)
{
	const char *name = hv_architecture_name(architecture);
	static uint8_t first[MOST];
	size_t first_size;
	HvModel out;
	const char *why;

	ok(make_model(architecture), "%s: a small model, written, %u bytes", name, (unsigned) size);
	save(name, good, size);
	ok(read_bytes(good, size, &out, &why) == HV_OK, "%s: read", name);
	ok(same_bytes(&out), "%s: the same bytes again", name);
	ok(out.vae.schema == &out.schema && out.vae.nparameters == model.vae.nparameters &&
	       memcmp(out.vae.parameters, model.vae.parameters,
	              model.vae.nparameters * sizeof(HvReal)) == 0,
	   "%s: the same parameters", name);
	ok(strcmp(out.schema.columns[6].feature, "systolic_mmhg") == 0 &&
	       out.schema.columns[6].note == NULL && out.schema.columns[0].high == 120 &&
	       out.schema.columns[1].low == -INFINITY && isnan(out.provenance.validation_elbo) &&
	       isinf(out.provenance.epsilon) && out.provenance.fingerprint == 0x0123456789ABCDEFu,
	   "%s: the same facts", name);

	memcpy(first, good, size);
	first_size = size;
	small_model(&model, architecture, &arena);
	ok(hv_model_size(&model) == first_size && same_bytes(&model), "%s: made again: the same bytes",
	   name);
}

static void
writer_refuses(void)
{
	HvReal before = model.vae.parameters[0];
	char *longest = calloc(1, HV_MAX_TEXT + 2);
	const char *name = model.schema.columns[0].name;

	ok(hv_model_write(&model, bad, size - 1) == HV_BAD_ARGUMENT, "a wrong size is refused");
	model.vae.parameters[0] = NAN;
	ok(hv_model_write(&model, bad, size) == HV_DIVERGED, "a parameter that is no number");
	model.vae.parameters[0] = before;
	memset(longest, 'x', HV_MAX_TEXT + 1);
	model.schema.columns[0].name = longest;
	ok(hv_model_write(&model, bad, hv_model_size(&model)) == HV_TOO_LARGE, "a text too long");
	model.schema.columns[0].name = name;
	free(longest);
}

/* Cut anywhere, with the header's length and the checksum as they were, and made right. */
static void
truncations(void)
{
	size_t plain = 0, sealed = 0;
	HvModel out;
	const char *why;

	for (size_t n = 0; n < size; n++)
		plain += read_bytes(good, n, &out, &why) == HV_CORRUPT;
	ok(plain == size, "every truncation is rejected");
	for (size_t n = 20; n < size; n++)
	{
		memcpy(bad, good, n);
		seal(bad, n);
		sealed += read_bytes(bad, n, &out, &why) == HV_CORRUPT;
	}
	/* but for those before the three sections that may be absent */
	ok(sealed == size - 20 - 3, "also when its length and checksum are right");
}

/* A flipped bit is seen by the checksum; without it, what is still read is written as it was. */
static void
bit_flips(void)
{
	size_t plain = 0, accepted = 0, exact = 0;
	static uint8_t again[MOST];
	HvModel out;
	const char *why;

	memcpy(bad, good, size);
	for (size_t bit = 0; bit < 8 * size; bit++)
	{
		bad[bit / 8] ^= (uint8_t) (1 << bit % 8);
		plain += read_bytes(bad, size, &out, &why) != HV_OK;
		bad[bit / 8] ^= (uint8_t) (1 << bit % 8);
	}
	ok(plain == 8 * size, "every flipped bit is seen");
	for (size_t at = 0; at < size - 4; at++)
	{
		memcpy(bad, good, size);
		bad[at] ^= (uint8_t) (1 << at % 8);
		seal(bad, size);
		if (read_bytes(bad, size, &out, &why) != HV_OK)
			continue;
		accepted++;
		exact += hv_model_size(&out) == size && hv_model_write(&out, again, size) == HV_OK &&
		         memcmp(again, bad, size) == 0;
	}
	ok(accepted > 0 && exact == accepted,
	   "with the checksum made right, %u of %u flips are other models, each written as it was read",
	   (unsigned) accepted, (unsigned) size - 4);
}

/* A short payload that asks for a large network must not be given the memory for it. */
static void
no_large_allocation(void)
{
	HvConfig *config = &model.vae.config, before = *config;
	HvArena fresh = fresh_arena((size_t) 1 << 40);
	HvStatus status;
	HvModel out;
	const char *why;
	size_t n;

	config->nhidden = 4;
	config->hidden[0] = config->hidden[1] = config->hidden[2] = config->hidden[3] = HV_MAX_HIDDEN;
	n = hv_model_size(&model);
	hv_model_write(&model, bad, n);
	status = hv_model_read(bad, n, &fresh, &out, &why);
	ok(status == HV_CORRUPT && fresh.used < ((size_t) 4 << 20),
	   "a large network in a small payload: %s, %u bytes used", why, (unsigned) fresh.used);
	save("large network", bad, n);
	*config = before;

	fresh = fresh_arena(5000);
	ok(hv_model_read(good, size, &fresh, &out, &why) == HV_NO_MEMORY &&
	       strcmp(why, "out of memory") == 0,
	   "out of memory");
}

/* A model of a version that did not measure drift. */
static void
without_drift(void)
{
	HvModel out;
	const char *why;
	size_t n = section_end("PROV") + 4;

	memcpy(bad, good, n);
	seal(bad, n);
	ok(read_bytes(bad, n, &out, &why) == HV_OK && out.latent.n == 0 &&
	       out.schema.columns[0].nmasses == 0,
	   "a model without a section for drift is read");
	ok(!out.strange.fitted && out.sampling.width == 0 && out.sampling.npatterns == 0,
	   "without those behind it, too");
}

int
main(int argc, char **argv)
{
	corpus = argc > 1 ? argv[1] : NULL;
	arena = test_arena();
	checksum();
	round_trip(HV_SEED);
	round_trip(HV_JOINT);
	round_trip(HV_ORDERED);
	writer_refuses();
	without_drift();
	no_large_allocation();
	truncations();
	bit_flips();
	return done_testing();
}
