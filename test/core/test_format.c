/*
 * test_format.c: a model written and read is the same; equal models give equal bytes; and a
 * malformed payload for every rejection of the reader.
 *
 * A payload is made malformed in one of two ways. Either the model is changed in memory and written
 * (the writer checks little), or bytes are changed. In both cases the length and the checksum are
 * made right again, so that the rejection meant is the one that is seen.
 *
 * `test_format DIR` writes payloads, the malformed ones too, into DIR: the corpus of fuzz_format.
 */
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

static void *
pool_more(void *ctx, size_t bytes)
{
	void *place = pool + pool_used;

	(void) ctx;
	if (bytes > sizeof(pool) - pool_used)
		return NULL;
	pool_used += bytes;
	return place;
}

static HvArena
fresh_arena(size_t limit)
{
	HvArena fresh;

	pool_used = 0;
	hv_arena_init(&fresh, pool_more, NULL, limit);
	return fresh;
}

static HvStatus
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

static void
put(uint8_t *bytes, uint64_t number, int n)
{
	for (int i = 0; i < n; i++)
		bytes[i] = (uint8_t) (number >> 8 * i);
}

static uint64_t
get(const uint8_t *bytes, int n)
{
	uint64_t number = 0;

	for (int i = 0; i < n; i++)
		number |= (uint64_t) bytes[i] << 8 * i;
	return number;
}

static void
seal(uint8_t *bytes, size_t n)
{
	put(bytes + 8, n, 8);
	put(bytes + n - 4, hv_crc32c(bytes, n - 4), 4);
}

static void
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
static void
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

/* ---- a model in memory that must be rejected when it was written ---- */

static void
rejected_model(const char *reason)
{
	size_t n = hv_model_size(&model);
	HvStatus status = n <= MOST ? hv_model_write(&model, bad, n) : HV_TOO_LARGE;

	if (status != HV_OK)
		ok(false, "%s: cannot be written", reason);
	else
		rejected(n, HV_CORRUPT, reason);
}

static void
bad_number(double *place, double number, const char *reason)
{
	double before = *place;

	*place = number;
	rejected_model(reason);
	*place = before;
}

/* An enumeration or a uint32_t. */
static void
bad_word(void *place, uint32_t number, const char *reason)
{
	uint32_t before;

	memcpy(&before, place, sizeof(before));
	memcpy(place, &number, sizeof(number));
	rejected_model(reason);
	memcpy(place, &before, sizeof(before));
}

static void
bad_float(float *place, float number, const char *reason)
{
	uint32_t word;

	memcpy(&word, &number, sizeof(word));
	bad_word(place, word, reason);
}

static void
bad_name(const char **place, const char *text, const char *reason)
{
	const char *before = *place;

	*place = text;
	rejected_model(reason);
	*place = before;
}

static void
bad_columns(void)
{
	HvColumn *c = model.schema.columns;

	bad_name(&c[0].name, "", "column has no name");
	bad_name(&c[0].name, "sbp", "two columns have the same name");
	bad_word(&c[0].cell, HV_CELLS, "unknown kind of cell");
	bad_word(&c[0].role, HV_ROLES, "unknown role");
	bad_word(&c[0].stage, HV_MAX_STAGES, "unknown stage");
	bad_word(&c[0].stage, 1, "columns are not in the order of their stages");
	bad_word(&c[6].stage, 2, "columns are not in the order of their stages");
	bad_word(&c[0].kind, HV_KINDS, "unknown kind of column");
	bad_word(&c[0].kind, HV_KIND_AUTO, "unknown kind of column");
	bad_word(&c[0].kind, HV_EMBEDDING, "kind of column does not fit its cells");
	bad_word(&c[1].kind, HV_REAL, "kind of column does not fit its cells");
	bad_word(&c[5].kind, HV_REAL, "kind of column does not fit its cells");
	bad_word(&c[0].transform, HV_TRANSFORMS, "unknown transform");
	bad_number(&c[0].low, NAN, "plausible range is not a number");
	bad_number(&c[0].factor, 0, "conversion factor is zero");
	bad_number(&c[0].factor, INFINITY, "number is not finite");
	bad_number(&c[0].center, NAN, "number is not finite");
	bad_number(&c[0].scale, 0, "scale is not positive");
	bad_word(&c[0].width, HV_MAX_EMBEDDING + 1, "column is too wide");
	bad_word(&c[0].width, 2, "width of a column does not fit its kind");
	bad_word(&c[3].width, 2, "width of a column does not fit its kind");
	bad_word(&c[5].width, 0, "columns make no valid record");
	bad_word(&c[5].width, 3, "layout does not fit the columns");
	bad_word(&c[1].nlevels, 1, "number of levels is out of range");
	bad_word(&c[2].kind, HV_ORDINAL, "number of parameters does not fit the configuration");
	bad_word(&c[3].kind, HV_BINARY, "number of levels is out of range");
	bad_word(&c[3].kind, HV_REAL, "number of levels is out of range");
	bad_number(&c[3].level_values[0], NAN, "number is not finite");
	bad_number(&c[3].level_values[0], 3, "level numbers do not increase");
	bad_word(&model.schema.ncolumns, 0, "number of columns is out of range");
	bad_word(&model.schema.width, 1, "layout does not fit the columns");
	bad_word(&model.schema.nvalues, 1, "layout does not fit the columns");
	bad_number(&c[0].sd, -1, "moments are not possible");
	bad_number(&c[0].max, -1, "moments are not possible");
	bad_number(&c[5].mean, INFINITY, "number is not finite");
	bad_number(&c[0].distinct, NAN, "number is not finite");
	bad_number(&c[1].level_shares[2], 1.5, "share of a level is out of range");
	bad_number(&c[1].level_shares[2], -0.5, "share of a level is out of range");
	bad_number(&c[0].quantiles[7], -1e9, "quantiles decrease");
}

