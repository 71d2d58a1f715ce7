/*
 * vae.h: the variational autoencoder: configuration, parameters, forward and backward pass.
 *
 * The model is a chain of blocks, one per stage, each a VAE of its stage's columns given all that
 * comes before (SCIENCE 3.2; u is the prefix of the record before the stage, see schema.h):
 *
 *     encoder   [u, x, m] -> h -> h -> (mu, logvar)             q(z | u, x, m)
 *     decoder   [z, u]    -> h -> h -> outputs, + S u           p(x | z, u)
 *
 *     log p(x) >= sum over stages of E[log p(x_k | z_k, u_k)] - beta KL(q(z_k) || N(0, I))
 *
 * One stage is a plain VAE over all columns ('joint'; 'seed' is the same without the mask as
 * input and with Bernoulli heads on min-max scaled values). Blocks of stage > 0 come in `members`
 * independently initialised and bootstrapped copies: an ensemble whose spread is the model's
 * uncertainty about effects. Blocks share no parameters, so each is trained on its own.
 *
 * All parameters are one flat vector; HvTensor names its parts. Layout of a block, h = hidden:
 *
 *     encoder.0.weight  h0 × in        encoder.0.bias  h0        (then encoder.1 … )
 *     code.weight       2 latent × h   code.bias       2 latent
 *     decoder.0.weight  h × latent     decoder.0.context h × u   decoder.0.bias h   (then .1 …)
 *     output.weight     outputs × h0   output.context outputs × u (S)   output.bias outputs
 *     scale             scales
 *
 * The decoder's hidden layers mirror the encoder's.
 */
#ifndef HV_VAE_H
#define HV_VAE_H

#include "blas.h"
#include "likelihood.h"
#include "schema.h"

typedef enum HvArchitecture
{
	HV_SEED = 0,
	HV_JOINT,
	HV_ORDERED,
	HV_ARCHITECTURES
} HvArchitecture;

typedef struct HvConfig
{
	HvArchitecture architecture;
	uint32_t nhidden; /* 1 … HV_MAX_LAYERS */
	uint32_t hidden[HV_MAX_LAYERS];
	uint32_t latent[HV_MAX_STAGES];
	uint32_t members; /* copies of each block of stage > 0 */
	double beta;
} HvConfig;

typedef struct HvTensor
{
	char name[64];
	size_t at; /* position in the flat vector */
	size_t rows, cols;
} HvTensor;

/* Positions in the flat vector, and sizes, of one block. */
typedef struct HvBlock
{
	uint32_t stage, member;
	size_t in, u, latent, outputs, scales;
	size_t encoder_w[HV_MAX_LAYERS], encoder_b[HV_MAX_LAYERS];
	size_t code_w, code_b;
	size_t decoder_w[HV_MAX_LAYERS], decoder_b[HV_MAX_LAYERS];
	size_t decoder_u; /* decoder.0.context; unused when u = 0 */
	size_t output_w, output_u, output_b;
	size_t scale;
	size_t begin, end; /* the block's range in the flat vector */
} HvBlock;

typedef struct HvVae
{
	const HvSchema *schema;
	HvConfig config;
	uint32_t nblocks;
	HvBlock *blocks; /* stage 0; then stage 1 member 0 …; then stage 2 member 0 … */
	size_t ntensors;
	HvTensor *tensors;
	size_t *head_at;  /* per column: first output in its block */
	size_t *scale_at; /* per column: first scale in its block */
	size_t nparameters;
	HvReal *parameters;
} HvVae;

/* Activations of up to `rows` rows of any one block. */
typedef struct HvWork
{
	size_t rows;
	HvReal *encoder[HV_MAX_LAYERS]; /* rows×hidden */
	HvReal *code;                   /* rows×2 latent: mu, logvar */
	HvReal *noise, *z;              /* rows×latent */
	HvReal *decoder[HV_MAX_LAYERS]; /* rows×hidden, mirrored */
	HvReal *out;                    /* rows×outputs */
	HvReal *nll, *kl;               /* rows */
	/* backward only; NULL when made for forward */
	HvReal *d_out, *d_hidden[2], *d_z, *d_code;
} HvWork;

/* One minibatch for a block. Records are rows×schema->width, `ld` apart. */
typedef struct HvBatch
{
	size_t n;
	const HvReal *input;      /* what the encoder sees (some cells may be hidden) */
	const HvReal *target;     /* the whole record: targets, and u of the decoder */
	const HvReal *weight;     /* n×ncolumns: mask bit × row weight, what the loss counts */
	const HvReal *row_weight; /* n, for the KL term; NULL = 1 */
	size_t ld;
} HvBatch;

/* network.c: checks the configuration and lays the blocks out; parameters zero. */
HvStatus hv_vae_init(HvVae *vae, const HvSchema *schema, const HvConfig *config, HvArena *arena);

/* He-normal weights, last layers × 0.1, heads at the marginal distribution of each column. */
void hv_vae_randomise(HvVae *vae, uint64_t seed);

HvStatus hv_work_init(HvWork *work, const HvVae *vae, size_t rows, bool backward, HvArena *arena);

/* work->code = posterior parameters of n records (logvar not yet clamped). */
void hv_encoder_forward(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                        const HvReal *record, size_t ld, size_t n, HvWork *work);

/* work->out = decoder outputs for work->z and the context u = prefix of `record`. */
void hv_decoder_forward(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                        const HvReal *record, size_t ld, size_t n, HvWork *work);

/* Rows that come in groups of `size`, whose records agree in their first `shared` features. */
typedef struct HvGroups
{
	size_t size, shared;
} HvGroups;

/* hv_decoder_forward of n rows, a multiple of groups.size: what a group shares is multiplied once. */
void hv_decoder_forward_groups(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                               const HvReal *record, size_t ld, size_t n, HvGroups groups,
                               HvWork *work);

/*
 * The whole forward pass: encoder, z = mu + sigma * work->noise (which the caller filled), decoder,
 * work->nll and work->kl per row.
 */
void hv_block_forward(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                      const HvBatch *batch, HvWork *work);

/* The same behind the encoder, whose work->code may also have been put there by other means. */
void hv_block_decode(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                     const HvBatch *batch, HvWork *work);

/*
 * The forward pass and the backward pass: what hv_block_forward does, and gradient[nparameters] (=,
 * or += when add) d/d parameters of `factor` * sum over rows of (nll + beta * row_weight * kl).
 * Touches only the block's range.
 */
void hv_block_gradient(const HvVae *vae, const HvBlock *block, const HvBlas *blas,
                       const HvBatch *batch, HvReal beta, HvReal factor, HvWork *work,
                       HvReal *gradient, bool add);

/*
 * The losses of a block's cells by work->out, added to work->nll; with a slope also their gradient,
 * slope->o and slope->scale being those of the block's first output and scale.
 */
void hv_block_loss(const HvVae *vae, const HvBlock *block, const HvBatch *batch, HvWork *work,
                   const HvSlope *slope);

const HvBlock *hv_vae_block(const HvVae *vae, uint32_t stage, uint32_t member);

/* The head of a column over the rows of a pass; x and weight may be NULL when not needed. */
HvHead hv_vae_head(const HvVae *vae, const HvBlock *block, uint32_t column, const HvBatch *batch,
                   const HvWork *work);

const char *hv_architecture_name(HvArchitecture architecture);

#endif
