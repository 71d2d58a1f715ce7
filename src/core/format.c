/*
 * format.c: the bytes of a model, and how they are written; format_read.c reads them.
 *
 * Everything is little-endian on every host, and nothing is padded:
 *
 *     0   "HVAE"
 *     4   u16 format version (1)
 *     6   u16 flags, none yet: 0
 *     8   u64 length of everything, header and checksum included
 *     16  six sections in this order, each: 4 bytes of tag, u64 length of its content, content
 *         SCHM  u32 columns, u32 stages, u32 value slots, u32 width of a record; per column:
 *                 text name, type, feature, unit, note
 *                 u8 cell, role, stage, kind, transform
 *                 u8 bits: 1 integer, 2 boolean, 4 levels given, 8 key
 *                 f64 low, high, factor, offset, shift, center, scale
 *                 u8 decimals + 1; u32 width; u32 levels, per level: text, and f64 number when
 *                 cells are numbers; u32 knots, per knot: f64 value, f32 low, middle, high
 *         CONF  u8 architecture; u32 hidden layers, u32 size of each;
 *               u32 stages, u32 latent size of each; u32 members; f64 beta
 *         PARM  u64 count, f32 each
 *         COPU  u32 features; f32 mean of each, f32 scale of each, f32 precision (lower triangle by
 *               rows); per column f32 weights of copula and network, stretch, 13 × calibration;
 *               u32 formulas, per formula: u32 y, a, b, u8 shape, u8 power + 2, f64 k, c
 *         STAT  per column: u64 observed, missing, implausible; f64 distinct; unless cells are
 *               texts f64 mean, sd, min, max; f64 share of each level;
 *               when cells are numbers f64 × 65 quantiles
 *         PROV  u64 seed, rows, validation rows, fingerprint; u32 epochs, best epoch;
 *               f64 train, validation, baseline ELBO, epsilon, delta; u8 row security;
 *               text source, trainer, extension version; f64 × 65 surprise, f64 × 65 of the first stage
 *         DRFT  (may be absent) u32 latent dimensions, f64 mean and f64 variance of each; per column of
 *               numbers without levels: u32 frequent values, f64 value, f64 share of each
 *         ODDS  (may be absent) u32 trees, u32 features of a row; per tree its nodes, a node before its
 *               left and its right side: u16 feature, f32 threshold, or u16 0xFFFF and f32 steps at a
 *               leaf; 3 times u32 features and mean, scale, precision as in COPU; u8 of each column
 *               which of the 3; f32 × 25 tail of each column's residual, of each of 4 parts, of the
 *               whole; f32 weight of each part
 *         SAMP  (may be absent) u32 columns with noise, f32 correlation of it (lower triangle by rows),
 *               f32 × 25 quantiles of each; u32 features of words' choices, f32 mean of each; u32 weights,
 *               f32 each; u32 patterns of gaps, of each a bit a column, lowest first, in whole bytes
 *     end u32 CRC-32C of all bytes before
 *
 *     text = u32 length, bytes (no zero among them; no text and the empty text are the same)
 *
 * Equal models give equal bytes: no pointers, no padding, one NaN. A hidden layer of 64 and one of
 * 32 in CONF, e.g.: 02 00 00 00  40 00 00 00  20 00 00 00.
 *
 * History: 1 is the first format.
 */
#include "format.h"

#include <math.h>
#include <string.h>

#include "writer.h"

/*
 * Slicing by eight: table[k][b] is the checksum of byte b followed by k zero bytes. Making the
 * tables takes a few microseconds, less than the checksum of a small model, and keeps 2,048
 * constants out of this file.
 */
static void
make_tables(uint32_t table[8][256])
{
	for (uint32_t b = 0; b < 256; b++)
	{
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0);
		table[0][b] = crc;
	}
	for (int k = 1; k < 8; k++)
		for (uint32_t b = 0; b < 256; b++)
			table[k][b] = (table[k - 1][b] >> 8) ^ table[0][table[k - 1][b] & 0xFF];
}

uint32_t
hv_crc32c(const uint8_t *bytes, size_t size)
{
	return hv_crc32c_more(0, bytes, size);
}

