/*
 * likelihood_count.c: counts, by the negative binomial with log mean o and log size s.
 *
 * With mu = e^o, r = e^s: P(x) = G(x + r) / (G(r) x!) * (r / (r + mu))^r * (mu / (r + mu))^x, mean
 * mu, variance mu + mu^2 / r; r to infinity is the Poisson distribution. In logits
 *
 *     -log P = log x! - (log G(x + r) - log G(r)) + r softplus(o - s) + x softplus(s - o)
 *     d/do   = r sigmoid(o - s) - x sigmoid(s - o)                    (= r (mu - x) / (r + mu))
 *     d/ds   = r (softplus(o - s) - (psi(x + r) - psi(r))) - d/do
 *
 * Example, o = 0, s = 0 is the geometric distribution with mean 1: x = 2 has P = 1/8,
 * d/do = 1/2 - 2/2 = -1/2.
 *
 * A record holds log(x + 1), centered and scaled; all is computed in double, since log G of a
 * large argument has few digits to spare. s is clamped, with no gradient outside.
 */
#include "elementwise.h"
#include "heads.h"
#include "rng.h"

#define LOG_SIZE_MIN (-7.0)
#define LOG_SIZE_MAX 10.0

/* Where the marginal may put the size. */
#define MARGINAL_SIZE_MIN 1e-2
#define MARGINAL_SIZE_MAX 1e4

/* Counts up to which log G(x + r) - log G(r) is a product, and the most a sampler looks at. */
#define SMALL_COUNT 16
#define TABLE 64 /* counts below it are looked up where there are many rows */
#define MOST_STEPS 100000

static size_t
one(const HvColumn *column)
{
	(void) column;
	return 1;
}

static double
log_size(const HvHead *head)
{
	return hv_clamp(head->scale[0], LOG_SIZE_MIN, LOG_SIZE_MAX);
}

/* log(G(x + r) / G(r)) = sum of log(r + i) for i < x */
static double
log_rising(double x, double r)
{
	double product = 1;

	if (x > SMALL_COUNT)
		return lgamma(x + r) - lgamma(r);
	for (double i = 0; i < x; i++)
		product *= r + i;
	return log(product);
}

/*
 * psi = (log G)', Abramowitz & Stegun 6.3.18: asymptotic from 8 on, where the first term left out
 * is below 1e-12; before that psi(x) = psi(x + 1) - 1/x.
 */
static double
digamma(double x)
{
	double result = 0, y;

	for (; x < 8; x++)
		result -= 1 / x;
	y = 1 / (x * x);
	return result + log(x) - 0.5 / x -
	       y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y / 132))));
}

/* psi(x + r) - psi(r) = sum of 1 / (r + i) for i < x */
static double
digamma_rise(double x, double r)
{
	double sum = 0;

	if (x > SMALL_COUNT)
		return digamma(x + r) - digamma(r);
	for (double i = 0; i < x; i++)
		sum += 1 / (r + i);
	return sum;
}

static double
negative_log(double x, double o, double s)
{
	double r = exp(s);

	return lgamma(x + 1) - log_rising(x, r) + r * hv_log1pexp(o - s) + x * hv_log1pexp(s - o);
}

/*
 * What depends on the count alone, for the smallest counts, each from the one before: most cells
 * find theirs here. Not worth making for a few rows.
 */
typedef struct Table
{
	size_t n;
	double constant[TABLE]; /* log x! - log(G(x + r) / G(r)) */
	double rise[TABLE];     /* psi(x + r) - psi(r) */
} Table;

static void
make_table(Table *table, size_t rows, double r)
{
	table->n = rows < TABLE ? rows : TABLE;
	table->constant[0] = table->rise[0] = 0;
	for (size_t x = 1; x < table->n; x++)
	{
		double before = r + (double) (x - 1);

		table->constant[x] = table->constant[x - 1] + log((double) x / before);
		table->rise[x] = table->rise[x - 1] + 1 / before;
	}
}

static double
constant_of(const Table *table, double x, double r)
{
	return x < (double) table->n ? table->constant[(size_t) x] : lgamma(x + 1) - log_rising(x, r);
}

static double
rise_of(const Table *table, double x, double r)
{
	return x < (double) table->n ? table->rise[(size_t) x] : digamma_rise(x, r);
}

