/*
 * stats_kind.c: the caller's wish for a kind where the data can bear it, else what the data suggest.
 *
 * Examples: 1 2 3 4 5 is ordinal; 0 0 0 7.5 0 21.2 an amount; 0 1 0 3 17 a count; 4.2 5.1 90 positive.
 */
#include "stats_kind.h"

#include <stddef.h>

/* Minutes or steps are integers, too, and come as few different ones; nobody counts that far. */
#define MOST_COUNTED 256

/* Shares of zeros from which numbers are amounts of which many are none; a count has zeros itself. */
#define NONE 0.2
#define NONE_COUNTED 0.6

/* The share of the least number: exact while the dictionary holds, else that of the sample. */
static double
share_of_least(const HvSummary *summary)
{
	uint64_t least = 0;

	if (summary->full)
	{
		for (uint32_t i = 0; i < summary->nsample; i++)
			least += summary->sample[i] == summary->min;
		return summary->nsample > 0 ? (double) least / summary->nsample : 0;
	}
	for (uint32_t i = 0; i < summary->nentries; i++)
		if (summary->entries[i].number == summary->min)
			least = summary->entries[i].count;
	return (double) least / (double) summary->observed;
}

/* Whether numbers are amounts of which a share `least` or more are none. */
static bool
many_none(const HvSummary *summary, double least)
{
	return summary->min == 0 && hv_summary_skewness(summary) > 1 &&
	       share_of_least(summary) >= least;
}

static HvKind
guess_number_kind(const HvSummary *summary)
{
	double distinct = hv_summary_distinct(summary);
	bool skewed = hv_summary_skewness(summary) > 1;
	bool integers = !summary->fractional, counted;

	if (summary->fixed)
		return summary->nentries == 2 ? HV_BINARY : HV_CATEGORICAL;
	if (distinct == 2)
		return HV_BINARY;
	if (integers && distinct <= 10 && summary->max - summary->min <= 10)
		return HV_ORDINAL;
	if (skewed && summary->min > 0)
		return HV_POSITIVE;
	counted = integers && summary->min >= 0 && summary->max <= MOST_COUNTED && distinct <= 64;
	if (many_none(summary, counted ? NONE_COUNTED : NONE))
		return HV_AMOUNT;
	if (skewed && counted)
		return HV_COUNT;
	return HV_REAL;
}

/* The caller's wish where the numbers can bear it; else a guess, and a note that says so. */
static HvKind
number_kind(HvKind wish, const HvSummary *summary, const char **note)
{
	switch (wish)
	{
		case HV_REAL:
		case HV_DATE: return wish;
		case HV_POSITIVE:
			if (summary->min > 0)
				return wish;
			*note = "not all values are positive: taken as real";
			return HV_REAL;
		case HV_COUNT:
			if (!summary->fractional && summary->min >= 0)
				return wish;
			*note = "not all values are counts: taken as real";
			return HV_REAL;
		case HV_AMOUNT: return wish;
		case HV_ORDINAL:
		case HV_CATEGORICAL:
			if (!summary->full)
				return wish;
			*note = "more than 256 different values: taken as a number";
			break;
		case HV_BINARY:
			if (!summary->full && summary->nentries == 2)
				return wish;
			*note = "more than two different values";
			break;
		default: break;
	}
	return guess_number_kind(summary);
}

static HvKind
text_kind(HvKind wish, const HvSummary *summary, const char **note)
{
	if (wish == HV_ORDINAL || wish == HV_CATEGORICAL)
		return wish;
	if (summary->nentries == 2)
		return HV_BINARY;
	if (wish == HV_BINARY)
		*note = "more than two different texts";
	return HV_CATEGORICAL;
}

void
hv_settle_kind(HvColumn *column, const HvSummary *summary)
{
	if (column->cell == HV_CELL_TEXT)
	{
		if (column->insisted && column->kind == HV_KIND_AUTO)
			column->note = "not all its words are among the levels: their order is not used";
		column->kind = text_kind(column->kind, summary, &column->note);
		return;
	}
	column->kind = number_kind(column->kind, summary, &column->note);
	/* the catalogue knows that it is counted, the data that most have none */
	if (column->kind == HV_COUNT && !column->insisted && many_none(summary, NONE_COUNTED))
		column->kind = HV_AMOUNT;
}