uint32_t
hv_crc32c_more(uint32_t before, const uint8_t *bytes, size_t size)
{
	uint32_t table[8][256];
	uint32_t crc = ~before;

	make_tables(table);
	for (; size >= 8; size -= 8, bytes += 8)
	{
		uint32_t next = 0;

		for (int i = 0; i < 4; i++)
			next ^= table[7 - i][bytes[i] ^ ((crc >> 8 * i) & 0xFF)] ^ table[3 - i][bytes[i + 4]];
		crc = next;
	}
	for (; size > 0; size--, bytes++)
		crc = (crc >> 8) ^ table[0][(crc ^ *bytes) & 0xFF];
	return ~crc;
}

/* ------------------------------------------------------------------ sections */

static void
put_column(HvWriter *writer, const HvColumn *column)
{
	hv_put_text(writer, column->name);
	hv_put_text(writer, column->type);
	hv_put_text(writer, column->feature);
	hv_put_text(writer, column->unit);
	hv_put_text(writer, column->note);
	hv_put_u8(writer, column->cell);
	hv_put_u8(writer, column->role);
	hv_put_u8(writer, (unsigned) column->stage);
	hv_put_u8(writer, column->kind);
	hv_put_u8(writer, column->transform);
	hv_put_u8(writer, column->integer | column->boolean << 1 | column->fixed_levels << 2 |
	                      column->key << 3);
	hv_put_f64(writer, column->low);
	hv_put_f64(writer, column->high);
	hv_put_f64(writer, column->factor);
	hv_put_f64(writer, column->offset);
	hv_put_f64(writer, column->shift);
	hv_put_f64(writer, column->center);
	hv_put_f64(writer, column->scale);
	hv_put_u8(writer, (unsigned) (column->digits + 1));
	hv_put_u32(writer, column->width);
	hv_put_u32(writer, column->nlevels);
	for (uint32_t i = 0; i < column->nlevels; i++)
	{
		hv_put_text(writer, column->levels[i]);
		if (column->cell == HV_CELL_NUMBER)
			hv_put_f64(writer, column->level_values[i]);
	}
	hv_put_u32(writer, column->nknots);
	for (uint32_t i = 0; i < column->nknots; i++)
	{
		hv_put_f64(writer, column->knots[i].value);
		hv_put_f32(writer, column->knots[i].low);
		hv_put_f32(writer, column->knots[i].middle);
		hv_put_f32(writer, column->knots[i].high);
	}
}

static void
put_schema(HvWriter *writer, const HvSchema *schema)
{
	size_t section = hv_begin_section(writer, "SCHM");

	hv_put_u32(writer, schema->ncolumns);
	hv_put_u32(writer, schema->nstages);
	hv_put_u32(writer, schema->nvalues);
	hv_put_u32(writer, schema->width);
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		put_column(writer, &schema->columns[i]);
	hv_end_section(writer, section);
}

static void
put_config(HvWriter *writer, const HvConfig *config, uint32_t nstages)
{
	size_t section = hv_begin_section(writer, "CONF");

	hv_put_u8(writer, config->architecture);
	hv_put_u32(writer, config->nhidden);
	for (uint32_t i = 0; i < config->nhidden; i++)
		hv_put_u32(writer, config->hidden[i]);
	hv_put_u32(writer, nstages);
	for (uint32_t i = 0; i < nstages; i++)
		hv_put_u32(writer, config->latent[i]);
	hv_put_u32(writer, config->members);
	hv_put_f64(writer, config->beta);
	hv_end_section(writer, section);
}

static void
put_parameters(HvWriter *writer, const HvVae *vae)
{
	size_t section = hv_begin_section(writer, "PARM");

	hv_put_u64(writer, vae->nparameters);
	if (writer->bytes == NULL)
		writer->size += vae->nparameters * 4;
	else
		for (size_t i = 0; i < vae->nparameters; i++)
			hv_put_f32(writer, (float) vae->parameters[i]);
	hv_end_section(writer, section);
}

static void
put_gaussian(HvWriter *writer, const HvCopula *copula)
{
	size_t width = copula->width;

	hv_put_u32(writer, copula->width);
	hv_put_f32s(writer, copula->mean, width);
	hv_put_f32s(writer, copula->scale, width);
	hv_put_f32s(writer, copula->precision, width * (width + 1) / 2);
}

