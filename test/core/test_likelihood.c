/*
 * test_likelihood.c: values worked out by hand, probabilities that sum to 1, extremes, means and
 * samples against each other. Marginals and units: test_marginal.c.
 */
#include "head_fixture.h"
#include "rng.h"

#define DRAWS 20000

static void
table(void)
{
	static const struct
	{
		HvKind kind;
		HvLikelihoodId id;
	} pairs[] = {
		{HV_REAL, HV_GAUSSIAN},           {HV_POSITIVE, HV_GAUSSIAN},
		{HV_DATE, HV_GAUSSIAN},           {HV_EMBEDDING, HV_GAUSSIAN},
		{HV_BINARY, HV_BERNOULLI},        {HV_CATEGORICAL, HV_CATEGORICAL_LOGITS},
		{HV_COUNT, HV_NEGATIVE_BINOMIAL}, {HV_ORDINAL, HV_CUMULATIVE_LOGIT},
		{HV_AMOUNT, HV_HURDLE},
	};
	bool right = true, seed = true;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		HvColumn c = test_column(pairs[i].kind, 1, 2);

		right = right && hv_likelihood(&c, false) == hv_likelihood_by_id(pairs[i].id);
		seed = seed && hv_likelihood(&c, true) == hv_likelihood_by_id(HV_BERNOULLI);
	}
	ok(right, "the likelihood of every kind");
	ok(seed, "all are Bernoulli in the seed");
}

static void
by_hand(void)
{
	HvColumn real = test_column(HV_REAL, 1, 0), binary = test_column(HV_BINARY, 1, 2);
	HvColumn category = test_column(HV_CATEGORICAL, 3, 3), level = test_column(HV_ORDINAL, 1, 3);
	HvColumn count = test_column(HV_COUNT, 1, 0), block = test_column(HV_EMBEDDING, 2, 0);
	HvColumn amount = test_column(HV_AMOUNT, 1, 0);
	HvReal log2 = (HvReal) log(2), s[2] = {0, (HvReal) log(exp(1) - 1)};
	HvReal x;

	ok(near(nll_of(&real, false, (HvReal[]){1.5}, (HvReal[]){0.5}, (HvReal[]){0}), 1.4189385, 1e-6),
	   "gaussian, one standard deviation off");
	ok(near(nll_of(&real, false, (HvReal[]){3}, (HvReal[]){1}, (HvReal[]){log2}),
	        0.5 * (log(2 * M_PI) + log(2) + 2), 1e-6),
	   "gaussian, variance 2");
	ok(near(nll_of(&block, false, (HvReal[]){1, 0}, (HvReal[]){0, 0}, (HvReal[]){0}),
	        log(2 * M_PI) + 0.5, 1e-6),
	   "gaussian, a block of two");
	ok(near(nll_of(&binary, false, (HvReal[]){1}, (HvReal[]){0}, NULL), log(2), 1e-6), "bernoulli");
	ok(near(nll_of(&real, true, (HvReal[]){0.25}, (HvReal[]){log2}, NULL), log(3) - 0.25 * log(2),
	        1e-6),
	   "bernoulli of a scaled number");
	ok(near(nll_of(&category, false, (HvReal[]){0, 1, 0}, (HvReal[]){0, 0, log2}, NULL), log(4),
	        1e-6),
	   "categorical");
	for (int k = 0; k < 3; k++)
	{
		const double p[] = {0.5, 0.7310586 - 0.5, 1 - 0.7310586};

		x = (HvReal) ((k - level.center) / level.scale);
		ok(near(nll_of(&level, false, &x, (HvReal[]){0}, s), -log(p[k]), 1e-6), "ordinal, level %d",
		   k);
	}
	x = (HvReal) ((log(3) - count.center) / count.scale);
	ok(near(nll_of(&count, false, &x, (HvReal[]){0}, (HvReal[]){0}), log(8), 1e-6),
	   "negative binomial, geometric");
	ok(near(nll_of(&amount, false, (HvReal[]){-1}, (HvReal[]){log2, 1}, (HvReal[]){0}), log(3),
	        1e-6),
	   "hurdle, none");
	ok(near(nll_of(&amount, false, (HvReal[]){2}, (HvReal[]){log2, 1}, (HvReal[]){0}),
	        log(1.5) + 0.5 * (log(2 * M_PI) + 1), 1e-6),
	   "hurdle, an amount");
}

