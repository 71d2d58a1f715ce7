/*
 * test_grad_likelihood.c: the gradient of every likelihood, with respect to outputs and scales,
 * against central differences of the loss alone. Compiled with a double core.
 */
#include "head_fixture.h"

#define H 1e-6
#define FACTOR 0.25

static HvReal d_o[ROWS * LD], d_scale[SCALES], nll[ROWS];
static const HvSlope slope = {.factor = FACTOR, .o = d_o, .ldo = LD, .scale = d_scale};

/* FACTOR times the sum over rows of weighted -log p. */
static double
loss(const Fixture *f)
{
	double sum = 0;

	memset(nll, 0, sizeof(nll));
	f->likelihood->loss(&f->head, nll, NULL);
	for (size_t r = 0; r < f->head.n; r++)
		sum += nll[r];
	return FACTOR * sum;
}

/* The numeric derivative with respect to *p of the rows first … first+n-1. */
static double
numeric(Fixture *f, HvReal *p, size_t first, size_t n)
{
	HvReal kept = *p;
	HvHead whole = f->head;
	double up, down;

	f->head.x += first * LD;
	f->head.o += first * LD;
	f->head.weight += first * 2;
	f->head.n = n;
	*p = kept + H;
	up = loss(f);
	*p = kept - H;
	down = loss(f);
	*p = kept;
	f->head = whole;
	return (up - down) / (2 * H);
}

/* ||analytic - numeric|| / ||numeric|| over the outputs of all rows. */
static double
output_error(Fixture *f)
{
	size_t outputs = f->likelihood->outputs(&f->column);
	double difference = 0, size = 0;

	for (size_t r = 0; r < ROWS; r++)
		for (size_t j = 0; j < outputs; j++)
		{
			double want = numeric(f, &f->o[r * LD + j], r, 1);

			difference += pow(d_o[r * LD + j] - want, 2);
			size += want * want;
		}
	return sqrt(difference / size);
}

static void
check_fixture(Fixture *f, const char *what)
{
	size_t outputs = f->likelihood->outputs(&f->column);
	size_t scales = f->likelihood->scales(&f->column);
	HvReal together[ROWS] = {0};
	bool zero = true, assigned = true, apart = true, same = true;
	double worst = 0;

	for (size_t i = 0; i < ROWS * LD; i++)
		d_o[i] = 777;
	for (size_t i = 0; i < SCALES; i++)
		d_scale[i] = 50;
	f->likelihood->loss(&f->head, together, &slope);
	loss(f);
	for (size_t r = 0; r < ROWS; r++)
		same = same && near(together[r], nll[r], 1e-12);
	ok(same, "%s%s: the same loss with the gradient and without", f->name, what);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t j = 0; j < LD; j++)
		{
			if (j < outputs && f->weight[r * 2] == 0)
				zero = zero && d_o[r * LD + j] == 0;
			if (j < outputs)
				assigned = assigned && d_o[r * LD + j] != 777;
			else
				apart = apart && d_o[r * LD + j] == 777;
		}
	for (size_t k = 0; k < scales; k++)
	{
		double want = numeric(f, &f->scale[k], 0, ROWS);

		worst = fmax(worst, fabs(d_scale[k] - 50 - want) / fmax(1, fabs(want)));
	}
	for (size_t k = scales; k < SCALES; k++)
		apart = apart && d_scale[k] == 50;
	ok(output_error(f) < 1e-5, "%s%s, outputs: relative error %.1e", f->name, what,
	   output_error(f));
	if (scales > 0)
		ok(worst < 1e-5, "%s%s, scales: relative error %.1e", f->name, what, worst);
	ok(zero && assigned && apart, "%s%s: rows of weight 0 get 0, and nothing else is written",
	   f->name, what);
}

/* Outputs 12 times as large: the tails. The scales of a gaussian and a count stay inside. */
static void
stretch(Fixture *f)
{
	for (size_t i = 0; i < ROWS * LD; i++)
		f->o[i] *= 12;
	for (size_t i = 1; i < SCALES; i++)
		f->scale[i] *= 3;
}

static void
clamped_scale(Fixture *f, HvReal s)
{
	HvReal before;

	f->scale[0] = s;
	d_scale[0] = before = 50;
	f->likelihood->loss(&f->head, nll, &slope);
	ok(d_scale[0] == before && numeric(f, &f->scale[0], 0, ROWS) == 0,
	   "%s, scale %g: clamped, no gradient", f->name, s);
	ok(output_error(f) < 1e-5, "%s, scale %g: outputs", f->name, s);
}

/*
 * The hurdle against PyTorch in float64: -Bernoulli(logits=a).log_prob(any) - any Normal(m,
 * exp(s / 2)).log_prob(x), and its autograd; none is encoded as -1.
 */
static void
hurdle_reference(void)
{
	static const struct
	{
		HvReal x, o[2], s;
		double nll, d_o[2], d_s;
	} cases[] = {
		{-1, {0.3, 0.2}, -0.5, 0.8543552445, {0.5744425168, 0.0000000000}, 0.0000000000},
		{0.7, {0.3, 0.2}, -0.5, 1.4293839365, {-0.4255574832, -0.8243606354}, 0.2939098412},
		{2.5, {-1.2, 1.1}, 0.4, 3.2391346457, {-0.7685247835, -0.9384480644}, -0.1569136451},
	};
	HvColumn column = test_column(HV_AMOUNT, 1, 0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		HvReal weight = 1, loss = 0, d[2], d_s = 0;
		HvHead head = {.column = &column,
		               .n = 1,
		               .x = &cases[i].x,
		               .weight = &weight,
		               .o = cases[i].o,
		               .scale = &cases[i].s};

		HvSlope to = {.factor = 1, .o = d, .ldo = 2, .scale = &d_s};

		hv_likelihood(&column, false)->loss(&head, &loss, &to);
		ok(fabs(loss - cases[i].nll) < 1e-9 && fabs(d[0] - cases[i].d_o[0]) < 1e-9 &&
		       fabs(d[1] - cases[i].d_o[1]) < 1e-9 && fabs(d_s - cases[i].d_s) < 1e-9,
		   "hurdle, loss and gradient of PyTorch, %d", (int) i);
	}
}

int
main(void)
{
	for (int i = 0; i < FIXTURES; i++)
	{
		check_fixture(fixture(i), "");
		if (fixture(i)->column.kind != HV_COUNT)
		{
			Fixture *f = fixture(i);

			stretch(f);
			check_fixture(f, ", large outputs");
		}
	}
	for (HvReal s = -5; s < 9; s += 3)
	{
		Fixture *f = fixture(9);

		f->scale[0] = s;
		check_fixture(f, s < 0 ? ", small size" : ", large size");
	}
	clamped_scale(fixture(0), -9);
	clamped_scale(fixture(0), 3);
	clamped_scale(fixture(3), 3);
	clamped_scale(fixture(9), 12);
	clamped_scale(fixture(9), -8);
	hurdle_reference();
	return done_testing();
}
