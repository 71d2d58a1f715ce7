/*
 * summary.c: running statistics of one column in bounded memory.
 *
 * Owns: moments, the dictionary of levels, the distinct count, the sample for quantiles. What is put
 * in order when the last row is seen: summary_order.c.
 *
 * Three ideas. Moments are updated as in Welford 1962 (third moment: Terriberry 2007), which does
 * not cancel: 10^9 + 1, 10^9 + 2 have the variance of 1, 2. Different values are counted exactly
 * in a small dictionary, until one too many comes; then by the k smallest hashes (Bar-Yossef et al.
 * 2002): hashes are uniform in [0, 1), so when the k-th smallest of d is h, d is near (k - 1) / h.
 * The sample is Vitter's algorithm R: cell number i replaces a random one with chance k / i.
 *
 * Worked example with k = 4: hashes .05 .08 .11 .15 are the smallest four; d = 3 / .15 = 20.
 */
#include "summary.h"

#include <math.h>
#include <string.h>

#include "rng.h"

#define NSLOTS 1024 /* a power of two, four times the entries: short probes */

HvStatus
hv_summary_init(HvSummary *summary, const HvColumn *column, uint32_t number, HvArena *arena)
{
	memset(summary, 0, sizeof(*summary));
	summary->low = column->low;
	summary->high = column->high;
	summary->stream = HV_STREAM(HV_RNG_SAMPLE, number);
	summary->entries = hv_new(arena, HvEntry, HV_MAX_LEVELS, 1);
	summary->slots = hv_new(arena, uint16_t, NSLOTS, 1);
	summary->sketch = hv_new(arena, double, HV_SKETCH, 1);
	if (summary->entries == NULL || summary->slots == NULL || summary->sketch == NULL)
		return HV_NO_MEMORY;
	if (column->cell == HV_CELL_NUMBER)
	{
		summary->sample = hv_new(arena, double, HV_SAMPLE, 1);
		if (summary->sample == NULL)
			return HV_NO_MEMORY;
	}
	return HV_OK;
}

static void
sketch_add(HvSummary *summary, uint64_t hash)
{
	double h = (double) (hash >> 11) * 0x1p-53;
	uint32_t low = 0, high = summary->nsketch;

	if (high == HV_SKETCH && h >= summary->sketch[HV_SKETCH - 1])
		return;
	while (low < high)
	{
		uint32_t middle = (low + high) / 2;

		if (summary->sketch[middle] < h)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < summary->nsketch && summary->sketch[low] == h)
		return;
	if (summary->nsketch < HV_SKETCH)
		summary->nsketch++;
	memmove(summary->sketch + low + 1, summary->sketch + low,
	        (summary->nsketch - 1 - low) * sizeof(double));
	summary->sketch[low] = h;
}

/* The slot of an equal entry, or the empty one where it belongs. */
static uint16_t *
find_slot(const HvSummary *summary, uint64_t hash, const char *text, size_t length, double number)
{
	uint32_t at = (uint32_t) hash & (NSLOTS - 1);

	for (;; at = (at + 1) & (NSLOTS - 1))
	{
		const HvEntry *entry;

		if (summary->slots[at] == 0)
			return &summary->slots[at];
		entry = &summary->entries[summary->slots[at] - 1];
		if (entry->hash != hash || entry->number != number)
			continue;
		if (text == NULL || (strncmp(entry->text, text, length) == 0 && !entry->text[length]))
			return &summary->slots[at];
	}
}

/* Every entry goes into the sketch, and from now on the sketch counts alone. */
static void
spill(HvSummary *summary)
{
	summary->full = true;
	for (uint32_t i = 0; i < summary->nentries; i++)
		sketch_add(summary, summary->entries[i].hash);
}

/* Fills an empty slot; `text` must stay. */
static HvEntry *
new_entry(HvSummary *summary, uint16_t *slot, uint64_t hash, const char *text, double number)
{
	HvEntry *entry = &summary->entries[summary->nentries++];

	entry->hash = hash;
	entry->text = text;
	entry->number = number;
	*slot = (uint16_t) summary->nentries;
	return entry;
}

static uint64_t
hash_number(double number)
{
	return hv_hash(&number, sizeof(number), 0);
}

HvStatus
hv_summary_level(HvSummary *summary, const char *text, double number)
{
	size_t length = text != NULL ? strlen(text) : 0;
	uint64_t hash;
	uint16_t *slot;

	if (summary->nentries >= HV_MAX_LEVELS || length > HV_MAX_TEXT)
		return HV_TOO_LARGE;
	number += 0.0; /* -0 becomes 0 */
	if (text != NULL)
		number = 0;
	hash = text != NULL ? hv_hash(text, length, 0) : hash_number(number);
	slot = find_slot(summary, hash, text, length, number);
	if (*slot != 0)
		return HV_BAD_ARGUMENT; /* the same level twice */
	new_entry(summary, slot, hash, text, number);
	summary->fixed = true;
	return HV_OK;
}