static void
count_loss(const HvHead *head, HvReal *nll, const HvSlope *slope)
{
	double s = log_size(head), r = exp(s), sum = 0;
	double count[HV_CELLS], constant[HV_CELLS], rise[HV_CELLS];
	HvReal loss[HV_CELLS], d[HV_CELLS], d_s[HV_CELLS];
	Table table;
	HvPack pack;

	make_table(&table, head->n, r);
	hv_pack_start(&pack);
	while (hv_pack_next(&pack, head))
	{
		hv_decode_counts(count, pack.x, head->column->scale, head->column->center, pack.n);
		for (size_t i = 0; i < pack.n; i++)
			constant[i] = constant_of(&table, count[i], r);
		if (slope == NULL)
			hv_count_loss(loss, count, constant, pack.o, pack.weight, s, r, pack.n);
		else
		{
			for (size_t i = 0; i < pack.n; i++)
				rise[i] = rise_of(&table, count[i], r);
			hv_count_slope(loss, d, d_s, count, constant, rise, pack.o, pack.weight, s, r, pack.n);
			hv_unpack(&pack, d, slope);
			for (size_t i = 0; i < pack.rows; i++)
				sum += d_s[i];
		}
		hv_add_row_sums(nll + pack.first, loss, pack.rows, pack.width);
	}
	if (slope != NULL && head->scale[0] > LOG_SIZE_MIN && head->scale[0] < LOG_SIZE_MAX)
		slope->scale[0] += slope->factor * (HvReal) sum;
}

/* The encoded value of the mean: log(mu + 1) = softplus(o). */
static void
count_mean(const HvHead *head, HvReal *mean, size_t ldm)
{
	for (size_t i = 0; i < head->n; i++)
		mean[i * ldm] = hv_to_record(head->column, hv_log1pexp(head->o[i * head->ldo]));
}

/*
 * One count from one uniform number: the probabilities are taken off it one after the other until
 * it is used up. Any order of the counts will do; the one that starts at the mode and goes outward,
 * each time to the likelier side, needs about as many steps as the distribution is wide, and none
 * of its probabilities underflows. Neighbours differ by a factor:
 * P(x + 1) / P(x) = (x + r) / (x + 1) * mu / (r + mu).
 */
static double
draw(double u, double o, double s)
{
	double r = exp(s), share = hv_logistic(o - s); /* mu / (r + mu) */
	double mode = r > 1 ? floor((r - 1) * exp(hv_clamp(o, -40, 40) - s)) : 0;
	double low = mode, high = mode, p = exp(-negative_log(mode, o, s));
	double p_low = p, p_high = p, count = mode;

	u -= p;
	for (int step = 0; u >= 0 && step < MOST_STEPS; step++)
	{
		double down = low > 0 ? p_low * low / ((low - 1 + r) * share) : 0;
		double up = p_high * (high + r) / (high + 1) * share;

		if (down > up)
		{
			p_low = down;
			count = --low;
		}
		else
		{
			p_high = up;
			count = ++high;
		}
		p = down > up ? down : up;
		if (p == 0)
			break;
		u -= p;
	}
	return count;
}

static void
count_sample(const HvHead *head, uint64_t key, uint64_t stream, HvReal *sample, size_t lds)
{
	double s = log_size(head);

	for (size_t i = 0; i < head->n; i++)
	{
		double count = draw(hv_uniform(key, stream, i), head->o[i * head->ldo], s);

		sample[i * lds] = hv_to_record(head->column, log1p(count));
	}
}

/* By moments: variance = mu + mu^2 / r. */
static void
count_marginal(const HvColumn *column, HvReal *o, HvReal *scale)
{
	double mean = column->mean > 1e-3 ? column->mean : 1e-3;
	double excess = column->sd * column->sd - mean;
	double r = excess > 0 ? mean * mean / excess : MARGINAL_SIZE_MAX;

	o[0] = (HvReal) log(mean);
	scale[0] = (HvReal) log(hv_clamp(r, MARGINAL_SIZE_MIN, MARGINAL_SIZE_MAX));
}

const HvLikelihood hv_negative_binomial = {
	.name = "negative_binomial",
	.outputs = one,
	.scales = one,
	.loss = count_loss,
	.mean = count_mean,
	.sample = count_sample,
	.marginal = count_marginal,
};
