/*
 * likelihood_hurdle.c: amounts of which many are none: cigarettes a day, drinks, minutes of exercise.
 *
 * A column's least value is "none". Whether there is any is a coin, and how much a Gaussian of the
 * encoded value, with a log-variance s that all rows share:
 *
 *     none   -log p = softplus(a)                                      d/da = sigmoid(a)
 *     x      -log p = softplus(-a) + 1/2 (log 2 pi + s + (x - m)^2 e^-s)
 *            d/da = sigmoid(a) - 1,  d/dm = -(x - m) e^-s,  d/ds = 1/2 - 1/2 (x - m)^2 e^-s
 *
 * with a the first output, the logit of there being any, and m the second. Example, a = 0, m = 1,
 * s = 0: none has -log p = log 2; x = 2 has log 2 + (1.8379 + 1)/2, d/dm = -1. So a density has its
 * probability where it has one, and the amounts are not bent by all the zeros among them.
 *
 * SCIENCE 3.2; Cragg, Econometrica 39 (1971) for the hurdle.
 */
#include "elementwise.h"
#include "heads.h"
#include "rng.h"
#include "scores.h"

#define LOG_2PI 1.8378770664093453
#define LOG_VARIANCE_MIN (-7.0)
#define LOG_VARIANCE_MAX 2.0
#define JUST_ABOVE 1e-4 /* in encoded units: what is nearer to none is none */

/* The encoded value of none. */
static double
none_of(const HvColumn *column)
{
	double t = column->nknots > 0 ? (double) column->knots[0].middle : column->min;

	return (t - column->center) / column->scale;
}

/* The least encoded value that is read back as more than none. */
static double
least_amount(const HvColumn *column)
{
	double t = column->nknots > 0 ? (double) column->knots[0].high : column->min;

	return (t - column->center) / column->scale + JUST_ABOVE;
}

bool
hv_hurdle_none(const HvColumn *column, double x)
{
	return x <= none_of(column) + JUST_ABOVE;
}

static size_t
two(const HvColumn *column)
{
	(void) column;
	return 2;
}

static size_t
one(const HvColumn *column)
{
	(void) column;
	return 1;
}

static double
log_variance(const HvHead *head)
{
	return hv_clamp(head->scale[0], LOG_VARIANCE_MIN, LOG_VARIANCE_MAX);
}

static void
hurdle_loss(const HvHead *head, HvReal *nll, const HvSlope *slope)
{
	double s = log_variance(head), precision = exp(-s), most = none_of(head->column) + JUST_ABOVE;
	double sum = 0;

	for (size_t i = 0; i < head->n; i++)
	{
		const HvReal *o = head->o + i * head->ldo;
		double x = head->x[i * head->ldx], weight = hv_weight(head, i), loss, d_any, d_mean = 0, e;

		if (slope != NULL)
			slope->o[i * slope->ldo] = slope->o[i * slope->ldo + 1] = 0;
		if (weight == 0)
			continue;
		/* softplus(±a) = max(±a, 0) + log(1 + e), sigmoid(±a) = 1 or e of 1 + e */
		e = exp(-fabs(o[0]));
		loss = log1p(e);
		if (x <= most)
		{
			loss += o[0] > 0 ? o[0] : 0;
			d_any = (o[0] > 0 ? 1 : e) / (1 + e);
		}
		else
		{
			double error = x - o[1], squared = error * error * precision;

			loss += (o[0] < 0 ? -o[0] : 0) + 0.5 * (LOG_2PI + s + squared);
			d_any = -(o[0] < 0 ? 1 : e) / (1 + e);
			d_mean = -error * precision;
			sum += weight * (0.5 - 0.5 * squared);
		}
		nll[i] += (HvReal) (weight * loss);
		if (slope == NULL)
			continue;
		slope->o[i * slope->ldo] = slope->factor * (HvReal) (weight * d_any);
		slope->o[i * slope->ldo + 1] = slope->factor * (HvReal) (weight * d_mean);
	}
	if (slope != NULL && head->scale[0] > LOG_VARIANCE_MIN && head->scale[0] < LOG_VARIANCE_MAX)
		slope->scale[0] += slope->factor * (HvReal) sum;
}

static void
hurdle_mean(const HvHead *head, HvReal *mean, size_t ldm)
{
	double none = none_of(head->column);

	for (size_t i = 0; i < head->n; i++)
	{
		const HvReal *o = head->o + i * head->ldo;
		double any = hv_logistic(o[0]);

		mean[i * ldm] = (HvReal) ((1 - any) * none + any * o[1]);
	}
}

double
hv_hurdle_variance(const HvHead *head, size_t row)
{
	const HvReal *o = head->o + row * head->ldo;
	double any = hv_logistic(o[0]), apart = o[1] - none_of(head->column);

	return any * exp(log_variance(head)) + any * (1 - any) * apart * apart;
}

static void
hurdle_sample(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds)
{
	double sd = exp(0.5 * log_variance(head)), none = none_of(head->column);
	double least = least_amount(head->column);

	for (size_t i = 0; i < head->n; i++)
	{
		const HvReal *o = head->o + i * head->ldo;
		double any = hv_logistic(o[0]), u = hv_uniform(key, stream, i), amount;

		/* what is left of the coin is a uniform number again */
		if (u >= any)
			sample[i * lds] = (HvReal) none;
		else
		{
			amount = o[1] + sd * hv_normal_quantile(hv_clamp(u / any, 1e-12, 1 - 1e-12));
			sample[i * lds] = (HvReal) (amount > least ? amount : least);
		}
	}
}

/* Encoded values have mean 0 and variance 1, so those of the amounts follow from the share of none. */
static void
hurdle_marginal(const HvColumn *column, HvReal *o, HvReal *scale)
{
	double none = none_of(column), mean, variance;
	double any = column->nknots > 0 ? 1 - hv_normal_cdf(column->knots[0].high) : 0.5;

	hv_encoded_moments(column, &mean, &variance);
	any = hv_clamp(any, HV_SHARE_MIN, 1 - HV_SHARE_MIN);
	o[0] = (HvReal) hv_logit(any);
	variance += mean * mean; /* now E[x^2] */
	mean = (mean - (1 - any) * none) / any;
	variance = (variance - (1 - any) * none * none) / any - mean * mean;
	o[1] = (HvReal) mean;
	scale[0] = (HvReal) hv_clamp(log(variance > 1e-9 ? variance : 1e-9), LOG_VARIANCE_MIN,
	                             LOG_VARIANCE_MAX);
}

const HvLikelihood hv_hurdle = {
	.name = "hurdle",
	.outputs = two,
	.scales = one,
	.loss = hurdle_loss,
	.mean = hurdle_mean,
	.sample = hurdle_sample,
	.marginal = hurdle_marginal,
};
