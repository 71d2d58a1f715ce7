/*
 * sample.h: new records drawn from a model, also given some of their cells.
 *
 * Stage by stage: a latent position from the prior, the decoder's answer to it and to the cells drawn so
 * far, a cell of every column around that answer. Four things make the records more like real ones:
 *
 *   noise    what the network leaves unexplained of one cell hangs together with what it leaves of
 *            others (weight and waist, a diagnosis and its medicine); its correlations are measured in
 *            training, and noise is drawn with them (noise.h).
 *   bends    what is drawn of a number need not have just the distribution that the column has; its
 *            quantiles are bent onto those
 *   derived  what follows from other columns by a formula is computed (derived.h)
 *   choices  at last every word is drawn anew, given all numbers and the words before it (choice.h)
 *
 * Given cells are obeyed exactly. Within a stage the latent position is then drawn by the encoder and
 * importance weights (draws.h), and what the given cells leave unexplained bends the noise of the others.
 * What a given outcome says of a missing behaviour, a stage earlier, is found by drawing many chains and
 * keeping one by how well it explains what is given.
 *
 * Example: given systolic 180, of 32 people drawn, the one who is kept is older than most.
 */
#ifndef HV_SAMPLE_H
#define HV_SAMPLE_H

#include "draws.h"

#define HV_CHAINS 32       /* where stages before a given cell are open */
#define HV_CHAIN_DRAWS 16  /* latent positions tried for given cells, of a stage of a chain … */
#define HV_SINGLE_DRAWS 64 /* … or where there is but one chain */

typedef struct HvSampler
{
	const HvModel *model;
	const HvBlas *blas;
	HvDraws draws;
	bool *fixed;    /* per column: given */
	bool *known;    /* room for as many */
	double *given;  /* a value row */
	HvReal *record; /* its encoding */
	bool missing;   /* gaps as real rows have them */
	uint64_t seed;
	/* noise, its columns in the order in which they are drawn */
	uint32_t width;
	uint32_t *order;  /* column of each */
	uint32_t *place;  /* per column: where it stands in that order, and … */
	uint32_t *number; /* … in the order of the schema */
	double *factor;   /* Cholesky factor of their correlations */
	HvReal *normal;   /* room for the width */
	double *shock;    /* independent noise of the present record */
	double *score;    /* in the schema's order: scores as drawn, before they are bent */
	/* words that are chosen: those at plan.order[chosen] and after */
	HvChoicePlan plan;
	uint32_t chosen;
	float *features;
	/* HV_CHAINS records, their values and weights */
	HvReal *chain;
	double *chain_values;
	double *log_weight;
	uint32_t chains;
	uint32_t stages; /* that are drawn: all of them but in training */
} HvSampler;

/*
 * given[nvalues]: NaN where nothing is given; `seed`, row number and model determine a record.
 */
HvStatus hv_sampler_init(HvSampler *sampler, const HvModel *model, const HvBlas *blas,
                         const double *given, bool missing, uint64_t seed, HvArena *arena);

/* The values of row `row`, NaN where there is a gap. */
void hv_sample(HvSampler *sampler, uint64_t row, double *values);

/*
 * sample_bend.c: a score as drawn onto the standard normal distribution, which a column's scores have, and
 * back. bend[i] is the quantile as drawn at score (i - 12) / 4; beyond the ends the distance is kept.
 */
double hv_bent(const float *bend, double score);
double hv_unbent(const float *bend, double score);

/* sample_fit.c: model->sampling from n training records, in memory of `arena`. */
HvStatus hv_sampling_fit(HvModel *model, const HvBlas *blas, const HvReal *records, size_t n,
                         const HvHost *host, HvArena *arena);

#endif
