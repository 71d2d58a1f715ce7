/*
 * records.h: the encoded rows of a training: read, split, and kept in memory or in a file.
 */
#ifndef HV_RECORDS_H
#define HV_RECORDS_H

#include "hadvice.h"
#include "parallel.h"
#include "stream.h"
#include "table.h"

#include "core/source.h"

/* How the memory of a training is used; every size in bytes, rows where it says so. */
typedef struct HvRoom
{
	bool streams;      /* records go to a file, and `rows` is what the window holds */
	size_t rows;       /* training records in memory */
	size_t held;       /* held-out records kept to judge by */
	size_t block;      /* rows of a block of the file */
	size_t needed;     /* by records when all of them were in memory */
	size_t crew_bytes; /* shared memory for `workers` workers, records included */
	int workers;
} HvRoom;

typedef struct HvRecords
{
	const HvTable *table;
	const HvSchema *schema; /* of the model */
	HvRoom room;
	double fraction;      /* of the rows that is held out */
	double kept_fraction; /* of the rows that is held out and kept; less for large tables */
	HvStream *stream;     /* NULL: in memory */
	HvReal *records, *held;
	uint32_t *order, *rows;
	size_t ntrain;
	size_t nheld, nkept; /* held out; of these, kept */
	uint64 fingerprint;
	/* for one row */
	uint32_t *cell; /* per column of the schema: its number in the table */
	uint64 *name;   /* per column of the table: hash of its name */
	double *values;
	HvReal *record;
} HvRecords;

/*
 * What there is room for in `budget` bytes beside the rest of a training: the records, or a window
 * of a file of them. Does not depend on workers; false when not even that has room.
 */
bool hv_records_room(HvRoom *room, const HvSchema *schema, size_t rows, double held_fraction,
                     size_t batch_size, size_t budget);

/* Bytes that these records take in memory. */
size_t hv_records_size(const HvRoom *room, const HvSchema *schema);

/* Takes the memory, from the crew's if there is one, else from the arena; false: there is none. */
bool hv_records_init(HvRecords *records, const HvTable *table, const HvSchema *schema,
                     const HvRoom *room, size_t rows, double held_fraction, HvCrew *crew,
                     HvArena *arena);

/* Reads the table. Needs a connection to SPI. */
void hv_records_load(HvRecords *records, HvTable *table);

/* The training rows and the held-out ones. */
void hv_records_sources(HvRecords *records, uint64 seed, HvSource *train, HvSource *held);

void hv_records_close(HvRecords *records);

/*
 * The hash of a row, which decides whether it is held out (hv_held_out), is the sum of these over the
 * columns that the training looked at, used or not.
 */
uint64 hv_hash_name(const char *name);
uint64 hv_hash_raw(uint64 name, HvCell kind, const HvRaw *cell);

#endif
