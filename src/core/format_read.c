/*
 * format_read.c: from bytes to a model, trusting none of them.
 *
 * Owns: every check of format.h. Bytes come from anywhere (a cast from bytea, a binary COPY, a
 * damaged disk), and a checksum only helps against accidents: an attacker computes it, too.
 *
 * Every number is checked where it is read, through cursor.c: a count before anything is allocated
 * by it, an enumeration before it is used as one, a double for finiteness.
 *
 * What the sections say of each other is recomputed and compared: the positions of the columns by
 * hv_schema_layout, the number of parameters by hv_vae_init.
 */
#include "format_parts.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ schema */

static void
get_levels(HvCursor *cursor, HvColumn *column)
{
	bool numbers = column->cell == HV_CELL_NUMBER;
	uint32_t least = hv_has_levels(column) ? 2 : 0;
	uint32_t most = column->kind == HV_BINARY ? 2 : hv_has_levels(column) ? HV_MAX_LEVELS : 0;

	column->nlevels = hv_get_count(cursor, least, most, 4, "number of levels is out of range");
	if (hv_cursor_failed(cursor) || column->nlevels == 0)
		return;
	column->levels = hv_room(cursor, column->nlevels, sizeof(char *));
	column->level_shares = hv_room(cursor, column->nlevels, sizeof(double));
	if (numbers)
		column->level_values = hv_room(cursor, column->nlevels, sizeof(double));
	for (uint32_t i = 0; i < column->nlevels && !hv_cursor_failed(cursor); i++)
	{
		column->levels[i] = hv_get_text(cursor);
		if (!numbers)
			continue;
		column->level_values[i] = hv_get_finite(cursor);
		hv_require(cursor, i == 0 || column->level_values[i] > column->level_values[i - 1],
		           "level numbers do not increase");
	}
}

/* Which kinds a cell can bear. */
static bool
kind_fits_cell(const HvColumn *column)
{
	if (column->cell == HV_CELL_VECTOR || column->kind == HV_EMBEDDING)
		return column->cell == HV_CELL_VECTOR && column->kind == HV_EMBEDDING;
	return column->cell == HV_CELL_NUMBER || hv_has_levels(column);
}

static void
get_column(HvCursor *cursor, HvColumn *column)
{
	unsigned bits;
	const char *note;

	column->used = true;
	column->name = hv_get_text(cursor);
	hv_require(cursor, column->name[0] != '\0', "column has no name");
	column->type = hv_get_text(cursor);
	column->feature = hv_get_text(cursor);
	column->unit = hv_get_text(cursor);
	note = hv_get_text(cursor);
	column->note = note[0] != '\0' ? note : NULL;
	column->cell = hv_get_below(cursor, HV_CELLS, "unknown kind of cell");
	column->role = hv_get_below(cursor, HV_ROLES, "unknown role");
	column->stage = (int) hv_get_below(cursor, HV_MAX_STAGES, "unknown stage");
	column->kind = hv_get_below(cursor, HV_KINDS, "unknown kind of column");
	hv_require(cursor, column->kind != HV_KIND_AUTO, "unknown kind of column");
	column->transform = hv_get_below(cursor, HV_TRANSFORMS, "unknown transform");
	bits = hv_get_below(cursor, 16, "unknown column flag");
	column->integer = bits & 1;
	column->boolean = bits >> 1 & 1;
	column->fixed_levels = bits >> 2 & 1;
	column->key = bits >> 3 & 1;
	hv_require(cursor, kind_fits_cell(column), "kind of column does not fit its cells");
	column->low = hv_get_f64(cursor);
	column->high = hv_get_f64(cursor);
	hv_require(cursor, !isnan(column->low) && !isnan(column->high),
	           "plausible range is not a number");
	column->factor = hv_get_finite(cursor);
	column->offset = hv_get_finite(cursor);
	hv_require(cursor, column->factor != 0, "conversion factor is zero");
	column->shift = hv_get_finite(cursor);
	column->center = hv_get_finite(cursor);
	column->scale = hv_get_finite(cursor);
	hv_require(cursor, column->scale > 0, "scale is not positive");
	column->digits = (int) hv_get_below(cursor, HV_MAX_DIGITS + 2, "too many decimals") - 1;
	column->width = hv_get_u32(cursor);
	hv_require(cursor, column->width <= HV_MAX_EMBEDDING, "column is too wide");
	get_levels(cursor, column);
	hv_get_knots(cursor, column);
}