static void
bad_configuration(void)
{
	HvConfig *config = &model.vae.config;
	HvProvenance *provenance = &model.provenance;
	HvFormula *formula = model.formulas.list;

	bad_word(&config->architecture, HV_ARCHITECTURES, "unknown architecture");
	bad_word(&config->architecture, HV_JOINT, "configuration is not valid");
	bad_word(&config->nhidden, 0, "number of layers is out of range");
	bad_word(&config->hidden[1], 0, "size of a hidden layer is out of range");
	bad_word(&config->hidden[1], HV_MAX_HIDDEN + 1, "size of a hidden layer is out of range");
	bad_word(&config->hidden[1], 4, "number of parameters does not fit the configuration");
	bad_word(&config->latent[1], 0, "latent size is out of range");
	bad_word(&config->latent[0], HV_MAX_LATENT + 1, "latent size is out of range");
	bad_word(&config->members, 0, "number of members is out of range");
	bad_word(&config->members, HV_MAX_MEMBERS + 1, "number of members is out of range");
	bad_word(&config->members, 3, "number of parameters does not fit the configuration");
	bad_number(&config->beta, NAN, "number is not finite");
	bad_number(&config->beta, -1, "configuration is not valid");
	bad_word(&model.formulas.n, HV_MAX_FORMULAS + 1, "number of formulas is out of range");
	bad_word(&formula->y, 7, "formula of no column");
	bad_word(&formula->y, 0, "formula is of other columns");
	bad_word(&formula->y, 1, "formula of what is no number");
	bad_word(&formula->b, 2, "formula is of other columns");
	bad_word(&formula->shape, HV_SHAPES, "unknown shape of a formula");
	bad_word(&formula->power, 3, "power of a formula is out of range");
	bad_number(&formula->k, 0, "formula is constant");
	bad_number(&formula->c, NAN, "number is not finite");
	bad_float(&model.blend[1].copula, HV_MOST_WEIGHT + 1, "weight of a guess is out of range");
	bad_float(&model.blend[1].network, -1, "weight of a guess is out of range");
	bad_float(&model.blend[1].stretch, 0, "stretch of a guess is out of range");
	bad_float(&model.blend[1].share[3], 0, "calibration does not increase");
	bad_float(&model.blend[1].share[HV_SHARES - 1], 1, "calibration does not increase");
	bad_number(&provenance->train_elbo, INFINITY, "number is not finite");
	bad_number(&provenance->epsilon, -1, "privacy budget is out of range");
	bad_number(&provenance->epsilon, NAN, "privacy budget is out of range");
	bad_number(&provenance->delta, 2, "privacy budget is out of range");
	bad_number(&provenance->surprise[3], 1e9, "quantiles decrease");
}

static void
bad_strange(void)
{
	HvStrange *strange = &model.strange;

	bad_word(&strange->forest.trees, HV_FOREST_TREES + 1, "too many trees");
	bad_word(&strange->forest.features, SMALL_COLUMNS + 1, "forest does not fit the columns");
	bad_word(&strange->forest.features, 1, "tree asks for an unknown feature");
	bad_float(&strange->forest.steps[0], -1, "steps of a leaf are out of range");
	bad_float(&strange->accord.ties[0].scale[0], 0, "scale of the copula is not positive");
	bad_float(&strange->accord.residual[0].at[3], 0, "tail decreases");
	bad_float(&strange->accord.residual[0].at[0], -1, "tail of deviations is negative");
	bad_float(&strange->whole.at[HV_TAIL_POINTS - 1], 0, "tail decreases");
	bad_word(&strange->accord.scale[2], HV_SCALES, "scale of a column is unknown");
	bad_float(&strange->weight[1], 2, "weight of a part is out of range");
}

