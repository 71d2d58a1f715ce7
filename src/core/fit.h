/*
 * fit.h: training: minibatches, KL warm-up, early stop, the best epoch kept.
 */
#ifndef HV_FIT_H
#define HV_FIT_H

#include "source.h"
#include "vae.h"

typedef struct HvFitOptions
{
	int epochs;        /* the most to run */
	bool fixed_epochs; /* run exactly that many; else early stop on the validation rows */
	int patience;      /* epochs without improvement before a block stops */
	size_t batch_size;
	double learning_rate;
	double warmup; /* share of the epochs over which beta rises to its value; 0 = at once */
	double hide;   /* the share of input cells hidden in a row is uniform in [0, hide] */
	double clip;   /* gradient norm limit; 0 = none */
	uint64_t seed;
} HvFitOptions;

typedef struct HvFitResult
{
	int epochs;             /* epochs run */
	int best_epoch;         /* of the slowest block */
	double train_elbo;      /* nats per row, of the parameters kept */
	double validation_elbo; /* NaN without validation rows */
	double baseline_elbo;   /* independent columns on the validation rows (or the training rows) */
	bool expired;           /* host->expired stopped it */
} HvFitResult;

/* Defaults by the number of rows and columns (documented in fit.c). */
void hv_fit_defaults(HvFitOptions *options, size_t rows);
void hv_config_defaults(HvConfig *config, HvArchitecture architecture, size_t rows,
                        const HvSchema *schema);

/*
 * Trains vae->parameters in place; on return they are those of each block's best epoch.
 * `validation` may be NULL or empty. Memory comes from `arena`.
 */
HvStatus hv_fit(HvVae *vae, const HvBlas *blas, const HvSource *train, const HvSource *validation,
                const HvFitOptions *options, const HvHost *host, HvArena *arena,
                HvFitResult *result);

#endif
