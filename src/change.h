/*
 * change.h: how far a table is from the rows that a model was trained on.
 */
#ifndef HV_CHANGE_H
#define HV_CHANGE_H

#include "hadvice.h"

#include "champion.h"

typedef struct HvDriftRow
{
	const char *column;
	double psi, ks, missing_change; /* NaN: not to be told */
	double rank;                    /* what rows are ordered by, the largest first */
	const char *note;               /* NULL: nothing to say */
} HvDriftRow;

typedef struct HvDriftReport
{
	uint64 rows; /* of the relation */
	HvDriftRow *row;
	int n;
} HvDriftReport;

/*
 * Reads the relation once, as the caller, in bounded memory. A row for each column of the model, for
 * each column of the relation that the model could know but does not, and for the latent codes; the
 * worst first. In the current context; connects to SPI itself.
 */
void hv_drift_report(const HvChampion *champion, Oid relid, HvDriftReport *report);

#endif