static void
bad_sampling(void)
{
	HvSampling *sampling = &model.sampling;

	bad_word(&sampling->width, 1, "noise does not fit the columns");
	bad_word(&sampling->npatterns, HV_MAX_PATTERNS + 1, "too many patterns of gaps");
	bad_float(&sampling->correlation[0], 0.5f, "correlation is out of range");
	bad_float(&sampling->correlation[1], -1, "correlation is out of range");
	bad_float(&sampling->bend[3], 0, "quantiles of what is drawn do not increase");
}

/* ---- bytes that must be rejected ---- */

/* Where a section's content begins; its length stands in the 8 bytes before. */
static size_t
section_at(const char *tag)
{
	size_t at = HV_FORMAT_HEADER;

	while (memcmp(good + at, tag, 4) != 0)
		at += 12 + get(good + at + 4, 8);
	return at + 12;
}

static size_t
section_end(const char *tag)
{
	size_t at = section_at(tag);

	return at + get(good + at - 8, 8);
}

/* n bytes at a position are written over. */
static void
bad_bytes(size_t at, uint64_t number, int n, const char *reason)
{
	memcpy(bad, good, size);
	put(bad + at, number, n);
	seal(bad, size);
	rejected(size, HV_CORRUPT, reason);
}

/* A byte comes in, or goes, at a position; `tag` names the section whose length is to follow. */
static void
bad_length(size_t at, int change, const char *tag, const char *reason)
{
	size_t n = size + (size_t) change;

	memcpy(bad, good, at);
	memset(bad + at, 0, 1);
	if (change > 0)
		memcpy(bad + at + 1, good + at, size - at);
	else
		memcpy(bad + at, good + at + 1, size - at - 1);
	if (tag != NULL)
	{
		size_t section = section_at(tag);

		put(bad + section - 8, get(bad + section - 8, 8) + (uint64_t) (int64_t) change, 8);
	}
	seal(bad, n);
	rejected(n, HV_CORRUPT, reason);
}

static void
bad_frames(void)
{
	memcpy(bad, good, size);
	rejected(0, HV_CORRUPT, "no model: it does not begin with HVAE");
	rejected(3, HV_CORRUPT, "no model: it does not begin with HVAE");
	rejected(19, HV_CORRUPT, "shorter than a header");
	rejected(size - 1, HV_CORRUPT, "length does not fit: cut off or extended");
	bad[size] = 0;
	rejected(size + 1, HV_CORRUPT, "length does not fit: cut off or extended");
	put(bad + 8, UINT64_MAX, 8);
	rejected(size, HV_CORRUPT, "length does not fit: cut off or extended");
	memcpy(bad, good, size);
	bad[size / 2] ^= 1;
	rejected(size, HV_CORRUPT, "checksum mismatch");
	bad_bytes(0, 'X', 1, "no model: it does not begin with HVAE");
	bad_bytes(6, 1, 2, "unknown flags");
	memcpy(bad, good, size);
	put(bad + 4, HV_FORMAT_VERSION + 1, 2);
	seal(bad, size);
	rejected(size, HV_BAD_VERSION, "unknown format version");
}

