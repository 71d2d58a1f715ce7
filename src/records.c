/*
 * records.c: the second pass over a table: rows → records, split into training and held-out ones.
 *
 * Which rows are held out is decided by a hash of what the row says, cell by cell as it was read and
 * before any statistics touch it: so a row stays on its side in later trainings, though the means
 * and levels that it is encoded with change. Held-out rows serve to compare epochs and models, for
 * which 20,000 are enough: of a larger table only those with the smallest hashes are kept.
 *
 * Records that do not fit into memory go to a temporary file (stream.c).
 */
#include "hadvice.h"

#include "records.h"

#include "core/encode.h"
#include "core/fit.h"
#include "core/rng.h"

#define RESERVE 0.97 /* of HV_LOSS_MOST is aimed at, so that chance does not go over it */

/* ---- memory ---- */

/* Bytes of a training row in memory: record and place in the order; in a window its number, too. */
static size_t
row_bytes(const HvSchema *schema, bool streams)
{
	return schema->width * sizeof(HvReal) + (streams ? 2 : 1) * sizeof(uint32_t);
}

static size_t
held_bytes(const HvRoom *room, const HvSchema *schema)
{
	return room->held * schema->width * sizeof(HvReal);
}

/* One alignment for each of the four parts. */
size_t
hv_records_size(const HvRoom *room, const HvSchema *schema)
{
	return room->rows * row_bytes(schema, room->streams) + held_bytes(room, schema) + 4 * 64;
}

/*
 * The file is chosen when records would take more than the budget. Its window takes half of it: the
 * rest is for workers, who must not change what is chosen here.
 */
bool
hv_records_room(HvRoom *room, const HvSchema *schema, size_t rows, double held_fraction,
                size_t batch_size, size_t budget)
{
	size_t window, least;

	*room = (HvRoom){.rows = rows, .block = hv_stream_block(batch_size)};
	room->held = (size_t) Min(held_fraction * rows * 1.05 + 200, HV_LOSS_MOST);
	room->held = held_fraction > 0 ? Min(room->held, rows) : 0;
	room->needed = hv_records_size(room, schema);
	if (room->needed <= budget)
		return true;

	room->streams = true;
	room->held = Min(room->held, budget / 8 / (schema->width * sizeof(HvReal)));
	window = (budget / 2 - held_bytes(room, schema)) / row_bytes(schema, true);
	least = Max(room->block, batch_size);
	if (window < 2 * least)
		window = 2 * least;
	if (window > least)
		window -= window % least; /* see stream.c: no short minibatches */
	room->rows = Min(window, Max(rows, room->block));
	return hv_records_size(room, schema) <= budget;
}

/* Not zeroed: every record is encoded whole. */
static void *
take(HvCrew *crew, HvArena *arena, size_t n, size_t size)
{
	return crew != NULL ? hv_crew_memory(crew, n * size) : hv_arena_room(arena, n, 1, size);
}

bool
hv_records_init(HvRecords *records, const HvTable *table, const HvSchema *schema,
                const HvRoom *room, size_t rows, double held_fraction, HvCrew *crew, HvArena *arena)
{
	size_t bytes = schema->width * sizeof(HvReal);

	*records =
		(HvRecords){.table = table, .schema = schema, .room = *room, .fraction = held_fraction};
	/* more than held_fraction where there is room for all of them */
	records->kept_fraction = RESERVE * room->held / Max(rows, 1);
	records->records = take(crew, arena, room->rows, bytes);
	records->held = take(crew, arena, room->held, bytes);
	records->order = take(crew, arena, room->rows, sizeof(uint32_t));
	records->rows = room->streams ? take(crew, arena, room->rows, sizeof(uint32_t)) : NULL;
	if (!records->records || !records->held || !records->order || (room->streams && !records->rows))
		return false;
	if (room->streams)
	{
		records->stream = palloc0(sizeof(HvStream));
		*records->stream = (HvStream){.width = schema->width,
		                              .block = room->block,
		                              .capacity = room->rows,
		                              .records = records->records,
		                              .order = records->order,
		                              .rows = records->rows};
		hv_stream_open(records->stream);
	}
	records->cell = palloc(sizeof(uint32_t) * schema->ncolumns);
	for (uint32_t i = 0; i < schema->ncolumns; i++)
		records->cell[i] = (uint32_t) hv_schema_find(&table->schema, schema->columns[i].name);
	records->name = palloc(sizeof(uint64) * Max(table->schema.ncolumns, 1));
	for (uint32_t i = 0; i < table->schema.ncolumns; i++)
		records->name[i] = hv_hash_name(table->schema.columns[i].name);
	records->values = palloc(sizeof(double) * schema->nvalues);
	records->record = palloc(bytes);
	return true;
}

