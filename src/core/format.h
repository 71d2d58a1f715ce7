/*
 * format.h: the bytes of a model. The layout is drawn at the top of format.c.
 */
#ifndef HV_FORMAT_H
#define HV_FORMAT_H

#include "accord.h"
#include "blend.h"
#include "choice.h"
#include "copula.h"
#include "derived.h"
#include "forest.h"
#include "latent.h"
#include "noise.h"
#include "tail.h"
#include "vae.h"

#define HV_FORMAT_VERSION 1
#define HV_FORMAT_MAGIC "HVAE"
#define HV_FORMAT_HEADER 16 /* bytes before the first section */
#define HV_FORMAT_TRAILER 4 /* the checksum behind the last one */

/* What a training knows of itself and of its data; all of it goes into the bytes. */
typedef struct HvProvenance
{
	uint64_t seed;
	uint64_t rows, validation_rows;
	uint64_t fingerprint; /* hash over the encoded rows, order included */
	uint32_t epochs, best_epoch;
	double train_elbo, validation_elbo, baseline_elbo; /* nats per row; NaN when there is none */
	double epsilon, delta; /* privacy budget; infinity and 0 without differential privacy */
	bool row_security;     /* the trainer saw the table through row security */
	const char *source;    /* qualified name of the relation */
	const char *trainer;   /* role */
	const char *extension_version;
	/* Quantiles over held-out rows (training rows where those are few) of -ELBO per observed cell: of whole
	 * records, for vae_anomaly of old models, and of the first stage, for the plausibility of a plan. */
	double surprise[HV_QUANTILES];
	double first_surprise[HV_QUANTILES];
} HvProvenance;

/* The ways in which a row can be strange; anomaly.h says what they are. */
typedef enum HvPart
{
	HV_PART_FOREST = 0, /* it stands alone */
	HV_PART_TIES,       /* its cells do not go together */
	HV_PART_TAILS,      /* its cells are extreme */
	HV_PART_DENSITY,    /* the network finds it unlikely */
	HV_PARTS
} HvPart;

typedef struct HvStrange
{
	bool fitted; /* false in models from before there was a section for it */
	HvForest forest;
	HvAccord accord;
	HvTail part[HV_PARTS];
	HvTail whole;
	float weight[HV_PARTS]; /* 0 … 1 */
} HvStrange;

/* What drawing new records needs beside the network; core/sample.h says what for. */
#define HV_MAX_PATTERNS 512 /* of gaps */
#define HV_BENDS 25
#define HV_BEND_STEP 0.25 /* scores: from -3 to 3 */
typedef struct HvSampling
{
	uint32_t width;     /* columns that have noise, in their order; 0: not measured */
	float *correlation; /* of it: lower triangle by rows, 1 on the diagonal */
	float *bend;        /* width × HV_BENDS: quantiles of the scores as drawn, see sample.c */
	HvChoice choice;
	uint32_t npatterns;
	uint8_t *patterns; /* npatterns × (ncolumns + 7) / 8: bits of the observed cells */
} HvSampling;

typedef struct HvModel
{
	HvSchema schema;
	HvVae vae; /* vae.schema points to schema above */
	HvCopula copula;
	HvFormulas formulas;
	HvBlend *blend; /* per column: how a missing cell is guessed */
	HvProvenance provenance;
	HvLatent latent; /* of training rows; n is 0 where it was not measured */
	HvStrange strange;
	HvSampling sampling;
} HvModel;

/* Whether what is drawn of a column is bent onto its own quantiles. */
static inline bool
hv_is_bent(const HvColumn *column)
{
	return column->transform == HV_SCORES && hv_is_gaussian(column);
}

/* Size of the bytes, and the bytes; equal models give equal bytes. */
size_t hv_model_size(const HvModel *model);
HvStatus hv_model_write(const HvModel *model, uint8_t *bytes, size_t size);

/*
 * Reads and checks everything: magic, version, total length, CRC, every count against the limits
 * of schema.h before it allocates, every tensor, every enumeration, every number for finiteness.
 * On failure *why is a constant text that says what was wrong ("checksum mismatch", …).
 */
HvStatus hv_model_read(const uint8_t *bytes, size_t size, HvArena *arena, HvModel *model,
                       const char **why);

/* CRC-32C (Castagnoli) of bytes: the last four of a model are that of all before. */
uint32_t hv_crc32c(const uint8_t *bytes, size_t size);

/* That of bytes that follow others, whose checksum is `before`; 0 when there are none. */
uint32_t hv_crc32c_more(uint32_t before, const uint8_t *bytes, size_t size);

#endif
