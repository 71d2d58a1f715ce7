/*
 * recipe.h: the options of a training, the choices made where the user made none, and its schedule.
 */
#ifndef HV_RECIPE_H
#define HV_RECIPE_H

#include "vae.h"

typedef struct HvFitOptions
{
	int epochs;        /* the most to run */
	bool warm;         /* the parameters are worth something already: epoch 0 may be the best */
	bool fixed_epochs; /* run exactly that many; else early stop on the validation rows */
	int patience;      /* epochs without improvement before a block stops */
	size_t batch_size;
	double learning_rate;
	double warmup; /* share of the epochs over which beta rises to its value; 0 = at once */
	double hide;   /* the share of input cells hidden in a row is uniform in [0, hide] */
	double clip;   /* gradient norm limit; 0 = none */
	uint64_t seed;
} HvFitOptions;

/* Defaults by the number of rows and columns (documented in recipe.c). */
void hv_fit_defaults(HvFitOptions *options, size_t rows);
/* Of a training that starts from an earlier model's weights: shorter, and with smaller steps. */
void hv_fit_again(HvFitOptions *options);

/* SCIENCE 3.8, epochs from 1 on: the rate is flat for 60 % of them, then a cosine down to 2 %. */
double hv_rate_of_epoch(const HvFitOptions *options, int epoch);

/* beta rises to its value over the share `warmup` of the epochs. */
double hv_beta_of_epoch(const HvFitOptions *options, double beta, int epoch);

void hv_config_defaults(HvConfig *config, HvArchitecture architecture, size_t rows,
                        const HvSchema *schema);

#endif
