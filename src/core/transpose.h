/*
 * transpose.h: a matrix turned around.
 */
#ifndef HV_TRANSPOSE_H
#define HV_TRANSPOSE_H

#include "real.h"
#include "status.h"

/* to[j][i] = from[i][j], rows×cols numbers; row distances ldto of `to`, ldfrom of `from` */
void hv_transpose(HvReal *to, size_t ldto, const HvReal *from, size_t ldfrom, size_t rows,
                  size_t cols);

#endif
