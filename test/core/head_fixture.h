/*
 * head_fixture.h: columns of every kind and heads with random contents, for the likelihood tests.
 */
#ifndef HEAD_FIXTURE_H
#define HEAD_FIXTURE_H

#include "hv_test.h"
#include "likelihood.h"
#include "rng.h"

enum
{
	ROWS = 700, /* more than one chunk of likelihood_level.c */
	LD = 12,    /* more than any column needs: rows do not touch */
	SCALES = 8
};

typedef struct Fixture
{
	const char *name;
	HvColumn column;
	bool seed;
	const HvLikelihood *likelihood;
	HvReal x[ROWS * LD], o[ROWS * LD], weight[ROWS * 2], scale[SCALES];
	HvHead head;
} Fixture;

static double test_shares[] = {0.5, 0.1, 0.25, 0.1, 0.05};

static HvColumn
test_column(HvKind kind, uint32_t width, uint32_t levels)
{
	return (HvColumn){
		.name = "c",
		.kind = kind,
		.width = width,
		.nlevels = levels,
		.level_shares = levels > 0 ? test_shares : NULL,
		.center = kind == HV_ORDINAL ? 1.5
	              : kind == HV_COUNT ? 0.7
	                                 : 0,
		.scale = kind == HV_ORDINAL ? 1.25
	             : kind == HV_COUNT ? 0.6
	                                : 1,
		.shift = kind == HV_COUNT,
		.transform = kind == HV_COUNT ? HV_LOG : HV_LINEAR,
		.min = -1, /* of an amount: none */
		.mean = 4,
		.sd = 5,
	};
}

/* Number i of a stream as a target that the column can have. */
static void
random_target(const Fixture *f, uint64_t row, HvReal *x)
{
	const HvColumn *c = &f->column;
	double u = hv_uniform(1, 100, row);

	hv_normals(1, 101, row * LD, x, c->width);
	if (f->seed)
		hv_uniforms(1, 102, row * LD, x, c->width);
	else if (c->kind == HV_BINARY)
		x[0] = u < 0.3;
	else if (c->kind == HV_CATEGORICAL)
		for (uint32_t j = 0; j < c->width; j++)
			x[j] = j == (uint32_t) (u * c->width);
	else if (c->kind == HV_ORDINAL)
		x[0] = (HvReal) ((floor(u * c->nlevels) - c->center) / c->scale);
	else if (c->kind == HV_AMOUNT)
		x[0] = u < 0.4 ? -1 : x[0] < (HvReal) -0.9 ? 0 : x[0];
	else if (c->kind == HV_COUNT)
		x[0] = (HvReal) ((log1p(floor(pow(u, 4) * 60)) - c->center) / c->scale);
}

/* Random targets, outputs, scales and weights; every fifth row has weight 0. */
static void
fill_fixture(Fixture *f)
{
	f->likelihood = hv_likelihood(&f->column, f->seed);
	memset(f->x, 0, sizeof(f->x));
	hv_normals(1, 103, 0, f->o, ROWS * LD);
	hv_normals(1, 104, 0, f->scale, SCALES);
	hv_uniforms(1, 105, 0, f->weight, ROWS * 2);
	for (size_t r = 0; r < ROWS; r++)
	{
		random_target(f, r, f->x + r * LD);
		if (r % 5 == 3)
			f->weight[r * 2] = 0;
	}
	f->head = (HvHead){
		.column = &f->column,
		.n = ROWS,
		.x = f->x,
		.ldx = LD,
		.weight = f->weight,
		.ldw = 2,
		.o = f->o,
		.ldo = LD,
		.scale = f->scale,
	};
}

enum
{
	FIXTURES = 14
};

/* One of each. Static: they are large, and only one is looked at at a time. */
static TEST_UNUSED Fixture *
fixture(int i)
{
	static const struct
	{
		const char *name;
		HvKind kind;
		uint32_t width, levels;
		bool seed;
	} table[FIXTURES] = {
		{"real", HV_REAL, 1, 0, false},
		{"positive", HV_POSITIVE, 1, 0, false},
		{"date", HV_DATE, 1, 0, false},
		{"embedding of 7", HV_EMBEDDING, 7, 0, false},
		{"binary", HV_BINARY, 1, 2, false},
		{"categorical, 2 levels", HV_CATEGORICAL, 2, 2, false},
		{"categorical, 5 levels", HV_CATEGORICAL, 5, 5, false},
		{"ordinal, 2 levels", HV_ORDINAL, 1, 2, false},
		{"ordinal, 5 levels", HV_ORDINAL, 1, 5, false},
		{"count", HV_COUNT, 1, 0, false},
		{"amount", HV_AMOUNT, 1, 0, false},
		{"seed real", HV_REAL, 1, 0, true},
		{"seed categorical", HV_CATEGORICAL, 5, 5, true},
		{"seed ordinal", HV_ORDINAL, 1, 5, true},
	};
	static Fixture f;

	memset(&f, 0, sizeof(f));
	f.name = table[i].name;
	f.seed = table[i].seed;
	f.column = test_column(table[i].kind, table[i].width, table[i].levels);
	if (f.seed)
	{
		f.column.center = 0;
		f.column.scale = table[i].kind == HV_ORDINAL ? 4 : 10;
	}
	fill_fixture(&f);
	return &f;
}

/* -log p of one row, o and scales as given. */
static TEST_UNUSED double
nll_of(const HvColumn *column, bool seed, const HvReal *x, const HvReal *o, const HvReal *scale)
{
	HvReal weight = 1, nll = 0;
	HvHead head = {
		.column = column,
		.n = 1,
		.x = x,
		.weight = &weight,
		.o = o,
		.scale = scale,
	};

	hv_likelihood(column, seed)->loss(&head, &nll, NULL);
	return nll;
}

#endif
