/*
 * tail.h: how surprising a value of a statistic is: -log P(S >= s), from a sample of S.
 *
 * Statistics of different kinds (nats, path lengths, deviations) are compared by the share of the
 * training rows that reach as far. Beyond the sample the tail goes on as it ends: exponentially, or
 * like a power where the statistic is `heavy` (a ratio, as deviations are); so a row a hundred times
 * as odd as any other is still told from one twice as odd.
 */
#ifndef HV_TAIL_H
#define HV_TAIL_H

#include <stdbool.h>
#include <stddef.h>

#define HV_TAIL_POINTS 25
#define HV_TAIL_STEP 0.25 /* nats between two points: the last one stands at e^-6 */
#define HV_TAIL_MOST 60.0 /* nats */

/* at[i]: the value that a share e^(-i HV_TAIL_STEP) of the sample reaches; not decreasing. */
typedef struct HvTail
{
	float at[HV_TAIL_POINTS];
} HvTail;

/* n >= 1 finite values, which are sorted; positive ones when `heavy`. */
void hv_tail_fit(HvTail *tail, double *values, size_t n, bool heavy);

/* In nats, 0 … HV_TAIL_MOST; `heavy` as it was fitted. */
double hv_tail_surprise(const HvTail *tail, double value, bool heavy);

#endif
