/*
 * openblas.h: loads OpenBLAS with the right kernels for this processor.
 */
#ifndef HV_OPENBLAS_H
#define HV_OPENBLAS_H

#include "core/blas.h"

/* The library, loaded at the first call of a session; an error with a hint when it is missing. */
const HvBlas *hv_openblas(void);

/*
 * The same, loaded when the first product asks for it: 50 milliseconds that a session which asks
 * about single rows need not pay, since the core computes those itself.
 */
const HvBlas *hv_openblas_later(void);

/* What openblas_get_config() and openblas_get_corename() say; loads the library. */
const char *hv_openblas_config(void);
const char *hv_openblas_core(void);

#endif
