/* Drawing records: marginals and ties of a known model, given cells, seeds, gaps, formulas, choices. */
#include "dense.h"
#include "encode.h"
#include "hv_small_model.h"
#include "rng.h"
#include "sample.h"

#define N 4000
#define COLUMNS 4

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];

/*
 * A network without weights: every head stands at its marginal, so that what is drawn of numbers is their
 * noise alone. a and b in stage 0, c and the word in stage 1.
 */
static void
make_model(HvModel *model, HvReal **records)
{
	static const char *words[] = {"x", "y", "z"};
	HvConfig config = {.architecture = HV_ORDERED,
	                   .nhidden = 1,
	                   .hidden = {8},
	                   .latent = {2, 2},
	                   .members = 2,
	                   .beta = 1};
	HvSchema *schema = &model->schema;
	HvStats *stats;

	memset(model, 0, sizeof(*model));
	schema->columns = columns;
	schema->ncolumns = COLUMNS;
	columns[0] = column_of("a", HV_CELL_NUMBER);
	columns[1] = column_of("b", HV_CELL_NUMBER);
	columns[2] = column_of("c", HV_CELL_NUMBER);
	columns[2].integer = true;
	columns[3] = column_of("word", HV_CELL_TEXT);
	columns[2].stage = columns[3].stage = 1;
	ok(hv_stats_init(&stats, schema, &arena) == HV_OK, "statistics");
	*records = NULL;
	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 1)
		{
			ok(hv_stats_finish(stats, schema, &arena, false) == HV_OK &&
			       hv_schema_layout(schema) == HV_OK,
			   "a schema");
			*records = hv_new(&arena, HvReal, N, schema->width);
		}
		for (size_t r = 0; r < N; r++)
		{
			HvReal e[3];
			double cell[COLUMNS];

			hv_normals(2, HV_STREAM(HV_RNG_USE, 3), r * 3, e, 3);
			cell[0] = 10 + e[0];
			cell[1] = 50 + 6 * e[0] + 8 * e[1];
			cell[2] = round(100 + 15 * (0.8 * e[1] + 0.6 * e[2]));
			cell[3] = r % 10 == 0 ? 2 : r % 2;
			if (pass == 1)
			{
				if (r % 4 == 0)
					cell[1] = NAN;
				hv_encode_row(schema, cell, *records + r * schema->width);
				continue;
			}
			for (uint32_t j = 0; j < 3; j++)
				hv_stats_number(stats, j, cell[j]);
			hv_stats_text(stats, 3, words[(int) cell[3]], 1);
		}
	}
	ok(hv_vae_init(&model->vae, schema, &config, &arena) == HV_OK, "a network");
	hv_vae_randomise(&model->vae, 1);
	for (size_t t = 0; t < model->vae.ntensors; t++)
		if (strstr(model->vae.tensors[t].name, "weight") != NULL ||
		    strstr(model->vae.tensors[t].name, "context") != NULL)
			memset(model->vae.parameters + model->vae.tensors[t].at, 0,
			       model->vae.tensors[t].rows * model->vae.tensors[t].cols * sizeof(HvReal));
}

typedef struct Moments
{
	double mean[3], sd[3], ab, bc, word[3];
	int gaps;
} Moments;

static Moments
draw(HvSampler *sampler, size_t n)
{
	Moments m = {.gaps = 0};
	double values[COLUMNS], square[3] = {0}, ab = 0, bc = 0;

	for (size_t r = 0; r < n; r++)
	{
		hv_sample(sampler, r, values);
		for (int j = 0; j < COLUMNS; j++)
			m.gaps += isnan(values[j]);
		for (int j = 0; j < 3; j++)
		{
			m.mean[j] += values[j] / (double) n;
			square[j] += values[j] * values[j] / (double) n;
		}
		ab += values[0] * values[1] / (double) n;
		bc += values[1] * values[2] / (double) n;
		if (values[3] >= 0 && values[3] < 3)
			m.word[(int) values[3]] += 1 / (double) n;
	}
	for (int j = 0; j < 3; j++)
		m.sd[j] = sqrt(fmax(square[j] - m.mean[j] * m.mean[j], 0));
	m.ab = (ab - m.mean[0] * m.mean[1]) / fmax(m.sd[0] * m.sd[1], 1e-9);
	m.bc = (bc - m.mean[1] * m.mean[2]) / fmax(m.sd[1] * m.sd[2], 1e-9);
	return m;
}