static void
put_copula(HvWriter *writer, const HvModel *model)
{
	size_t section = hv_begin_section(writer, "COPU");

	if (model->blend == NULL)
	{
		writer->status = HV_BAD_ARGUMENT;
		return;
	}
	put_gaussian(writer, &model->copula);
	for (uint32_t j = 0; j < model->schema.ncolumns; j++)
	{
		hv_put_f32(writer, model->blend[j].copula);
		hv_put_f32(writer, model->blend[j].network);
		hv_put_f32(writer, model->blend[j].stretch);
		hv_put_f32s(writer, model->blend[j].share, HV_SHARES);
	}
	hv_put_u32(writer, model->formulas.n);
	for (uint32_t i = 0; i < model->formulas.n; i++)
	{
		const HvFormula *f = &model->formulas.list[i];

		hv_put_u32(writer, f->y);
		hv_put_u32(writer, f->a);
		hv_put_u32(writer, f->b);
		hv_put_u8(writer, f->shape);
		hv_put_u8(writer, (unsigned) (f->power + 2));
		hv_put_f64(writer, f->k);
		hv_put_f64(writer, f->c);
	}
	hv_end_section(writer, section);
}

static void
put_statistics(HvWriter *writer, const HvSchema *schema)
{
	size_t section = hv_begin_section(writer, "STAT");

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[i];

		hv_put_u64(writer, column->observed);
		hv_put_u64(writer, column->missing);
		hv_put_u64(writer, column->implausible);
		hv_put_f64(writer, column->distinct);
		if (column->cell != HV_CELL_TEXT)
		{
			hv_put_f64(writer, column->mean);
			hv_put_f64(writer, column->sd);
			hv_put_f64(writer, column->min);
			hv_put_f64(writer, column->max);
		}
		hv_put_f64s(writer, column->level_shares, column->nlevels);
		if (column->cell == HV_CELL_NUMBER)
			hv_put_f64s(writer, column->quantiles, HV_QUANTILES);
	}
	hv_end_section(writer, section);
}

static void
put_provenance(HvWriter *writer, const HvProvenance *provenance)
{
	size_t section = hv_begin_section(writer, "PROV");

	hv_put_u64(writer, provenance->seed);
	hv_put_u64(writer, provenance->rows);
	hv_put_u64(writer, provenance->validation_rows);
	hv_put_u64(writer, provenance->fingerprint);
	hv_put_u32(writer, provenance->epochs);
	hv_put_u32(writer, provenance->best_epoch);
	hv_put_f64(writer, provenance->train_elbo);
	hv_put_f64(writer, provenance->validation_elbo);
	hv_put_f64(writer, provenance->baseline_elbo);
	hv_put_f64(writer, provenance->epsilon);
	hv_put_f64(writer, provenance->delta);
	hv_put_u8(writer, provenance->row_security);
	hv_put_text(writer, provenance->source);
	hv_put_text(writer, provenance->trainer);
	hv_put_text(writer, provenance->extension_version);
	hv_put_f64s(writer, provenance->surprise, HV_QUANTILES);
	hv_put_f64s(writer, provenance->first_surprise, HV_QUANTILES);
	hv_end_section(writer, section);
}

/* What drift is measured by, and nothing else needs. */
static void
put_drift(HvWriter *writer, const HvModel *model)
{
	const HvLatent *latent = &model->latent;
	size_t section;

	if (latent->n == 0)
		return;
	section = hv_begin_section(writer, "DRFT");
	hv_put_u32(writer, latent->n);
	for (uint32_t i = 0; i < latent->n; i++)
	{
		hv_put_f64(writer, latent->mean[i]);
		hv_put_f64(writer, latent->variance[i]);
	}
	for (uint32_t i = 0; i < model->schema.ncolumns; i++)
	{
		const HvColumn *column = &model->schema.columns[i];

		if (column->cell != HV_CELL_NUMBER || hv_has_levels(column))
			continue;
		hv_put_u32(writer, column->nmasses);
		for (uint32_t k = 0; k < column->nmasses; k++)
		{
			hv_put_f64(writer, column->masses[k].value);
			hv_put_f64(writer, column->masses[k].share);
		}
	}
	hv_end_section(writer, section);
}

#define LEAF 0xFFFF

