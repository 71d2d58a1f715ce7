/*
 * options.h: the training options of vae_train and vae_fit.
 */
#ifndef HV_OPTIONS_H
#define HV_OPTIONS_H

#include "hadvice.h"

#include "core/fit.h"
#include "core/vae.h"

#include "lib/stringinfo.h"
#include "utils/array.h"

#define HV_MAX_EPOCHS 100000
#define HV_MAX_BATCH 65536
#define HV_MAX_BETA 1000.0
#define HV_MAX_VALIDATION 0.9

/* What the caller asked for; 0 and NULL mean chosen from the data. */
typedef struct HvOptions
{
	ArrayType *columns; /* name[] */
	ArrayType *exclude;
	int nhidden;
	int hidden[HV_MAX_LAYERS];
	int latent;
	double beta;
	int epochs;
	int batch_size;
	double learning_rate;
	double validation_fraction;
	int64 seed;
	int64 max_usecs; /* 0: no limit */
	bool automatic;  /* architecture 'auto' */
	HvArchitecture architecture;
	bool trial;  /* only the ELBO is wanted: no notices, nothing beside the network */
	bool resume; /* from the checkpoint that a training of the same model has left */
} HvOptions;

/*
 * Reads and checks the arguments from number `first` on: columns, exclude, hidden, latent, beta,
 * epochs, batch_size, learning_rate, validation_fraction, seed, max_duration, architecture.
 */
void hv_options_read(FunctionCallInfo fcinfo, int first, HvOptions *options);

/* An interval in microseconds; 0 when it is NULL. `name` is the argument's, for messages. */
int64 hv_duration_option(FunctionCallInfo fcinfo, int argument, const char *name);

/* As a JSON object of the arguments' names, so that a later training can repeat it. */
void hv_options_json(const HvOptions *options, StringInfo json);

/* Overrides in what the core proposes. */
void hv_options_apply(const HvOptions *options, HvConfig *config, HvFitOptions *fit,
                      uint32_t nstages);

#endif