static void
without_anything(const HvModel *model)
{
	double none[COLUMNS] = {NAN, NAN, NAN, NAN}, values[COLUMNS], again[COLUMNS], other[COLUMNS];
	HvSampler sampler, second, third;
	Moments m;

	ok(hv_sampler_init(&sampler, model, &blas, none, false, 1, &arena) == HV_OK &&
	       hv_sampler_init(&second, model, &blas, none, false, 1, &arena) == HV_OK &&
	       hv_sampler_init(&third, model, &blas, none, false, 2, &arena) == HV_OK,
	   "samplers");
	m = draw(&sampler, N);
	ok(m.gaps == 0, "no gaps");
	ok(near(m.mean[0], 10, 0.06) && near(m.mean[1], 50, 0.6) && near(m.mean[2], 100, 1),
	   "means %.2f %.2f %.1f", m.mean[0], m.mean[1], m.mean[2]);
	ok(near(m.sd[0], 1, 0.05) && near(m.sd[1], 10, 0.5) && near(m.sd[2], 15, 0.75),
	   "deviations %.2f %.2f %.1f", m.sd[0], m.sd[1], m.sd[2]);
	ok(near(m.ab, 0.6, 0.05) && near(m.bc, 0.64, 0.05),
	   "correlations %.2f within a stage, %.2f between two", m.ab, m.bc);
	ok(near(m.word[2], 0.1, 0.02) && near(m.word[0], 0.4, 0.03), "shares of words %.2f %.2f %.2f",
	   m.word[0], m.word[1], m.word[2]);
	hv_sample(&sampler, 17, values);
	hv_sample(&second, 17, again);
	hv_sample(&third, 17, other);
	ok(memcmp(values, again, sizeof(values)) == 0, "the same seed and row, the same values");
	ok(memcmp(values, other, sizeof(values)) != 0, "another seed, others");
	ok(values[2] == round(values[2]), "integers are whole");
}

static void
with_given(const HvModel *model)
{
	double b[COLUMNS] = {NAN, 70, NAN, NAN}, c[COLUMNS] = {NAN, NAN, 130, 1};
	HvSampler sampler;
	Moments m;

	ok(hv_sampler_init(&sampler, model, &blas, b, false, 1, &arena) == HV_OK && sampler.chains == 1,
	   "b is given");
	m = draw(&sampler, 2000);
	ok(near(m.mean[1], 70, 1e-9) && m.sd[1] < 1e-4, "it is obeyed");
	/* b is 2 sd up: a by .6 of that, c by .64 */
	ok(near(m.mean[0], 11.2, 0.12) && near(m.sd[0], 0.8, 0.06), "a follows: %.2f ± %.2f", m.mean[0],
	   m.sd[0]);
	ok(near(m.mean[2], 100 + 15 * 2 * 0.64, 2), "c follows, a stage later: %.1f", m.mean[2]);
	ok(hv_sampler_init(&sampler, model, &blas, c, false, 1, &arena) == HV_OK &&
	       sampler.chains == HV_CHAINS,
	   "c and the word are given");
	m = draw(&sampler, 500);
	ok(near(m.mean[2], 130, 1e-9) && m.word[1] > 0.999, "they are obeyed");
}

