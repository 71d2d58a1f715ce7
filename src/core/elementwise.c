/*
 * elementwise.c: the loops over plain arrays that a small network spends its time in.
 *
 * The one file compiled with -O3 -ffast-math: only then does gcc put libmvec's vector exp and
 * log1p into a loop, and only then does it vectorise a sum. CLONES compiles each kernel for three
 * processors, and the dynamic linker picks one when the library is loaded. Kernels that take an
 * output and an input accept the same array for both.
 *
 * -ffast-math promises that no NaN, infinity or denormal number occurs, and gcc builds on it: it
 * computes a float a / b and sqrt(a) from the processor's approximations, in steps that give NaN
 * for an infinite b and for a denormal a. The promise is kept here by bounds on what goes in, each
 * with its comment. Example: 1 / (1 + exp(-x)) of x = -100 would go through exp(100) = infinity in
 * float; x is bounded by 87 first.
 */
#include <math.h>

#include "elementwise.h"
#include "philox.h"

#ifdef HV_DOUBLE
#define REAL(name) name
#define TINY 0x1p-1022 /* smallest normal number */
#define MAX_EXP 709    /* exp of more overflows */
#else
#define REAL(name) name##f
#define TINY 0x1p-126f
#define MAX_EXP 87
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
	!defined(__SANITIZE_ADDRESS__) &&                                                              \
	!defined(HV_ONE_VARIANT) /* script/kernels: -march chooses */
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

/* Iterations do not depend on each other, also where two arrays may be the same one. */
#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

static inline HvReal
within(HvReal x, HvReal low, HvReal high)
{
	x = x < low ? low : x;
	return x > high ? high : x;
}

static inline HvReal
sigmoid(HvReal x)
{
	return 1 / (1 + REAL(exp)(-within(x, -MAX_EXP, MAX_EXP)));
}

/* max(x, 0) + log(1 + exp(-|x|)): the exponent is never positive */
static inline HvReal
softplus(HvReal x)
{
	HvReal size = x < 0 ? -x : x;

	return (x > 0 ? x : 0) + REAL(log1p)(REAL(exp)(-within(size, 0, MAX_EXP)));
}

/* The same, and its derivative, from one exponential: 1 / (1 + e) for x > 0, e / (1 + e) else. */
static inline HvReal
softplus_slope(HvReal x, HvReal *slope)
{
	HvReal size = x < 0 ? -x : x, e = REAL(exp)(-within(size, 0, MAX_EXP));

	*slope = (x > 0 ? 1 : e) / (1 + e);
	return (x > 0 ? x : 0) + REAL(log1p)(e);
}

CLONES void
hv_relu(HvReal *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = y[i] > 0 ? y[i] : 0;
}

CLONES void
hv_relu_backward(HvReal *d, const HvReal *y, HvReal *db, size_t n, size_t width)
{
	for (size_t r = 0; r < n; r++)
	{
		HvReal *row = d + r * width;
		const HvReal *output = y + r * width;

		INDEPENDENT
		for (size_t j = 0; j < width; j++)
		{
			row[j] = output[j] > 0 ? row[j] : 0;
			db[j] += row[j];
		}
	}
}

CLONES void
hv_sigmoid(HvReal *y, const HvReal *x, size_t n)
{
	INDEPENDENT
	for (size_t i = 0; i < n; i++)
		y[i] = sigmoid(x[i]);
}

CLONES void
hv_exp(HvReal *y, const HvReal *x, size_t n)
{
	/* At the lower bound the result is the smallest normal number, not a denormal one. */
	INDEPENDENT
	for (size_t i = 0; i < n; i++)
		y[i] = REAL(exp)(within(x[i], -MAX_EXP, MAX_EXP));
}

CLONES void
hv_softplus(HvReal *y, const HvReal *x, size_t n)
{
	INDEPENDENT
	for (size_t i = 0; i < n; i++)
		y[i] = softplus(x[i]);
}

CLONES void
hv_add_bias(HvReal *y, size_t ldy, const HvReal *bias, size_t n, size_t width, int relu)
{
	for (size_t r = 0; r < n; r++)
	{
		HvReal *row = y + r * ldy;

		if (relu)
		{
			INDEPENDENT
			for (size_t j = 0; j < width; j++)
				row[j] = row[j] + bias[j] > 0 ? row[j] + bias[j] : 0;
		}
		else
		{
			INDEPENDENT
			for (size_t j = 0; j < width; j++)
				row[j] += bias[j];
		}
	}
}

CLONES void
hv_sum_rows(HvReal *db, const HvReal *d, size_t ldd, size_t n, size_t width)
{
	for (size_t r = 0; r < n; r++)
	{
		const HvReal *row = d + r * ldd;

		INDEPENDENT
		for (size_t j = 0; j < width; j++)
			db[j] += row[j];
	}
}

CLONES void
hv_add_row_sums(HvReal *sum, const HvReal *x, size_t n, size_t width)
{
	for (size_t r = 0; r < n; r++)
	{
		HvReal total = 0;

		for (size_t j = 0; j < width; j++)
			total += x[r * width + j];
		sum[r] += total;
	}
}

