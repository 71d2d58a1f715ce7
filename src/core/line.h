/*
 * line.h: the straight line beside the network: what a linear regression says of an effect.
 *
 * The ridge regression of every outcome on context and behaviour is contained in the model's copula
 * (copula.h): with u the outcomes and body measures, o all other features, P the precision,
 *
 *     E[x_u | x_o] = m_u - P_uu^-1 P_uo (x_o - m_o)
 *
 * so the slopes are -P_uu^-1 P_uo, between normal scores, and their standard errors follow from the
 * residual variance and the number of rows. Body measures are left free, so that the slope of
 * exercise holds what passes through weight: it is the total effect, as the network's is. The slope of
 * weight itself is taken with weight among o.
 */
#ifndef HV_LINE_H
#define HV_LINE_H

#include "copula.h"
#include "schema.h"

/*
 * slope[k], sd[k]: encoded units of outcome columns[k] per encoded unit of the numeric column
 * `action`; both 0 for a column that cannot be asked. `rows` is what the copula was fitted on. False
 * when the model has no copula.
 */
bool hv_line_slopes(const HvCopula *copula, const HvSchema *schema, double rows, uint32_t action,
                    const uint32_t *columns, uint32_t ncolumns, double *slope, double *sd,
                    HvArena *arena);

#endif