/* Whether a number has at most so many decimals, as far as a real (float4) can tell. */
static bool
has_digits(double value, int digits)
{
	static const double power[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
	double scaled = value * power[digits];

	return fabs(scaled - round(scaled)) <= 1e-7 * fabs(scaled);
}

static void
add_moments(HvSummary *summary, double value)
{
	double delta = value - summary->mean, step, square;
	double n = (double) ++summary->n;

	step = delta / n;
	square = delta * step * (n - 1);
	summary->m3 += square * step * (n - 2) - 3 * step * summary->m2;
	summary->m2 += square;
	summary->mean += step;
	if (summary->n == 1 || value < summary->min)
		summary->min = value;
	if (summary->n == 1 || value > summary->max)
		summary->max = value;
	/* 2^53: beyond it there are no fractions. A whole number has any number of decimals. */
	if (fabs(value) >= 0x1p53 || value == (double) (int64_t) value)
		return;
	summary->fractional = true;
	while (summary->digits >= 0 && !has_digits(value, summary->digits))
		summary->digits = summary->digits < HV_MAX_DIGITS ? summary->digits + 1 : -1;
}

static void
add_sample(HvSummary *summary, double value)
{
	if (summary->nsample < HV_SAMPLE)
		summary->sample[summary->nsample++] = value;
	else
	{
		uint64_t number = summary->n; /* of this cell, from 1 */
		double at;

		/* hv_uniform(0, stream, number - 1), without the same block four times */
		if ((number - 1) % 4 == 0)
			hv_philox(0, summary->stream, (number - 1) / 4, summary->word);
		at = summary->word[(number - 1) % 4] * 0x1p-32 * (double) number;
		if (at < HV_SAMPLE)
			summary->sample[(size_t) at] = value;
	}
}

_Static_assert(HV_SAMPLE % 4 == 0, "the first cell that draws starts a block");

/* Counts a value whose text (if any) needs no copy; false when a fixed level list lacks it. */
static bool
count_value(HvSummary *summary, uint64_t hash, double number)
{
	uint16_t *slot = summary->full ? NULL : find_slot(summary, hash, NULL, 0, number);

	if (slot != NULL && *slot == 0)
	{
		if (summary->fixed)
			return false;
		if (summary->nentries < HV_MAX_LEVELS)
			new_entry(summary, slot, hash, NULL, number);
		else
			spill(summary);
	}
	if (summary->full)
		sketch_add(summary, hash);
	else
		summary->entries[*slot - 1].count++;
	return true;
}

static void
add_implausible(HvSummary *summary)
{
	summary->implausible++;
	summary->missing++;
}

void
hv_summary_number(HvSummary *summary, double value)
{
	value += 0.0; /* -0 becomes 0: they are one level */
	if (!(fabs(value) <= HV_MOST) || value < summary->low || value > summary->high ||
	    !count_value(summary, hash_number(value), value))
	{
		add_implausible(summary);
		return;
	}
	summary->observed++;
	add_moments(summary, value);
	add_sample(summary, value);
}

/* The entry of a text, new or old; NULL when there is none and none may be made. */
static HvStatus
text_entry(HvSummary *summary, const char *text, size_t length, uint64_t hash, HvArena *arena,
           HvEntry **entry)
{
	uint16_t *slot = find_slot(summary, hash, text, length, 0);
	const char *copy;

	*entry = NULL;
	if (*slot != 0)
		*entry = &summary->entries[*slot - 1];
	else if (!summary->fixed && summary->nentries < HV_MAX_LEVELS && length <= HV_MAX_TEXT)
	{
		copy = hv_arena_text(arena, text, length);
		if (copy == NULL)
			return HV_NO_MEMORY;
		*entry = new_entry(summary, slot, hash, copy, 0);
	}
	return HV_OK;
}

/* A text too long to be a level ends the dictionary just as one too many does. */
HvStatus
hv_summary_text(HvSummary *summary, const char *text, size_t length, HvArena *arena)
{
	uint64_t hash = hv_hash(text, length, 0);

	if (!summary->full)
	{
		HvEntry *entry;

		HV_TRY(text_entry(summary, text, length, hash, arena, &entry));
		if (entry != NULL)
			entry->count++;
		else if (summary->fixed)
		{
			add_implausible(summary);
			return HV_OK;
		}
		else
			spill(summary);
	}
	if (summary->full)
		sketch_add(summary, hash);
	summary->observed++;
	return HV_OK;
}

HvStatus
hv_summary_vector(HvSummary *summary, const float *values, size_t n)
{
	if (n > HV_MAX_EMBEDDING)
		return HV_TOO_LARGE;
	if (n == 0)
	{
		summary->missing++;
		return HV_OK;
	}
	if (summary->width == 0)
		summary->width = (uint32_t) n;
	if (n != summary->width)
		return HV_BAD_ARGUMENT;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
		{
			add_implausible(summary);
			return HV_OK;
		}
	count_value(summary, hv_hash(values, n * sizeof(float), 0), 0);
	summary->observed++;
	for (size_t i = 0; i < n; i++)
		add_moments(summary, values[i]);
	return HV_OK;
}

double
hv_summary_distinct(const HvSummary *summary)
{
	double distinct = 0;

	if (!summary->full)
	{
		for (uint32_t i = 0; i < summary->nentries; i++)
			distinct += summary->entries[i].count > 0;
		return distinct;
	}
	if (summary->nsketch < HV_SKETCH)
		return summary->nsketch;
	distinct = round((HV_SKETCH - 1) / summary->sketch[HV_SKETCH - 1]);
	return fmin(distinct, (double) summary->observed);
}

double
hv_summary_sd(const HvSummary *summary)
{
	return summary->n < 2 ? 0 : sqrt(summary->m2 / (double) (summary->n - 1));
}

double
hv_summary_skewness(const HvSummary *summary)
{
	double n = (double) summary->n;

	return summary->m2 > 0 ? sqrt(n) * summary->m3 / (summary->m2 * sqrt(summary->m2)) : 0;
}