/* The probabilities of all levels, and of all counts, sum to 1. */
static void
sum_to_one(void)
{
	HvColumn category = test_column(HV_CATEGORICAL, 5, 5), level = test_column(HV_ORDINAL, 1, 5);
	HvColumn count = test_column(HV_COUNT, 1, 0);
	const HvReal o[5] = {1, -2, (HvReal) 0.3, 0, 2}, s[4] = {-1, (HvReal) 0.5, -2, 1};
	double sum = 0;

	for (int k = 0; k < 5; k++)
		sum += exp(
			-nll_of(&category, false, (HvReal[]){k == 0, k == 1, k == 2, k == 3, k == 4}, o, NULL));
	ok(near(sum, 1, 1e-6), "categorical sums to 1");
	sum = 0;
	for (int k = 0; k < 5; k++)
	{
		HvReal x = (HvReal) ((k - level.center) / level.scale);

		sum += exp(-nll_of(&level, false, &x, o, s));
	}
	ok(near(sum, 1, 1e-6), "ordinal sums to 1");
	for (int log_size = -1; log_size < 6; log_size += 3)
	{
		double mean = 0;

		sum = 0;
		for (int k = 0; k < 3000; k++)
		{
			HvReal x = (HvReal) ((log1p(k) - count.center) / count.scale);
			double p =
				exp(-nll_of(&count, false, &x, (HvReal[]){2}, (HvReal[]){(HvReal) log_size}));

			sum += p;
			mean += k * p;
		}
		ok(near(sum, 1, 1e-5) && near(mean, exp(2), 1e-5),
		   "negative binomial, log size %d: sums to 1, mean e^o", log_size);
	}
}

/* Outputs of ±80 and extreme scales: finite losses and gradients. */
static void
extremes(void)
{
	for (int i = 0; i < FIXTURES; i++)
	{
		static const HvReal sizes[] = {-80, -30, 0, 30, 80};
		Fixture *f = fixture(i);
		HvReal nll[ROWS] = {0}, d_o[ROWS * LD] = {0}, d_scale[SCALES] = {0}, mean[ROWS * LD] = {0};
		HvSlope slope = {.factor = 1, .o = d_o, .ldo = LD, .scale = d_scale};
		bool finite = true;

		for (size_t j = 0; j < ROWS * LD; j++)
			f->o[j] = sizes[j * 7 % 5];
		for (int round = 0; round < 3; round++)
		{
			for (size_t j = 0; j < SCALES; j++)
				f->scale[j] = (HvReal) (round == 0 ? 0 : round == 1 ? -80 : 80);
			f->likelihood->loss(&f->head, nll, &slope);
			f->likelihood->mean(&f->head, mean, LD);
			for (size_t r = 0; r < ROWS; r++)
			{
				finite = finite && isfinite(nll[r]);
				for (size_t j = 0; j < LD; j++)
					finite = finite && isfinite(d_o[r * LD + j]) && isfinite(mean[r * LD + j]);
			}
			for (size_t j = 0; j < SCALES; j++)
				finite = finite && isfinite(d_scale[j]);
		}
		ok(finite, "%s: outputs and scales of ±80", f->name);
	}
}

/* A row of weight 0 is not looked at: its target and output may be anything. */
static void
weights(void)
{
	for (int i = 0; i < FIXTURES; i++)
	{
		Fixture *f = fixture(i);
		HvReal once[ROWS] = {0}, twice[ROWS], d_o[ROWS * LD], d_scale[SCALES] = {0};
		HvSlope slope = {.factor = 1, .o = d_o, .ldo = LD, .scale = d_scale};
		bool skipped = true, scaled = true;

		for (size_t r = 3; r < ROWS; r += 5)
			for (size_t j = 0; j < f->column.width; j++)
				f->x[r * LD + j] = (HvReal) NAN;
		f->likelihood->loss(&f->head, once, NULL);
		for (size_t r = 0; r < ROWS; r++)
		{
			twice[r] = 1;
			f->weight[r * 2] *= 2;
		}
		f->likelihood->loss(&f->head, twice, &slope);
		for (size_t r = 0; r < ROWS; r++)
		{
			skipped = skipped && (r % 5 != 3 || (once[r] == 0 && d_o[r * LD] == 0));
			scaled = scaled && near(twice[r], 1 + 2 * once[r], 1e-6);
		}
		for (size_t j = 0; j < SCALES; j++)
			skipped = skipped && isfinite(d_scale[j]);
		ok(skipped, "%s: rows of weight 0 are skipped", f->name);
		ok(scaled, "%s: the loss is added, times the weight", f->name);
	}
}

