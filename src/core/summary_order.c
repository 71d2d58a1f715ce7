/*
 * summary_order.c: what is put in order once the last row is seen: levels, the sample and its
 * quantiles, frequent values.
 *
 * Example: of the sample 3 1 2 2 the quantile at 1/2 is 2, and 2 is a value that half of the cells have.
 */
#include <string.h>

#include "summary.h"

#define FEW 24 /* numbers that are sorted by insertion */

/* Texts in bytewise order, numbers in numeric order: the order rows came in must not matter. */
void
hv_summary_sort_levels(HvSummary *summary)
{
	HvEntry *entries = summary->entries;

	for (uint32_t i = 1; i < summary->nentries; i++)
	{
		HvEntry moved = entries[i];
		uint32_t to = i;

		for (; to > 0; to--)
		{
			const HvEntry *left = &entries[to - 1];

			if (moved.text != NULL ? strcmp(left->text, moved.text) < 0
			                       : left->number < moved.number)
				break;
			entries[to] = *left;
		}
		entries[to] = moved;
	}
}

static void
sift_down(double *heap, size_t at, size_t n)
{
	double moved = heap[at];

	for (size_t child; (child = 2 * at + 1) < n; at = child)
	{
		if (child + 1 < n && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= moved)
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
}

static void
heap_sort(double *numbers, size_t n)
{
	for (size_t i = n / 2; i > 0; i--)
		sift_down(numbers, i - 1, n);
	for (size_t i = n; i > 1; i--)
	{
		double largest = numbers[0];

		numbers[0] = numbers[i - 1];
		numbers[i - 1] = largest;
		sift_down(numbers, 0, i - 1);
	}
}

static void
insertion_sort(double *numbers, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		double moved = numbers[i];
		size_t at = i;

		for (; at > 0 && numbers[at - 1] > moved; at--)
			numbers[at] = numbers[at - 1];
		numbers[at] = moved;
	}
}

static void
swap(double *a, double *b)
{
	double moved = *a;

	*a = *b;
	*b = moved;
}

/* Puts what is less than the pivot, or equal to it as well, in front; returns how many. Has no branches. */
static size_t
part(double *numbers, size_t n, double pivot, bool equal)
{
	size_t front = 0;

	for (size_t i = 0; i < n; i++)
	{
		double number = numbers[i];

		numbers[i] = numbers[front];
		numbers[front] = number;
		front += equal ? number <= pivot : number < pivot;
	}
	return front;
}

/*
 * Quicksort, which becomes heapsort after `deep` parts that were no halves. libc's qsort may allocate, and
 * the core does not; heapsort alone took three times as long.
 */
static void
sort_part(double *numbers, size_t n, int deep)
{
	while (n > FEW)
	{
		double *middle = numbers + n / 2, *last = numbers + n - 1, pivot;
		size_t less;

		if (deep-- == 0)
		{
			heap_sort(numbers, n);
			return;
		}
		if (*middle < *numbers)
			swap(middle, numbers);
		if (*last < *middle)
			swap(last, middle);
		if (*middle < *numbers)
			swap(middle, numbers);
		pivot = *middle;
		less = part(numbers, n, pivot, false);
		sort_part(numbers, less, deep);
		/* what is equal is in its place: many equal numbers take no longer */
		less += part(numbers + less, n - less, pivot, true);
		numbers += less;
		n -= less;
	}
	insertion_sort(numbers, n);
}

void
hv_sort_numbers(double *numbers, size_t n)
{
	int deep = 8;

	for (size_t rest = n; rest > 1; rest /= 2)
		deep += 2;
	sort_part(numbers, n, deep);
}

double
hv_sorted_quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double) (n - 1);
	size_t low = (size_t) at;

	if (low + 1 >= n)
		return sorted[n - 1];
	return sorted[low] + (at - (double) low) * (sorted[low + 1] - sorted[low]);
}

void
hv_summary_quantiles(HvSummary *summary, double *quantiles)
{
	hv_sort_numbers(summary->sample, summary->nsample);
	for (int i = 0; i < HV_QUANTILES; i++)
		quantiles[i] =
			hv_sorted_quantile(summary->sample, summary->nsample, i / (double) (HV_QUANTILES - 1));
	quantiles[0] = summary->min;
	quantiles[HV_QUANTILES - 1] = summary->max;
}

/* By increasing value. */
static void
insert_mass(HvMass *masses, uint32_t *n, double value, double share)
{
	uint32_t at = *n;

	if (share < HV_LEAST_MASS || *n == HV_MAX_MASSES)
		return;
	for (; at > 0 && masses[at - 1].value > value; at--)
		masses[at] = masses[at - 1];
	masses[at] = (HvMass){value, share};
	(*n)++;
}

/* Of all numbers while the dictionary holds them, else of the sample, where equal ones are neighbours. */
uint32_t
hv_summary_masses(const HvSummary *summary, HvMass *masses)
{
	uint32_t n = 0;

	if (!summary->full)
	{
		for (uint32_t i = 0; i < summary->nentries; i++)
			insert_mass(masses, &n, summary->entries[i].number,
			            (double) summary->entries[i].count / (double) summary->observed);
		return n;
	}
	for (uint32_t i = 0, first = 0; i < summary->nsample; i++)
	{
		bool last = i + 1 == summary->nsample || summary->sample[i + 1] != summary->sample[i];

		if (!last)
			continue;
		insert_mass(masses, &n, summary->sample[i], (double) (i + 1 - first) / summary->nsample);
		first = i + 1;
	}
	return n;
}