static void
with_gaps(const HvModel *model)
{
	double none[COLUMNS] = {NAN, NAN, NAN, NAN}, b[COLUMNS] = {NAN, 70, NAN, NAN};
	HvSampler sampler;
	Moments m;

	ok(hv_sampler_init(&sampler, model, &blas, none, true, 1, &arena) == HV_OK, "with gaps");
	m = draw(&sampler, N);
	ok(near(m.gaps, N / 4, N / 40), "a quarter of the rows lacks b: %d", m.gaps);
	ok(hv_sampler_init(&sampler, model, &blas, b, true, 1, &arena) == HV_OK, "and b given");
	m = draw(&sampler, 100);
	ok(m.gaps == 0, "what is given is there");
}

/* b = 2 a + 3: what is drawn of b gives way, or when it is given, a. */
static void
with_formula(HvModel *model)
{
	HvFormula doubled = {.y = 1, .a = 0, .b = 0, .shape = HV_AFFINE, .power = 1, .k = 2, .c = 3};
	double none[COLUMNS] = {NAN, NAN, NAN, NAN}, b[COLUMNS] = {NAN, 27, NAN, NAN}, values[COLUMNS];
	HvSampler sampler;
	int agree = 0;

	model->formulas = (HvFormulas){.n = 1, .list = &doubled};
	ok(hv_sampler_init(&sampler, model, &blas, none, false, 1, &arena) == HV_OK, "a formula");
	for (uint64_t r = 0; r < 50; r++)
	{
		hv_sample(&sampler, r, values);
		agree += near(values[1], 2 * values[0] + 3, 1e-4);
	}
	ok(agree == 50, "holds in every row");
	ok(hv_sampler_init(&sampler, model, &blas, b, false, 1, &arena) == HV_OK, "b is given");
	hv_sample(&sampler, 0, values);
	ok(near(values[0], 12, 1e-4) && values[1] == 27, "and a follows: %.3f", values[0]);
	model->formulas.n = 0;
}

/* The word is "y" where a is above its mean, else "x", whatever the network drew. */
static void
with_choice(HvModel *model)
{
	double none[COLUMNS] = {NAN, NAN, NAN, NAN}, word[COLUMNS] = {NAN, NAN, NAN, 2};
	double values[COLUMNS];
	HvChoice *choice = &model->sampling.choice;
	HvSampler sampler;
	int agree = 0;

	ok(choice->width > 0 && choice->weights > 2, "weights of the word's levels");
	memset(choice->weight, 0, choice->weights * sizeof(float));
	choice->center[0] = 0;
	choice->weight[1] = 1e4f;                     /* of a, for "y" */
	choice->weight[choice->weights / 2] = -1e12f; /* the constant of "z" */
	ok(hv_sampler_init(&sampler, model, &blas, none, false, 1, &arena) == HV_OK, "nothing given");
	for (size_t r = 0; r < 200; r++)
	{
		hv_sample(&sampler, r, values);
		agree += values[3] == (values[0] > 10) || near(values[0], 10, 0.1);
	}
	ok(agree == 200, "the word follows from the number, a stage before it: %d", agree);
	ok(hv_sampler_init(&sampler, model, &blas, word, false, 1, &arena) == HV_OK, "word given");
	hv_sample(&sampler, 0, values);
	ok(values[3] == 2, "it is obeyed");
}

int
main(void)
{
	HvReal *records;
	HvModel model;

	arena = test_arena();
	blas = test_blas();
	make_model(&model, &records);
	ok(hv_sampling_fit(&model, &blas, records, N, NULL, &arena) == HV_OK &&
	       model.sampling.width == COLUMNS,
	   "noise of three numbers and a word");
	ok(near(model.sampling.correlation[hv_triangle(1, 0)], 0.6, 0.05) &&
	       near(model.sampling.correlation[hv_triangle(2, 0)], 0, 0.05),
	   "correlations of residuals: %.2f %.2f", model.sampling.correlation[hv_triangle(1, 0)],
	   model.sampling.correlation[hv_triangle(2, 0)]);
	without_anything(&model);
	with_given(&model);
	with_gaps(&model);
	with_formula(&model);
	with_choice(&model);
	return done_testing();
}
