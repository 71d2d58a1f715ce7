/*
 * draws.h: weighted draws of the latent position of one record (importance sampling), and what they
 * say of its density.
 *
 * z_1 … z_n come from the encoder, q(z | x); their weights w = p(x_obs | z) p(z) / q(z | x) turn them
 * into draws from the true posterior, and the log of their mean is a lower bound of log p(x_obs) that
 * rises to it with n (Burda et al. 2016). Noise comes from fixed counters: the answer repeats.
 */
#ifndef HV_DRAWS_H
#define HV_DRAWS_H

#include "format.h"

#define HV_MAX_DRAWS 128 /* at a time */

typedef struct HvDraws
{
	HvWork work;
	HvReal *rows;   /* HV_MAX_DRAWS × width: the record in every row */
	HvReal *weight; /* HV_MAX_DRAWS × columns */
	HvReal *share;  /* HV_MAX_DRAWS: normalised weights */
} HvDraws;

HvStatus hv_draws_init(HvDraws *draws, const HvVae *vae, HvArena *arena);

/*
 * n draws for one block, number `first` on, of the record in draws->rows[0]; work->out are the
 * decoder's outputs and draws->share the weights, of sum 1. Returns the log of the mean weight.
 */
double hv_draw(HvDraws *draws, const HvVae *vae, const HvBlock *block, const HvBlas *blas,
               size_t first, size_t n);

/*
 * The bound for a whole record, `samples` draws a stage and member, in nats: densities of numbers are
 * those of the column's own unit. Members are an equal mixture. cells: the observed ones.
 */
double hv_log_likelihood(HvDraws *draws, const HvVae *vae, const HvBlas *blas, const HvReal *record,
                         int samples, uint32_t *cells);

#endif
