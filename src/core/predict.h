/*
 * predict.h: using a trained model on records: embedding, reconstruction, imputation, surprise.
 *
 * Everything is deterministic: where draws are needed they come from fixed counters, so that the
 * same model and the same row give the same answer (the SQL functions are IMMUTABLE or STABLE).
 */
#ifndef HV_PREDICT_H
#define HV_PREDICT_H

#include "format.h"

#define HV_SURPRISE_DRAWS 4 /* of the noise, wherever the strangeness of a record is measured */

/* Sum of latent sizes over the stages (member 0 of each): the length of an embedding. */
size_t hv_embedding_size(const HvVae *vae);

/* mu[n×embedding_size]: posterior means. */
void hv_embed(const HvVae *vae, const HvBlas *blas, const HvReal *records, size_t n, HvWork *work,
              HvReal *mu);

/*
 * expected[n×width]: E[x | z] at the posterior mean, member-averaged, for every cell; mask bits
 * are copied. Missing cells of earlier stages enter later ones as missing.
 */
void hv_reconstruct(const HvVae *vae, const HvBlas *blas, const HvReal *records, size_t n,
                    HvWork *work, HvReal *expected);

/*
 * elbo[n]: the bound (beta 1) of the first `stages` stages with `draws` noise draws, nats; with 0
 * draws, the same at the posterior means, which is no bound but nearly as telling. cells[n]: their
 * observed cells. `weight` is room for n×ncolumns numbers.
 */
void hv_row_elbo(const HvVae *vae, const HvBlas *blas, const HvReal *records, size_t n,
                 uint32_t stages, int draws, HvWork *work, HvReal *weight, double *elbo,
                 uint32_t *cells);

/*
 * The same for one record; all draws go through the decoder at once. `copies` is room for `draws`
 * records, `weight` for draws×ncolumns numbers, and work for `draws` rows.
 */
void hv_one_elbo(const HvVae *vae, const HvBlas *blas, const HvReal *record, uint32_t stages,
                 int draws, HvWork *work, HvReal *copies, HvReal *weight, double *elbo,
                 uint32_t *cells);

/* 0..1: where a value stands among the HV_QUANTILES quantiles (linear between them). */
double hv_percentile(const double *quantiles, double value);

#endif
