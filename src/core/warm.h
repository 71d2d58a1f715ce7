/*
 * warm.h: a model that starts from an earlier one, and which of the two is better.
 */
#ifndef HV_WARM_H
#define HV_WARM_H

#include "kin.h"
#include "source.h"
#include "vae.h"

/*
 * Whether `vae` could start from `old`'s weights: the same architecture, hidden layers, latent sizes
 * and members, and no column of another kind or stage.
 */
bool hv_warm_fits(const HvVae *vae, const HvVae *old, const HvKinship *kinship);

/*
 * Takes the old weights over into a network that has been randomised. A new column's outputs keep
 * their random rows, its inputs begin at zero, so that the others' outputs are what they were; a
 * column that is gone leaves no trace.
 */
HvStatus hv_warm_start(HvVae *vae, const HvVae *old, const HvKinship *kinship, HvArena *arena);

/* Two models on the same rows, in nats per row. */
typedef struct HvComparison
{
	uint64_t rows;         /* with a cell that both can read */
	uint32_t columns;      /* that both encode alike: the only ones that are looked at */
	double champion;       /* ELBO (beta 1) of the old model */
	double challenger;     /* of the new one */
	double standard_error; /* of their difference, row by row */
} HvComparison;

/*
 * Compares on the rows of a source (of the new model's records), with the same noise for both. Cells
 * of columns that the two do not encode alike are hidden from both: what is left is a bound on the
 * same probability in both, on the same scale.
 */
HvStatus hv_compare(const HvVae *challenger, const HvVae *champion, const HvKinship *kinship,
                    const HvBlas *blas, HvSource *source, const HvHost *host, HvArena *arena,
                    HvComparison *comparison);

/* Not worse than the old one by more than a standard error. False when nothing was compared. */
bool hv_not_worse(const HvComparison *comparison);

#endif
