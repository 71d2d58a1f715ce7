/*
 * test_format_bad.c: a malformed payload for every rejection of the reader of models.
 *
 * A payload is made malformed in one of two ways. Either the model is changed in memory and written
 * (the writer checks little), or bytes are changed. In both cases the length and the checksum are
 * made right again, so that the rejection meant is the one that is seen.
 *
 * `test_format_bad DIR` writes them into DIR: the corpus of fuzz_format.
 */
#include "format_fixture.h"

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
	bad_word(&sampling->choice.width, 3, "choices do not fit the columns");
	bad_word(&sampling->choice.width, HV_MAX_CHOICE + 1, "too many features of choices");
	bad_word(&sampling->choice.weights, 5, "choices do not fit the columns");
}

/* ---- bytes that must be rejected ---- */

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

	bad_bytes(at - 8, HV_FOREST_TREES + 1, 4, "too many trees");
	memcpy(bad, good, size);
	for (int i = 0; i < 8; i++)
		put(bad + at + (size_t) i * 6, 0, 6);
	seal(bad, size);
	rejected(size, HV_CORRUPT, "tree is too deep");
	bad_bytes(at + 2, 0x7FC00000, 4, "number is not finite");
	bad_length(section_end("ODDS"), 1, "ODDS", "section is longer than its content");
	bad_length(section_end("ODDS") - 1, -1, "ODDS", "section ends too early");
}

int
main(int argc, char **argv)
{
	corpus = argc > 1 ? argv[1] : NULL;
	arena = test_arena();
	ok(make_model(HV_ORDERED), "a small model");
	bad_frames();
	bad_sections();
	bad_drift();
	bad_tree();
	bad_columns();
	bad_configuration();
	bad_strange();
	bad_sampling();
	ok(same_bytes(&model), "the model is what it was");
	return done_testing();
}
