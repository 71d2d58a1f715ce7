/*
 * spi.h: SQL from C, as the caller and with a search_path nobody can interfere with.
 */
#ifndef HV_SPI_H
#define HV_SPI_H

#include "hadvice.h"

#include "executor/spi.h"

void hv_spi_connect(void);
void hv_spi_finish(void);

/*
 * Runs one statement with parameters $1 …; nulls[i] true makes a parameter NULL, `nulls` may be
 * NULL. Results are in SPI_tuptable, the number of rows is returned. A read-only statement sees
 * the active snapshot, so all of them in one SQL statement see the same data. The current memory
 * context stays what it was (SPI itself would leave its own behind).
 */
typedef struct HvParam
{
	Oid type;
	Datum value;
	bool null;
} HvParam;

uint64 hv_spi_query(const char *sql, bool read_only, int nparams, const HvParam *params);

/* A column (1, 2, …) of a row (0, 1, …) of the result, in the current context. */
char *hv_spi_text(uint64 row, int column);                /* NULL for NULL */
Datum hv_spi_datum(uint64 row, int column, bool *isnull); /* valid while SPI_tuptable is */
int32 hv_spi_int(uint64 row, int column);                 /* 0 for NULL */
double hv_spi_float(uint64 row, int column, double null);

/*
 * Settings until hv_settings_restore, or until the transaction aborts. Names and values are given
 * in pairs, ended by NULL.
 */
int hv_settings_push(const char *const *pairs);
void hv_settings_restore(int level);

#endif