/* A value in the unit in which the mean of the samples tends to what `mean` states. */
static double
unit(const Fixture *f, HvReal encoded)
{
	if (f->likelihood == hv_likelihood_by_id(HV_NEGATIVE_BINOMIAL))
		return expm1(encoded * f->column.scale + f->column.center);
	return encoded;
}

/* Many draws for one row of outputs: their mean and, of a gaussian, their deviation. */
static void
samples(void)
{
	static HvReal o[DRAWS * LD], drawn[DRAWS * LD], again[LD], mean[LD];

	for (int i = 0; i < FIXTURES; i++)
	{
		Fixture *f = fixture(i);
		bool good = true, repeatable;
		double worst = 0;

		if (f->column.kind == HV_AMOUNT)
			f->o[1] = 20; /* amounts are cut off at none: far from there */
		for (size_t r = 0; r < DRAWS; r++)
			memcpy(o + r * LD, f->o, LD * sizeof(HvReal));
		f->head.o = o;
		f->head.n = DRAWS;
		f->head.x = f->head.weight = NULL;
		f->likelihood->sample(&f->head, 9, HV_STREAM(HV_RNG_USE, i), drawn, LD);
		f->head.n = 1;
		f->likelihood->mean(&f->head, mean, LD);
		f->likelihood->sample(&f->head, 9, HV_STREAM(HV_RNG_USE, i), again, LD);
		for (size_t j = 0; j < f->column.width; j++)
		{
			double sum = 0, squares = 0, m, sd;

			for (size_t r = 0; r < DRAWS; r++)
			{
				double v = unit(f, drawn[r * LD + j]);

				sum += v;
				squares += v * v;
			}
			m = sum / DRAWS;
			sd = sqrt(squares / DRAWS - m * m);
			worst = fmax(worst, fabs(m - unit(f, mean[j])) / (sd / sqrt(DRAWS)));
			if (f->likelihood == hv_likelihood_by_id(HV_GAUSSIAN))
				good = good && near(sd, exp(0.5 * f->scale[0]), 0.03);
		}
		repeatable = memcmp(again, drawn, f->column.width * sizeof(HvReal)) == 0;
		ok(good && worst < 5, "%s: samples have the mean (%.1f standard errors off)", f->name,
		   worst);
		ok(repeatable, "%s: and repeat", f->name);
	}
}

/* Frequencies of drawn counts and levels against their probabilities. */
static void
frequencies(void)
{
	static HvReal o[DRAWS * LD], drawn[DRAWS * LD];
	static const HvReal sizes[] = {-3, 0, 3, 8};

	for (int i = 0; i < 5; i++)
	{
		Fixture *f = fixture(i < 4 ? 9 : 8);
		int seen[40] = {0};
		double chi2 = 0, degrees = 0;

		for (size_t r = 0; r < DRAWS; r++)
			o[r * LD] = i < 4 ? 2 : 1;
		if (i < 4)
			f->scale[0] = sizes[i];
		f->head.o = o;
		f->head.n = DRAWS;
		f->likelihood->sample(&f->head, 4, (uint64_t) i, drawn, LD);
		for (size_t r = 0; r < DRAWS; r++)
		{
			double t = drawn[r * LD] * f->column.scale + f->column.center;
			long k = lround(i < 4 ? expm1(t) : t);

			if (k < 40)
				seen[k]++;
		}
		for (int k = 0; k < (i < 4 ? 40 : 5); k++)
		{
			HvReal x = (HvReal) (((i < 4 ? log1p(k) : k) - f->column.center) / f->column.scale);
			double want = DRAWS * exp(-nll_of(&f->column, false, &x, o, f->scale));

			if (want < 5)
				continue;
			chi2 += pow(seen[k] - want, 2) / want;
			degrees++;
		}
		ok(chi2 < degrees + 5 * sqrt(2 * degrees), "%s: frequencies, chi-square %.1f of %g cells",
		   f->name, chi2, degrees);
	}
}

