/*
 * status.h: how the core reports failure, and the few things it needs from its host.
 *
 * Core functions that can fail return an HvStatus; those that cannot return their result. The
 * PostgreSQL layer turns a status into an ereport in one switch (src/hadvice.c). The core never
 * frees and holds nothing outside the arena it was given, so the host may also leave it by a
 * longjmp out of check(): nothing leaks.
 */
#ifndef HV_STATUS_H
#define HV_STATUS_H

#include <stddef.h>
#include <stdint.h>

typedef enum HvStatus
{
	HV_OK = 0,
	HV_NO_MEMORY,    /* the arena's limit was reached */
	HV_TOO_LARGE,    /* a size is over one of the limits of schema.h, or overflows */
	HV_BAD_ARGUMENT, /* an option out of its range */
	HV_NO_DATA,      /* nothing left to learn from */
	HV_DIVERGED,     /* the loss became NaN or infinite */
	HV_CORRUPT,      /* model bytes that cannot be right */
	HV_BAD_VERSION   /* model bytes of a format this code does not know */
} HvStatus;

/* Returns from the calling function when the expression is not HV_OK. */
#define HV_TRY(expr)                                                                               \
	do                                                                                             \
	{                                                                                              \
		HvStatus hv_try_ = (expr);                                                                 \
		if (hv_try_ != HV_OK)                                                                      \
			return hv_try_;                                                                        \
	} while (0)

/* What a training reports after each epoch; values are nats per row. */
typedef struct HvEpoch
{
	int epoch;             /* 1, 2, … */
	int epochs_total;      /* the most that will be run */
	double elbo;           /* of the training rows, as seen during the epoch */
	double reconstruction; /* its E[log p(x|z)] part */
	double kl;             /* its KL part, before beta */
	double validation;     /* ELBO of the held-out rows, NaN when there are none */
} HvEpoch;

struct HvFitState; /* fit.h */

/* The host: PostgreSQL, or a test program. */
typedef struct HvHost
{
	void (*check)(void *ctx); /* called at least every few milliseconds; may longjmp */
	void (*progress)(void *ctx, const HvEpoch *epoch); /* after each epoch; may be NULL */
	int (*expired)(void *ctx); /* non-zero: time is up, stop with the best so far; may be NULL */
	/* where a training stands, after each epoch; to be kept by the host or not; may be NULL */
	void (*keep)(void *ctx, const struct HvFitState *state);
	/* before the first epoch: non-zero when it has put into *state what it had kept; may be NULL */
	int (*resume)(void *ctx, struct HvFitState *state);
	void *ctx;
} HvHost;

static inline void
hv_check(const HvHost *host)
{
	if (host != NULL && host->check != NULL)
		host->check(host->ctx);
}

#endif
