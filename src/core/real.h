/*
 * real.h: the number type of the model.
 *
 * Everything the network computes is an HvReal: float in the extension, double when the core is
 * compiled with -DHV_DOUBLE, which only the gradient checks do (a finite difference in float
 * cannot tell a wrong gradient from rounding).
 */
#ifndef HV_REAL_H
#define HV_REAL_H

#ifdef HV_DOUBLE
typedef double HvReal;
#else
typedef float HvReal;
#endif

#endif