static void
bad_sections(void)
{
	size_t schema = section_at("SCHM"), config = section_at("CONF"),
		   parameters = section_at("PARM");

	bad_bytes(schema - 12, 'X', 1, "unexpected section");
	bad_bytes(schema - 8, UINT64_MAX, 8, "section is longer than what is left");
	bad_bytes(schema - 8, size, 8, "section is longer than what is left");
	bad_length(section_end("SCHM"), 1, "SCHM", "section is longer than its content");
	bad_length(section_end("CONF"), 1, "CONF", "section is longer than its content");
	bad_length(section_end("PARM"), 1, "PARM", "section is longer than its content");
	bad_length(section_end("STAT"), 1, "STAT", "section is longer than its content");
	bad_length(section_end("PROV"), 1, "PROV", "section is longer than its content");
	bad_length(section_end("DRFT"), 1, "DRFT", "section is longer than its content");
	bad_length(section_end("SAMP"), 1, NULL, "bytes behind the last section");
	bad_bytes(section_end("PROV"), 'X', 1, "unexpected section");
	bad_length(section_end("CONF") - 1, -1, "CONF", "section ends too early");
	bad_length(section_end("STAT") - 1, -1, "STAT", "section ends too early");
	bad_length(section_end("PROV") - 1, -1, "PROV", "section ends too early");
	bad_length(section_end("PARM") - 1, -1, "PARM",
	           "number of parameters does not fit the section");

	bad_bytes(schema, 1601, 4, "number of columns is out of range");
	bad_bytes(schema, UINT32_MAX, 4, "number of columns is out of range");
	bad_bytes(schema, 1600, 4, "number of columns is out of range"); /* more than there are bytes */
	bad_bytes(schema + 4, 3, 4, "layout does not fit the columns");
	bad_bytes(schema + 16, HV_MAX_TEXT + 1, 4, "text is too long");
	bad_bytes(schema + 16, UINT32_MAX, 4, "text is too long");
	bad_bytes(schema + 21, 0, 1, "text has a zero byte");
	bad_bytes(schema + 16 + 4 * 5 + 3 + 4 + 5 + 5, 0xFF, 1, "unknown column flag");
	bad_bytes(config + 1, UINT32_MAX, 4, "number of layers is out of range");
	bad_bytes(config + 13, 3, 4, "number of latent sizes does not fit the stages");
	bad_bytes(parameters, UINT64_MAX, 8, "number of parameters does not fit the section");
	bad_bytes(parameters, (uint64_t) 1 << 62, 8, "number of parameters does not fit the section");
	bad_bytes(parameters + 8, 0x7FC00000, 4, "parameter is not finite");
	bad_bytes(parameters + 8, 0xFF800000, 4, "parameter is not finite");
	/* A NaN with other bits would be another model of the same meaning. */
	bad_bytes(section_at("PROV") + 48, 0x7FF8000000000001u, 8, "number is not finite");
	/* Twice 65 quantiles and three texts ("public.people", "alice", "0.1") before the end */
	bad_bytes(section_end("PROV") - 16 * HV_QUANTILES - 12 - 21 - 1, 2, 1,
	          "flag is neither 0 nor 1");
}

/* What drift is measured by: latent dimensions, then the columns of numbers, age the first. */
static void
bad_drift(void)
{
	size_t drift = section_at("DRFT"), masses = drift + 4 + get(good + drift, 4) * 16;

	bad_bytes(drift, 0, 4, "number of latent dimensions is out of range");
	bad_bytes(drift, UINT32_MAX, 4, "number of latent dimensions is out of range");
	bad_bytes(drift, 1, 4, "latent dimensions do not fit the configuration");
	bad_bytes(drift + 12, 0xBFF0000000000000u, 8, "variance of a latent dimension is negative");
	bad_bytes(drift + 12, 0x7FF0000000000000u, 8, "number is not finite");
	bad_bytes(masses, HV_MAX_MASSES + 1, 4, "number of frequent values is out of range");
	bad_bytes(masses + 4 + 8, 0xBFF0000000000000u, 8, "share of a frequent value is out of range");
	bad_bytes(masses + 4 + 16, 0, 8, "frequent values do not increase");
}

/* A tree that goes on and on: 8 nodes on a path, where a tree has 7. */
static void
bad_tree(void)
{
	size_t at = section_at("ODDS") + 8;

	memcpy(bad, good, size);
	for (int i = 0; i < 8; i++)
		put(bad + at + (size_t) i * 6, 0, 6);
	seal(bad, size);
	rejected(size, HV_CORRUPT, "tree is too deep");
	bad_bytes(at + 2, 0x7FC00000, 4, "number is not finite");
	bad_length(section_end("ODDS"), 1, "ODDS", "section is longer than its content");
	bad_length(section_end("ODDS") - 1, -1, "ODDS", "section ends too early");
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

/* ---- what must hold ---- */

static bool
same_bytes(const HvModel *a)
{
	static uint8_t again[MOST];

	return hv_model_size(a) == size && hv_model_write(a, again, size) == HV_OK &&
	       memcmp(again, good, size) == 0;
}

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

	ok(small_model(&model, architecture, &arena) == HV_OK, "%s: a small model", name);
	size = hv_model_size(&model);
	ok(size <= MOST && hv_model_write(&model, good, size) == HV_OK, "%s: written, %u bytes", name,
	   (unsigned) size);
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
	bad_frames();
	bad_sections();
	bad_drift();
	bad_tree();
	without_drift();
	bad_columns();
	bad_configuration();
	bad_strange();
	bad_sampling();
	ok(same_bytes(&model), "the model is what it was");
	no_large_allocation();
	truncations();
	bit_flips();
	return done_testing();
}