/* The node at heap position `at` and all below it. */
static void
put_node(HvWriter *writer, const HvForest *forest, uint32_t tree, uint32_t at, uint32_t depth)
{
	size_t node = (size_t) tree * HV_FOREST_NODES + at;
	bool leaf = depth == HV_FOREST_DEPTH || isinf(forest->threshold[node]);

	if (leaf)
	{
		uint32_t left = ((at + 1) << (HV_FOREST_DEPTH - depth)) - 1 - HV_FOREST_NODES;

		hv_put_uint(writer, LEAF, 2);
		hv_put_f32(writer, forest->steps[(size_t) tree * HV_FOREST_LEAVES + left]);
		return;
	}
	hv_put_uint(writer, forest->feature[node], 2);
	hv_put_f32(writer, forest->threshold[node]);
	put_node(writer, forest, tree, 2 * at + 1, depth + 1);
	put_node(writer, forest, tree, 2 * at + 2, depth + 1);
}

static void
put_strange(HvWriter *writer, const HvModel *model)
{
	const HvStrange *strange = &model->strange;
	size_t section;

	if (!strange->fitted)
		return;
	section = hv_begin_section(writer, "ODDS");
	hv_put_u32(writer, strange->forest.trees);
	hv_put_u32(writer, strange->forest.features);
	for (uint32_t tree = 0; tree < strange->forest.trees; tree++)
		put_node(writer, &strange->forest, tree, 0, 0);
	for (int i = 0; i < HV_SCALES; i++)
		put_gaussian(writer, &strange->accord.ties[i]);
	hv_put_bytes(writer, strange->accord.scale, model->schema.ncolumns);
	for (uint32_t j = 0; j < model->schema.ncolumns; j++)
		hv_put_f32s(writer, strange->accord.residual[j].at, HV_TAIL_POINTS);
	for (int i = 0; i < HV_PARTS; i++)
		hv_put_f32s(writer, strange->part[i].at, HV_TAIL_POINTS);
	hv_put_f32s(writer, strange->whole.at, HV_TAIL_POINTS);
	hv_put_f32s(writer, strange->weight, HV_PARTS);
	hv_end_section(writer, section);
}

static void
put_sampling(HvWriter *writer, const HvModel *model)
{
	const HvSampling *sampling = &model->sampling;
	const HvChoice *choice = &sampling->choice;
	size_t width = sampling->width, section;

	if (width == 0 && sampling->npatterns == 0)
		return;
	section = hv_begin_section(writer, "SAMP");
	hv_put_u32(writer, sampling->width);
	hv_put_f32s(writer, sampling->correlation, width * (width + 1) / 2);
	hv_put_f32s(writer, sampling->bend, width * HV_BENDS);
	hv_put_u32(writer, choice->width);
	hv_put_f32s(writer, choice->center, choice->width);
	hv_put_u32(writer, choice->weights);
	hv_put_f32s(writer, choice->weight, choice->weights);
	hv_put_u32(writer, sampling->npatterns);
	hv_put_bytes(writer, sampling->patterns,
	             (size_t) sampling->npatterns * ((model->schema.ncolumns + 7) / 8));
	hv_end_section(writer, section);
}

/* ------------------------------------------------------------------ the whole */

static void
put_model(HvWriter *writer, const HvModel *model)
{
	hv_put_bytes(writer, HV_FORMAT_MAGIC, 4);
	hv_put_uint(writer, HV_FORMAT_VERSION, 2);
	hv_put_uint(writer, 0, 2);
	hv_put_u64(writer, 0);
	put_schema(writer, &model->schema);
	put_config(writer, &model->vae.config, model->schema.nstages);
	put_parameters(writer, &model->vae);
	put_copula(writer, model);
	put_statistics(writer, &model->schema);
	put_provenance(writer, &model->provenance);
	put_drift(writer, model);
	put_strange(writer, model);
	put_sampling(writer, model);
}

size_t
hv_model_size(const HvModel *model)
{
	HvWriter writer = {NULL, 0, HV_OK};

	put_model(&writer, model);
	return writer.size + HV_FORMAT_TRAILER;
}

HvStatus
hv_model_write(const HvModel *model, uint8_t *bytes, size_t size)
{
	HvWriter writer = {bytes, 0, HV_OK};
	HvWriter length = {bytes, 8, HV_OK};

	if (size != hv_model_size(model))
		return HV_BAD_ARGUMENT;
	put_model(&writer, model);
	hv_put_u64(&length, size);
	hv_put_u32(&writer, hv_crc32c(bytes, writer.size));
	return writer.status;
}