CLONES double
hv_sum_squares(const HvReal *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double) x[i] * (double) x[i];
	return sum;
}

CLONES void
hv_clear_unweighted(HvReal *x, const HvReal *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = w[i] != 0 ? x[i] : 0;
}

CLONES void
hv_bernoulli_loss(HvReal *loss, const HvReal *x, const HvReal *o, const HvReal *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		loss[i] = w[i] * (softplus(o[i]) - x[i] * o[i]);
}

CLONES void
hv_bernoulli_slope(HvReal *loss, HvReal *d, const HvReal *x, const HvReal *o, const HvReal *w,
                   size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		HvReal p, plus = softplus_slope(o[i], &p);

		loss[i] = w[i] * (plus - x[i] * o[i]);
		d[i] = w[i] * (p - x[i]);
	}
}

CLONES void
hv_gaussian_loss(HvReal *loss, const HvReal *x, const HvReal *o, const HvReal *w, const HvReal *s,
                 const HvReal *precision, size_t n)
{
	const HvReal half = (HvReal) 0.5, log_2pi = (HvReal) 1.8378770664093453;

	for (size_t i = 0; i < n; i++)
	{
		HvReal error = x[i] - o[i];

		loss[i] = w[i] * half * (log_2pi + s[i] + error * error * precision[i]);
	}
}

CLONES void
hv_gaussian_slope(HvReal *loss, HvReal *d, HvReal *d_s, const HvReal *x, const HvReal *o,
                  const HvReal *w, const HvReal *s, const HvReal *precision, size_t n)
{
	const HvReal half = (HvReal) 0.5, log_2pi = (HvReal) 1.8378770664093453;

	for (size_t i = 0; i < n; i++)
	{
		HvReal error = o[i] - x[i], squared = error * error * precision[i];

		loss[i] = w[i] * half * (log_2pi + s[i] + squared);
		d[i] = w[i] * (error * precision[i]);
		d_s[i] = w[i] * half * (1 - squared);
	}
}

CLONES void
hv_ordinal_loss(HvReal *loss, const HvReal *o, const HvReal *low, const HvReal *high,
                const HvReal *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		loss[i] = w[i] * (softplus(o[i] - high[i]) + softplus(low[i] - o[i]));
}

CLONES void
hv_ordinal_slope(HvReal *loss, HvReal *up, HvReal *down, const HvReal *o, const HvReal *low,
                 const HvReal *high, const HvReal *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		HvReal above, below, plus = softplus_slope(o[i] - high[i], &above);

		plus += softplus_slope(low[i] - o[i], &below);
		loss[i] = w[i] * plus;
		up[i] = w[i] * above;
		down[i] = w[i] * below;
	}
}

CLONES void
hv_decode_counts(double *count, const HvReal *x, double scale, double center, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		double t = x[i] * scale + center;

		t = t < 0 ? 0 : t > 40 ? 40 : t;
		count[i] = floor(exp(t) - 0.5);
	}
}

/* exp(-|x|): with it softplus(±x) = max(±x, 0) + log1p(e), and sigmoid(±x) = 1 or e, over 1 + e */
static inline double
fade(double x)
{
	double size = x < 0 ? -x : x;

	return exp(-(size > 700 ? 700 : size));
}

CLONES void
hv_count_loss(HvReal *loss, const double *count, const double *constant, const HvReal *o,
              const HvReal *w, double s, double r, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		double t = o[i] - s, both = log1p(fade(t));
		double above = (t > 0 ? t : 0) + both, below = (t < 0 ? -t : 0) + both;

		loss[i] = w[i] * (HvReal) (constant[i] + r * above + count[i] * below);
	}
}

CLONES void
hv_count_slope(HvReal *loss, HvReal *d, HvReal *d_s, const double *count, const double *constant,
               const double *rise, const HvReal *o, const HvReal *w, double s, double r, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		double t = o[i] - s, e = fade(t), both = log1p(e);
		double above = (t > 0 ? t : 0) + both, below = (t < 0 ? -t : 0) + both;
		double slope = (r * (t > 0 ? 1 : e) - count[i] * (t > 0 ? e : 1)) / (1 + e);

		loss[i] = w[i] * (HvReal) (constant[i] + r * above + count[i] * below);
		d[i] = w[i] * (HvReal) slope;
		d_s[i] = w[i] * (HvReal) (r * (above - rise[i]) - slope);
	}
}

CLONES void
hv_reparametrise(HvReal *code, const HvReal *noise, HvReal *z, HvReal *kl, size_t n, size_t latent)
{
	for (size_t r = 0; r < n; r++)
	{
		HvReal *mu = code + r * 2 * latent, *logvar = mu + latent;
		HvReal sum = 0;

		INDEPENDENT
		for (size_t j = 0; j < latent; j++)
		{
			HvReal lv = within(logvar[j], HV_LOGVAR_MIN, HV_LOGVAR_MAX);
			HvReal sigma = REAL(exp)(lv * (HvReal) 0.5);

			logvar[j] = lv;
			z[r * latent + j] = mu[j] + sigma * noise[r * latent + j];
			sum += mu[j] * mu[j] + sigma * sigma - 1 - lv;
		}
		kl[r] += sum * (HvReal) 0.5;
	}
}