/* Whether the columns stand as hv_schema_layout would put them: stages 0, 1, … without a gap. */
static bool
stages_in_order(const HvSchema *schema)
{
	int stage = 0;

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		int next = schema->columns[i].stage;

		if (next != stage && (i == 0 || next != stage + 1))
			return false;
		stage = next;
	}
	return true;
}

static bool
names_differ(const HvSchema *schema)
{
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		if (hv_schema_find(schema, schema->columns[i].name) != (int) i)
			return false;
	return true;
}

static void
get_schema(HvCursor *cursor, HvSchema *schema)
{
	uint32_t nstages, nvalues, width;
	HvStatus status;

	/* 90 bytes are the least that a column takes: what is not there is not allocated either. */
	schema->ncolumns =
		hv_get_count(cursor, 1, HV_MAX_COLUMNS, 90, "number of columns is out of range");
	nstages = hv_get_u32(cursor);
	nvalues = hv_get_u32(cursor);
	width = hv_get_u32(cursor);
	schema->columns = hv_room(cursor, schema->ncolumns, sizeof(HvColumn));
	for (uint32_t i = 0; i < schema->ncolumns && !hv_cursor_failed(cursor); i++)
	{
		uint32_t said;

		get_column(cursor, &schema->columns[i]);
		said = schema->columns[i].width;
		if (!hv_cursor_failed(cursor) && schema->columns[i].kind != HV_EMBEDDING)
			hv_require(
				cursor,
				said ==
					(schema->columns[i].kind == HV_CATEGORICAL ? schema->columns[i].nlevels : 1),
				"width of a column does not fit its kind");
	}
	if (hv_cursor_failed(cursor))
		return;
	hv_require(cursor, stages_in_order(schema), "columns are not in the order of their stages");
	hv_require(cursor, names_differ(schema), "two columns have the same name");
	if (hv_cursor_failed(cursor))
		return;
	status = hv_schema_layout(schema);
	hv_require(cursor, status == HV_OK, "columns make no valid record");
	hv_require(cursor,
	           schema->nstages == nstages && schema->nvalues == nvalues && schema->width == width,
	           "layout does not fit the columns");
}

/* ------------------------------------------------------------------ the other sections */

static void
get_config(HvCursor *cursor, HvConfig *config, uint32_t nstages)
{
	config->architecture = hv_get_below(cursor, HV_ARCHITECTURES, "unknown architecture");
	config->nhidden = hv_get_count(cursor, 1, HV_MAX_LAYERS, 4, "number of layers is out of range");
	for (uint32_t i = 0; i < config->nhidden; i++)
	{
		config->hidden[i] = hv_get_u32(cursor);
		hv_require(cursor, config->hidden[i] >= 1 && config->hidden[i] <= HV_MAX_HIDDEN,
		           "size of a hidden layer is out of range");
	}
	hv_require(cursor, hv_get_u32(cursor) == nstages,
	           "number of latent sizes does not fit the stages");
	for (uint32_t i = 0; i < nstages && !hv_cursor_failed(cursor); i++)
	{
		config->latent[i] = hv_get_u32(cursor);
		hv_require(cursor, config->latent[i] >= 1 && config->latent[i] <= HV_MAX_LATENT,
		           "latent size is out of range");
	}
	config->members = hv_get_u32(cursor);
	hv_require(cursor, config->members >= 1 && config->members <= HV_MAX_MEMBERS,
	           "number of members is out of range");
	config->beta = hv_get_finite(cursor);
}

/*
 * The network is laid out from schema and configuration, which may ask for far more memory than
 * the payload has parameters: so the arena is held to about what the parameters there take.
 */
