/*
 * recipe.c: the training options chosen from the size of the table, where the user gave none; how
 * rate and beta go over the epochs.
 *
 *     rows        hidden              batch   at most        SCIENCE 3.8 has the sources
 *     < 2,000     64, 64               64     300 epochs (batch 128 from 1,000 on)
 *     < 20,000    128, 128            128     300 epochs, 200 over 8,000 (ordered: 64, 64)
 *     < 100,000   128, 128            256      60 epochs
 *     more        128, 128            512      30 epochs
 *
 * Early stopping on the held-out rows may end before that. latent: 24 for the first stage (at most two
 * thirds of its features), 8 for the later ones (at most their columns). Rate 2e-3 and these sizes were
 * chosen on NHANES 2015-2016 alone (its held-out tenth): -50.8 nats a row against -53.4 with rate 1e-3,
 * latent 16 and 100 epochs.
 */
#include <math.h>
#include <string.h>

#include "recipe.h"

void
hv_fit_defaults(HvFitOptions *options, size_t rows)
{
	memset(options, 0, sizeof(*options));
	options->epochs = rows < 8000 ? 300 : rows < 20000 ? 200 : rows < 100000 ? 60 : 30;
	/* a flat rate is noisy: stopping long before it falls would lose what the fall is worth */
	options->patience = options->epochs / 4;
	options->batch_size = rows < 1000 ? 64 : rows < 20000 ? 128 : rows < 100000 ? 256 : 512;
	options->learning_rate = 2e-3;
	options->warmup = 0.1;
	options->hide = 0.2;
	options->clip = 5;
}

/*
 * SCIENCE 3.6: 20-30 % of the epochs, 0.3 times the rate. No warm-up: the codes are already there, and
 * a small beta would only undo them. No early stop: most is gained at the end, where the rate falls,
 * and the epochs are few.
 */
void
hv_fit_again(HvFitOptions *options)
{
	options->epochs = (3 * options->epochs + 9) / 10;
	options->patience = options->epochs;
	options->learning_rate *= 0.3;
	options->warmup = 0;
	options->fixed_epochs = false;
	options->warm = true;
}

double
hv_rate_of_epoch(const HvFitOptions *options, int epoch)
{
	double done = (double) (epoch - 1) / (options->epochs > 1 ? options->epochs - 1 : 1);

	if (done <= 0.6)
		return options->learning_rate;
	return options->learning_rate * (0.02 + 0.98 * 0.5 * (1 + cos(M_PI * (done - 0.6) / 0.4)));
}

double
hv_beta_of_epoch(const HvFitOptions *options, double beta, int epoch)
{
	double ramp = options->warmup * options->epochs;

	return ramp >= 1 && epoch < ramp ? beta * epoch / ramp : beta;
}

static uint32_t
between(uint32_t low, uint32_t value, uint32_t high)
{
	return value < low ? low : value > high ? high : value;
}

void
hv_config_defaults(HvConfig *config, HvArchitecture architecture, size_t rows,
                   const HvSchema *schema)
{
	memset(config, 0, sizeof(*config));
	config->architecture = architecture;
	config->nhidden = 2;
	/* an ensemble of small networks, or one larger */
	config->hidden[0] = config->hidden[1] =
		rows < 2000 || (rows < 20000 && architecture == HV_ORDERED) ? 64 : 128;
	config->members = architecture == HV_ORDERED ? 4 : 1;
	config->beta = 1;
	for (uint32_t s = 0; s < schema->nstages; s++)
	{
		const HvStage *stage = &schema->stages[s];
		uint32_t features = stage->mask - stage->begin;

		config->latent[s] =
			s == 0 ? between(2, features * 2 / 3, 24) : between(1, stage->last - stage->first, 8);
	}
}