/* ---- reading ---- */

uint64
hv_hash_name(const char *name)
{
	return hv_hash(name, strlen(name), 0);
}

uint64
hv_hash_raw(uint64 name, HvCell kind, const HvRaw *cell)
{
	double number = cell->number + 0.0; /* -0 becomes 0 */

	if (cell->missing)
		return 0;
	if (kind == HV_CELL_NUMBER)
		return hv_hash_cell(name, &number, sizeof(number));
	if (kind == HV_CELL_TEXT)
		return hv_hash_cell(name, cell->text, cell->n);
	return hv_hash_cell(name, cell->vector, cell->n * sizeof(float));
}

static uint64
hash_of_row(const HvRecords *records, const HvRaw *cells)
{
	const HvSchema *all = &records->table->schema;
	uint64 hash = 0;

	for (uint32_t i = 0; i < all->ncolumns; i++)
		hash += hv_hash_raw(records->name[i], all->columns[i].cell, &cells[i]);
	return hash;
}

static void
keep_held(HvRecords *records, uint64 hash)
{
	size_t width = records->schema->width;

	records->nheld++;
	if (records->nkept < records->room.held && hv_held_out(hash, records->kept_fraction))
		memcpy(records->held + records->nkept++ * width, records->record, width * sizeof(HvReal));
}

static void
keep_training(HvRecords *records)
{
	size_t width = records->schema->width;

	if (records->stream != NULL)
		hv_stream_add(records->stream, records->record);
	else if (records->ntrain >= records->room.rows)
		ereport(ERROR, errcode(ERRCODE_DATA_EXCEPTION),
		        errmsg("%s gave more rows when read again", records->table->name),
		        errhint("A view must give the same rows each time; materialise it first."));
	else
		memcpy(records->records + records->ntrain * width, records->record, width * sizeof(HvReal));
	records->ntrain++;
}

static void
add_row(void *ctx, const HvRaw *cells)
{
	HvRecords *records = ctx;
	const HvSchema *schema = records->schema;
	uint64 hash;

	for (uint32_t i = 0; i < schema->ncolumns; i++)
	{
		const HvColumn *column = &schema->columns[i];

		hv_values_of_raw(column, &cells[records->cell[i]], records->values + column->value_at);
	}
	memset(records->record, 0, schema->width * sizeof(HvReal));
	if (hv_encode_row(schema, records->values, records->record) == 0)
		return;
	hash = hash_of_row(records, cells);
	records->fingerprint = hv_hash(&hash, sizeof(hash), records->fingerprint);
	if (hv_held_out(hash, records->fraction))
		keep_held(records, hash);
	else
		keep_training(records);
}

void
hv_records_load(HvRecords *records, HvTable *table)
{
	(void) hv_table_scan(table, add_row, records);
}

void
hv_records_sources(HvRecords *records, uint64 seed, HvSource *train, HvSource *held)
{
	size_t width = records->schema->width;

	if (records->stream != NULL)
		hv_stream_source(records->stream, train, seed);
	else
		HV_CHECK(
			hv_memory_source(train, records->records, records->ntrain, width, seed, records->order),
			records->table->name);
	HV_CHECK(hv_memory_source(held, records->held, records->nkept, width, seed, NULL),
	         records->table->name);
}

void
hv_records_close(HvRecords *records)
{
	if (records->stream != NULL)
		hv_stream_close(records->stream);
}