static void
get_parameters(HvCursor *cursor, HvModel *model, const HvConfig *config)
{
	HvArena *arena = cursor->arena;
	uint64_t count = hv_get_u64(cursor);
	size_t limit = arena->limit, most;
	HvStatus status;
	const uint8_t *bytes;

	if (!hv_cursor_failed(cursor) && (count > HV_MAX_PARAMETERS || count != cursor->left / 4))
		hv_cursor_fail(cursor, HV_CORRUPT, "number of parameters does not fit the section");
	if (hv_cursor_failed(cursor))
		return;
	most = (size_t) count * sizeof(HvReal) + (1 << 20); /* 1 MiB for its blocks and tensors */
	if (arena->used < limit && limit - arena->used > most)
		arena->limit = arena->used + most;
	status = hv_vae_init(&model->vae, &model->schema, config, arena);
	arena->limit = limit;
	if (model->vae.nparameters != 0)
		hv_require(cursor, model->vae.nparameters == count,
		           "number of parameters does not fit the configuration");
	if (status == HV_NO_MEMORY)
		hv_cursor_fail(cursor, status, "out of memory");
	hv_require(cursor, status == HV_OK, "configuration is not valid");

	bytes = hv_take(cursor, (size_t) count * 4);
	for (size_t i = 0; i < count && !hv_cursor_failed(cursor); i++, bytes += 4)
	{
		uint32_t bits = (uint32_t) bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 |
		                (uint32_t) bytes[3] << 24;
		float number;

		memcpy(&number, &bits, sizeof(number));
		hv_require(cursor, isfinite(number), "parameter is not finite");
		model->vae.parameters[i] = number;
	}
}

static void
get_column_statistics(HvCursor *cursor, HvColumn *column)
{
	column->observed = hv_get_u64(cursor);
	column->missing = hv_get_u64(cursor);
	column->implausible = hv_get_u64(cursor);
	column->distinct = hv_get_finite(cursor);
	column->mean = column->sd = column->min = column->max = NAN;
	if (column->cell != HV_CELL_TEXT)
	{
		column->mean = hv_get_finite(cursor);
		column->sd = hv_get_finite(cursor);
		column->min = hv_get_finite(cursor);
		column->max = hv_get_finite(cursor);
		hv_require(cursor, column->sd >= 0 && column->min <= column->max,
		           "moments are not possible");
	}
	for (uint32_t i = 0; i < column->nlevels; i++)
	{
		column->level_shares[i] = hv_get_finite(cursor);
		hv_require(cursor, column->level_shares[i] >= 0 && column->level_shares[i] <= 1,
		           "share of a level is out of range");
	}
	for (int i = 0; i < HV_QUANTILES; i++)
		column->quantiles[i] = NAN;
	if (column->cell == HV_CELL_NUMBER)
		hv_get_quantiles(cursor, column->quantiles);
}

static void
get_statistics(HvCursor *cursor, HvSchema *schema)
{
	for (uint32_t i = 0; i < schema->ncolumns && !hv_cursor_failed(cursor); i++)
		get_column_statistics(cursor, &schema->columns[i]);
}

static void
get_provenance(HvCursor *cursor, HvProvenance *provenance)
{
	provenance->seed = hv_get_u64(cursor);
	provenance->rows = hv_get_u64(cursor);
	provenance->validation_rows = hv_get_u64(cursor);
	provenance->fingerprint = hv_get_u64(cursor);
	provenance->epochs = hv_get_u32(cursor);
	provenance->best_epoch = hv_get_u32(cursor);
	provenance->train_elbo = hv_get_optional(cursor);
	provenance->validation_elbo = hv_get_optional(cursor);
	provenance->baseline_elbo = hv_get_optional(cursor);
	provenance->epsilon = hv_get_f64(cursor);
	hv_require(cursor, provenance->epsilon >= 0, "privacy budget is out of range");
	provenance->delta = hv_get_finite(cursor);
	hv_require(cursor, provenance->delta >= 0 && provenance->delta <= 1,
	           "privacy budget is out of range");
	provenance->row_security = hv_get_below(cursor, 2, "flag is neither 0 nor 1");
	provenance->source = hv_get_text(cursor);
	provenance->trainer = hv_get_text(cursor);
	provenance->extension_version = hv_get_text(cursor);
	hv_get_quantiles(cursor, provenance->surprise);
	hv_get_quantiles(cursor, provenance->first_surprise);
}

/* ------------------------------------------------------------------ the whole */

#define SECTION_HEAD 12 /* tag and length */

