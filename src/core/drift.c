/*
 * drift.c: how far a column's cells of today are from those that a model was trained on.
 *
 * Example, drinks a day. Then: 0 for 30 % of the people, quantiles 0 0 … 0 0.1 0.3 … 12; the edge 0 is
 * 20 of the 65 quantiles, so the training's share up to 0 is between 19/64 and 20/64, say 19.5/64.
 * Now 8 % have 0: at this edge the distribution functions are .305 and .08, KS is at least .225.
 */
#include "drift.h"

#include <math.h>
#include <string.h>

#define BIN 0.0999  /* least share of a bin, but for the last */
#define STEPPED 256 /* with fewer different values each may hold a visible share */

static double
index_part(double now, double then)
{
	double a = now > HV_DRIFT_FLOOR ? now : HV_DRIFT_FLOOR;
	double e = then > HV_DRIFT_FLOOR ? then : HV_DRIFT_FLOOR;

	return (a - e) * log(a / e);
}

/*
 * The share of the training's cells up to quantile i, the last of equal ones. Of a smooth
 * distribution it is i/64. Where a value is a step, i/64 is already inside of it and (i + 1)/64 is
 * not: in the middle then.
 */
static double
share_up_to(const HvColumn *column, int i, bool repeated)
{
	bool step = repeated || column->distinct < STEPPED;

	if (i == HV_QUANTILES - 1)
		return 1;
	return (i + (step ? 0.5 : 0)) / (HV_QUANTILES - 1);
}

static void
init_edges(HvDrift *drift)
{
	const double *q = drift->column->quantiles;

	for (int i = 0; i < HV_QUANTILES; i++)
	{
		if (isnan(q[i]) || (i < HV_QUANTILES - 1 && q[i + 1] == q[i]))
			continue;
		drift->edges[drift->nedges] = q[i];
		drift->shares[drift->nedges] = share_up_to(drift->column, i, i > 0 && q[i - 1] == q[i]);
		drift->nedges++;
	}
}

HvStatus
hv_drift_init(HvDrift *drift, const HvColumn *column, HvArena *arena)
{
	memset(drift, 0, sizeof(*drift));
	drift->column = column;
	if (hv_has_levels(column))
	{
		drift->levels = hv_new(arena, uint64_t, column->nlevels, 1);
		return drift->levels != NULL ? HV_OK : HV_NO_MEMORY;
	}
	if (column->cell == HV_CELL_NUMBER)
		init_edges(drift);
	return HV_OK;
}

/* ---- cells ---- */

void
hv_drift_missing(HvDrift *drift)
{
	drift->missing++;
}

static void
add_moment(HvDrift *drift, double value)
{
	double delta = value - drift->mean;

	drift->n++;
	drift->mean += delta / (double) drift->n;
	drift->m2 += delta * (value - drift->mean);
}

/* Counts a level; one that is not known by its text, while there is room for texts. */
static void
add_level(HvDrift *drift, double level, const char *text, size_t length)
{
	drift->observed++;
	if (!isnan(level))
	{
		drift->levels[(uint32_t) level]++;
		return;
	}
	drift->unknown++;
	length = length < HV_DRIFT_BYTES ? length : HV_DRIFT_BYTES;
	for (uint32_t i = 0; i < drift->ntexts; i++)
		if (drift->texts[i].length == length && memcmp(drift->texts[i].text, text, length) == 0)
		{
			drift->texts[i].count++;
			return;
		}
	if (drift->ntexts == HV_DRIFT_TEXTS || text == NULL)
		return;
	memcpy(drift->texts[drift->ntexts].text, text, length);
	drift->texts[drift->ntexts].length = length;
	drift->texts[drift->ntexts++].count = 1;
}

void
hv_drift_text(HvDrift *drift, const char *text, size_t length)
{
	add_level(drift, hv_level_of_text(drift->column, text, length), text, length);
}