CLONES void
hv_reparametrise_backward(HvReal *d_code, const HvReal *code, const HvReal *noise, const HvReal *dz,
                          const HvReal *weight, HvReal beta, size_t n, size_t latent)
{
	for (size_t r = 0; r < n; r++)
	{
		const HvReal *mu = code + r * 2 * latent, *logvar = mu + latent;
		HvReal *d_mu = d_code + r * 2 * latent, *d_logvar = d_mu + latent;
		HvReal w = weight != NULL ? weight[r] * beta : beta;

		INDEPENDENT
		for (size_t j = 0; j < latent; j++)
		{
			HvReal g = dz[r * latent + j];
			HvReal sigma = REAL(exp)(logvar[j] * (HvReal) 0.5);
			HvReal d = (HvReal) 0.5 * (g * noise[r * latent + j] * sigma + w * (sigma * sigma - 1));

			d_mu[j] = g + w * mu[j];
			d_logvar[j] = logvar[j] <= HV_LOGVAR_MIN || logvar[j] >= HV_LOGVAR_MAX ? 0 : d;
		}
	}
}

#define BLOCKS (HV_RANDOM_GROUP / PHILOX_LANES)

/* 24 bits, as many as a float holds: so rounding never makes a 1, and double gets the same. */
CLONES void
hv_uniform_group(uint64_t key, uint64_t stream, uint64_t block, HvReal *out)
{
	uint32_t w[PHILOX_LANES][BLOCKS];

	for (int i = 0; i < BLOCKS; i++)
		hv_philox_block(key, stream, block + i, &w[0][i], &w[1][i], &w[2][i], &w[3][i]);
	for (int i = 0; i < BLOCKS; i++)
		for (int lane = 0; lane < PHILOX_LANES; lane++)
			out[i * PHILOX_LANES + lane] = (HvReal) (w[lane][i] >> 8) * (HvReal) 0x1p-24;
}

/*
 * Box & Muller (1958): radius sqrt(-2 log u), angle 2 pi v; two pairs a block. The half keeps u
 * above 0; the largest normal there is is 6.8. TINY because u may be rounded to 1 (see the top).
 */
CLONES void
hv_normal_group(uint64_t key, uint64_t stream, uint64_t block, HvReal *out)
{
	uint32_t w[PHILOX_LANES][BLOCKS];
	HvReal x[PHILOX_LANES][BLOCKS], radius[BLOCKS], angle[BLOCKS];

	for (int i = 0; i < BLOCKS; i++)
		hv_philox_block(key, stream, block + i, &w[0][i], &w[1][i], &w[2][i], &w[3][i]);
	for (int pair = 0; pair < PHILOX_LANES; pair += 2)
	{
		HvReal *first = x[pair], *second = x[pair + 1];

		for (int i = 0; i < BLOCKS; i++)
		{
			HvReal u = ((HvReal) w[pair][i] + (HvReal) 0.5) * (HvReal) 0x1p-32;

			radius[i] = REAL(sqrt)(-2 * REAL(log)(u) + TINY);
			angle[i] = (HvReal) w[pair + 1][i] * (HvReal) (6.283185307179586 * 0x1p-32);
		}
		/* In one loop gcc would make them one sincos, which has no vector form. */
		for (int i = 0; i < BLOCKS; i++)
			first[i] = radius[i] * REAL(cos)(angle[i]);
		for (int i = 0; i < BLOCKS; i++)
			second[i] = radius[i] * REAL(sin)(angle[i]);
	}
	for (int i = 0; i < BLOCKS; i++)
		for (int lane = 0; lane < PHILOX_LANES; lane++)
			out[i * PHILOX_LANES + lane] = x[lane][i];
}

CLONES void
hv_adam_update(HvReal *p, const HvReal *g, HvReal *m, HvReal *v, size_t n, HvReal lr, HvReal beta1,
               HvReal beta2, HvReal epsilon, HvReal correction1, HvReal correction2, HvReal decay)
{
	HvReal step = lr / correction1, scale = 1 / correction2, keep = 1 - lr * decay;
	HvReal rest1 = 1 - beta1, rest2 = 1 - beta2;

	/*
	 * A dead unit's moments fade by 0.9 a step and would end as denormal numbers, which cost a
	 * hundred times as much: below 1e-30 they are 0. TINY keeps the root's argument normal; next
	 * to epsilon it is nothing.
	 */
	INDEPENDENT
	for (size_t i = 0; i < n; i++)
	{
		HvReal first = beta1 * m[i] + rest1 * g[i];
		HvReal second = beta2 * v[i] + rest2 * g[i] * g[i];

		first = first < (HvReal) 1e-30 && first > (HvReal) -1e-30 ? 0 : first;
		second = second < (HvReal) 1e-30 ? 0 : second;
		m[i] = first;
		v[i] = second;
		p[i] = keep * p[i] - step * first / (REAL(sqrt)(second * scale + TINY) + epsilon);
	}
}