/* Opens the next section, which must bear this tag; its content is a cursor of its own. */
static HvCursor
open_section(HvCursor *whole, const char *tag)
{
	HvCursor section = *whole;
	const uint8_t *bytes = hv_take(whole, 4);
	uint64_t length;

	if (bytes != NULL)
		hv_require(whole, memcmp(bytes, tag, 4) == 0, "unexpected section");
	length = hv_get_u64(whole);
	if (length > whole->left)
		hv_cursor_fail(whole, HV_CORRUPT, "section is longer than what is left");
	else
	{
		section.at = whole->at;
		section.left = (size_t) length;
		hv_take(whole, (size_t) length);
	}
	section.status = whole->status;
	section.why = whole->why;
	if (hv_cursor_failed(&section))
		section.left = 0;
	return section;
}

/* A section must be used up; its failure is that of the whole. */
static void
close_section(HvCursor *whole, HvCursor *section)
{
	hv_require(section, section->left == 0, "section is longer than its content");
	if (hv_cursor_failed(section))
		hv_cursor_fail(whole, section->status, section->why);
}

/* Header and checksum; afterwards the cursor is on the sections. */
static void
get_frame(HvCursor *cursor, const uint8_t *bytes, size_t size)
{
	HvCursor last = {.left = HV_FORMAT_TRAILER};

	if (size < 4 || memcmp(bytes, HV_FORMAT_MAGIC, 4) != 0)
	{
		hv_cursor_fail(cursor, HV_CORRUPT, "no model: it does not begin with HVAE");
		return;
	}
	if (size < HV_FORMAT_HEADER + HV_FORMAT_TRAILER)
	{
		hv_cursor_fail(cursor, HV_CORRUPT, "shorter than a header");
		return;
	}
	hv_take(cursor, 4);
	if (hv_get_uint(cursor, 2) != HV_FORMAT_VERSION)
		hv_cursor_fail(cursor, HV_BAD_VERSION, "unknown format version");
	hv_require(cursor, hv_get_uint(cursor, 2) == 0, "unknown flags");
	hv_require(cursor, hv_get_u64(cursor) == size, "length does not fit: cut off or extended");
	if (hv_cursor_failed(cursor))
		return;
	cursor->left -= HV_FORMAT_TRAILER;
	last.at = bytes + size - HV_FORMAT_TRAILER;
	hv_require(cursor, hv_get_u32(&last) == hv_crc32c(bytes, size - HV_FORMAT_TRAILER),
	           "checksum mismatch");
}

/* A section that models of earlier versions do not have. */
static void
get_optional(HvCursor *whole, HvModel *model, const char *tag,
             void (*get)(HvCursor *cursor, HvModel *model))
{
	HvCursor section;

	if (hv_cursor_failed(whole) || whole->left < SECTION_HEAD || memcmp(whole->at, tag, 4) != 0)
		return;
	section = open_section(whole, tag);
	get(&section, model);
	close_section(whole, &section);
}

static void
get_sections(HvCursor *whole, HvModel *model)
{
	HvConfig config;
	HvCursor section;

	memset(&config, 0, sizeof(config));
	section = open_section(whole, "SCHM");
	get_schema(&section, &model->schema);
	close_section(whole, &section);
	section = open_section(whole, "CONF");
	get_config(&section, &config, model->schema.nstages);
	close_section(whole, &section);
	section = open_section(whole, "PARM");
	get_parameters(&section, model, &config);
	close_section(whole, &section);
	section = open_section(whole, "COPU");
	hv_get_copula(&section, model);
	close_section(whole, &section);
	section = open_section(whole, "STAT");
	get_statistics(&section, &model->schema);
	close_section(whole, &section);
	section = open_section(whole, "PROV");
	get_provenance(&section, &model->provenance);
	close_section(whole, &section);
	get_optional(whole, model, "DRFT", hv_get_drift);
	get_optional(whole, model, "ODDS", hv_get_strange);
	get_optional(whole, model, "SAMP", hv_get_sampling);
	hv_require(whole, whole->left < SECTION_HEAD, "unexpected section");
	hv_require(whole, whole->left == 0, "bytes behind the last section");
}

HvStatus
hv_model_read(const uint8_t *bytes, size_t size, HvArena *arena, HvModel *model, const char **why)
{
	HvCursor whole = {bytes, size, HV_OK, "", arena};

	memset(model, 0, sizeof(*model));
	get_frame(&whole, bytes, size);
	if (!hv_cursor_failed(&whole))
		get_sections(&whole, model);
	*why = whole.why;
	return whole.status;
}