static void
count_mass(HvDrift *drift, double value)
{
	uint32_t low = 0, high = drift->column->nmasses;

	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (drift->column->masses[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < drift->column->nmasses && drift->column->masses[low].value == value)
		drift->masses[low]++;
}

void
hv_drift_number(HvDrift *drift, double value)
{
	const HvColumn *column = drift->column;
	uint32_t low = 0, high = drift->nedges;

	if (!isfinite(value) || value < column->low || value > column->high)
	{
		drift->missing++;
		return;
	}
	if (hv_has_levels(column))
	{
		add_level(drift, hv_level_of_number(column, value), NULL, 0);
		return;
	}
	drift->observed++;
	drift->outside += value < column->min || value > column->max;
	add_moment(drift, value);
	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (drift->edges[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	drift->counts[low]++;
	count_mass(drift, value);
}

void
hv_drift_vector(HvDrift *drift, const float *values, size_t n)
{
	bool whole = n == drift->column->width;

	for (size_t i = 0; i < n && whole; i++)
		whole = isfinite(values[i]);
	if (!whole)
	{
		drift->missing++;
		return;
	}
	drift->observed++;
	for (size_t i = 0; i < n; i++)
		add_moment(drift, values[i]);
}

/* ---- measures ---- */

static void
measure_levels(const HvDrift *drift, HvDriftMeasures *measures)
{
	const HvColumn *column = drift->column;
	double n = (double) drift->observed, apart = 0;

	measures->psi = index_part((double) drift->unknown / n, 0);
	for (uint32_t i = 0; i < column->nlevels; i++)
	{
		double now = (double) drift->levels[i] / n;

		measures->psi += index_part(now, column->level_shares[i]);
		apart += now - column->level_shares[i];
		if (column->kind != HV_CATEGORICAL)
			measures->ks = i == 0 ? fabs(apart) : fmax(measures->ks, fabs(apart));
	}
}

/* The largest distance of the distribution functions at the quantiles of the training. */
static double
distance(const HvDrift *drift)
{
	double n = (double) drift->observed, now = 0, most = 0;

	for (uint32_t i = 0; i < drift->nedges; i++)
	{
		now += (double) drift->counts[i] / n;
		most = fmax(most, fabs(now - drift->shares[i]));
	}
	return most;
}

/*
 * Frequent values are bins, and are taken out of the shares up to each edge; what is left makes the
 * other bins. Shares at the edges are good to half a 64th only, so what is left may seem to decrease
 * a little: it does not count then.
 */
static double
number_index(const HvDrift *drift)
{
	const HvColumn *column = drift->column;
	double n = (double) drift->observed, least = fmax(BIN, HV_DRIFT_CELLS / n), psi = 0;
	double left_then = 0, left_now = 0, begun_then = 0, begun_now = 0;
	double mass_then = 0, mass_now = 0, now = 0, total = 1;
	uint32_t mass = 0;

	for (uint32_t i = 0; i < column->nmasses; i++)
		if (column->masses[i].share * n >= HV_DRIFT_CELLS)
		{
			psi += index_part((double) drift->masses[i] / n, column->masses[i].share);
			total -= column->masses[i].share;
		}
	for (uint32_t i = 0; i < drift->nedges; i++)
	{
		bool last = i + 1 == drift->nedges;

		for (; mass < column->nmasses && column->masses[mass].value <= drift->edges[i]; mass++)
			if (column->masses[mass].share * n >= HV_DRIFT_CELLS)
			{
				mass_then += column->masses[mass].share;
				mass_now += (double) drift->masses[mass] / n;
			}
		now = last ? 1 : now + (double) drift->counts[i] / n;
		left_then = last ? total : fmax(left_then, drift->shares[i] - mass_then);
		left_now = now - mass_now;
		if (!last && (left_then - begun_then < least || total - left_then < least))
			continue;
		psi += index_part(left_now - begun_now, left_then - begun_then);
		begun_now = left_now;
		begun_then = left_then;
	}
	return psi;
}

void
hv_drift_finish(const HvDrift *drift, HvDriftMeasures *measures)
{
	const HvColumn *column = drift->column;
	double cells = (double) (drift->observed + drift->missing);
	double cells_then = (double) (column->observed + column->missing);
	double missing, missing_then;

	*measures = (HvDriftMeasures){NAN, NAN, NAN, NAN};
	if (cells == 0 || cells_then == 0)
		return;
	missing = (double) drift->missing / cells;
	missing_then = (double) column->missing / cells_then;
	measures->missing_change = missing - missing_then;
	measures->missing_psi =
		index_part(missing, missing_then) + index_part(1 - missing, 1 - missing_then);
	if (drift->observed == 0 || column->observed == 0)
		return;
	if (hv_has_levels(column))
		measure_levels(drift, measures);
	else if (column->cell == HV_CELL_VECTOR)
		measures->psi = hv_drift_normal(column->mean, column->sd * column->sd, drift->mean,
		                                drift->m2 / (double) drift->n);
	else if (drift->nedges > 0)
	{
		measures->psi = number_index(drift);
		measures->ks = distance(drift);
	}
}

double
hv_drift_normal(double mean_then, double variance_then, double mean_now, double variance_now)
{
	double a = fmax(variance_then, 1e-12), b = fmax(variance_now, 1e-12);
	double shift = mean_now - mean_then;

	return 0.5 * (a / b + b / a - 2 + shift * shift * (1 / a + 1 / b));
}