/* Counts so large that the first probability underflows still come out near their mean. */
static void
large_counts(void)
{
	Fixture *f = fixture(9);
	HvReal o = (HvReal) log(1e4), s = 9, drawn[200];
	double sum = 0;

	f->head.o = &o;
	f->head.ldo = 0;
	f->head.scale = &s;
	f->head.n = 200;
	f->likelihood->sample(&f->head, 4, 1, drawn, 1);
	for (int i = 0; i < 200; i++)
		sum += unit(f, drawn[i]);
	ok(near(sum / 200, 1e4, 0.01), "counts around 10,000");
}

/* Three adjacent columns as one head, over more rows than a pack holds, against one by one. */
static void
adjacent(HvKind kind, const char *name)
{
	enum
	{
		COLUMNS = 3,
		MANY = 700
	};
	static HvReal x[MANY * COLUMNS], o[MANY * COLUMNS], weight[MANY * COLUMNS];
	HvColumn column = test_column(kind, 1, 2);
	const HvLikelihood *likelihood = hv_likelihood(&column, false);
	HvReal nll[2][MANY] = {{0}}, d_o[2][MANY * COLUMNS], d_scale[2][COLUMNS] = {{0}};
	const HvReal scale[COLUMNS] = {-1, 0.5, 1.5};
	bool same = likelihood->wide;

	hv_uniforms(1, 7, 0, x, MANY * COLUMNS);
	hv_normals(1, 8, 0, o, MANY * COLUMNS);
	for (size_t i = 0; i < MANY * COLUMNS; i++)
		weight[i] = (HvReal) (i % 5);
	for (size_t j = 0; j < COLUMNS; j++)
	{
		HvHead head = {
			.column = &column,
			.n = MANY,
			.x = x + j,
			.ldx = COLUMNS,
			.weight = weight + j,
			.ldw = COLUMNS,
			.o = o + j,
			.ldo = COLUMNS,
			.scale = scale + j,
		};
		HvSlope one = {.factor = 2, .o = d_o[0] + j, .ldo = COLUMNS, .scale = d_scale[0] + j};
		HvSlope all = {.factor = 2, .o = d_o[1], .ldo = COLUMNS, .scale = d_scale[1]};

		likelihood->loss(&head, nll[0], &one);
		if (j > 0)
			continue;
		head.more = COLUMNS - 1;
		likelihood->loss(&head, nll[1], &all);
	}
	for (size_t r = 0; r < MANY; r++)
		same = same && near(nll[0][r], nll[1][r], 1e-6);
	for (size_t i = 0; i < MANY * COLUMNS; i++)
		same = same && near(d_o[0][i], d_o[1][i], 1e-6);
	for (size_t j = 0; j < COLUMNS; j++)
		same = same && near(d_scale[0][j], d_scale[1][j], 1e-5);
	ok(same, "%s: adjacent columns as one head are what they are one by one", name);
}

/* Nanoseconds for the loss of one cell, and for the loss and its gradient. */
static void
speed(void)
{
	static HvReal nll[ROWS], d_o[ROWS * LD], d_scale[SCALES];

	for (int i = 0; i < FIXTURES; i++)
	{
		Fixture *f = fixture(i);
		HvSlope slope = {.factor = 1, .o = d_o, .ldo = LD, .scale = d_scale};
		double best[2] = {1, 1};

		for (int round = 0; round < 20; round++)
		{
			double start = test_seconds();

			f->likelihood->loss(&f->head, nll, round % 2 == 0 ? NULL : &slope);
			best[round % 2] = fmin(best[round % 2], test_seconds() - start);
		}
		note("%s: %.1f ns a cell, %.1f with the gradient", f->name, best[0] / ROWS * 1e9,
		     best[1] / ROWS * 1e9);
	}
}

int
main(void)
{
	table();
	by_hand();
	sum_to_one();
	extremes();
	weights();
	samples();
	frequencies();
	large_counts();
	adjacent(HV_REAL, "gaussian");
	adjacent(HV_BINARY, "bernoulli");
	speed();
	return done_testing();
}
