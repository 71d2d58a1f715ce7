/*
 * test_seed_reference.c: the seed's network against PyTorch (test/data/seed_reference.h, made by
 * make_reference.py): loss, every gradient tensor of the first step, and the parameters after ten
 * steps of Adam, from the same weights, rows and noise.
 *
 * Built twice: in float, as the extension computes, and, included by test_grad_seed_reference.c,
 * in double, where the agreement must reach the digits that the file has.
 */
#include "hv_test.h"

#include "../data/seed_reference.h"
#include "adam.h"
#include "rng.h"
#include "vae.h"

#ifdef HV_DOUBLE
#define TOLERANCE 1e-7
#else
#define TOLERANCE 1e-5
#endif

enum
{
	COLUMNS = 10,
	ROWS = 32,
	LATENT = 3,
	STEPS = 10,
	TENSORS = sizeof(reference_tensors) / sizeof(reference_tensors[0]),
};

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];
static HvSchema schema;
static HvVae vae;
static HvWork work;
static HvReal records[ROWS * 2 * COLUMNS], weight[ROWS * COLUMNS], *gradient;

/* Ten numbers, already scaled to [0, 1], and their mask bits. */
static void
make_schema(void)
{
	for (uint32_t j = 0; j < COLUMNS; j++)
		columns[j] = (HvColumn){
			.name = "x",
			.kind = HV_REAL,
			.used = true,
			.width = 1,
			.scale = 1,
			.max = 1,
			.value_at = j,
			.x_at = j,
			.m_at = COLUMNS + j,
		};
	schema = (HvSchema){
		.ncolumns = COLUMNS,
		.columns = columns,
		.nstages = 1,
		.stages = {{.first = 0, .last = COLUMNS, .begin = 0, .mask = COLUMNS, .end = 2 * COLUMNS}},
		.nvalues = COLUMNS,
		.width = 2 * COLUMNS,
	};
}

/* The tensor of the block whose name ends with this one, or NULL. */
static const HvTensor *
find_tensor(const char *name)
{
	for (size_t i = 0; i < vae.ntensors; i++)
	{
		size_t all = strlen(vae.tensors[i].name), end = strlen(name);

		if (all >= end && strcmp(vae.tensors[i].name + all - end, name) == 0)
			return &vae.tensors[i];
	}
	return NULL;
}

/* Copies the reference's parameters into the model, tensor by tensor. */
static bool
load_parameters(void)
{
	const double *from = reference_initial;

	for (size_t i = 0; i < TENSORS; i++)
	{
		const HvTensor *tensor = find_tensor(reference_tensors[i].name);

		if (tensor == NULL || tensor->rows * tensor->cols != reference_tensors[i].size)
		{
			note("tensor %s is missing or has another size", reference_tensors[i].name);
			return false;
		}
		for (size_t j = 0; j < reference_tensors[i].size; j++)
			vae.parameters[tensor->at + j] = (HvReal) *from++;
	}
	return true;
}

static void
compare_tensors(const char *what, const HvReal *have, const double *want)
{
	double worst = 0;

	for (size_t i = 0; i < TENSORS; i++)
	{
		const HvTensor *tensor = find_tensor(reference_tensors[i].name);
		double error = relative_error(have + tensor->at, want, reference_tensors[i].size);

		ok(error < TOLERANCE, "%s %s: relative error %.1e", what, reference_tensors[i].name, error);
		want += reference_tensors[i].size;
		worst = fmax(worst, error);
	}
	note("%s: worst relative error %.1e", what, worst);
}

/* Forward and backward on the noise of one step; returns the loss, mean over the rows. */
static double
pass(int step)
{
	const HvBatch batch = {
		.n = ROWS,
		.input = records,
		.target = records,
		.weight = weight,
		.ld = schema.width,
	};
	double loss = 0;

	for (size_t i = 0; i < ROWS * LATENT; i++)
		work.noise[i] = (HvReal) reference_noise[(size_t) step * ROWS * LATENT + i];
	hv_block_gradient(&vae, &vae.blocks[0], &blas, &batch, 1, (HvReal) (1.0 / ROWS), &work,
	                  gradient, false);
	for (size_t r = 0; r < ROWS; r++)
		loss += work.nll[r] + work.kl[r];
	return loss / ROWS;
}

static bool
set_up(void)
{
	HvConfig config = {
		.architecture = HV_SEED,
		.nhidden = 2,
		.hidden = {16, 12},
		.latent = {LATENT},
		.members = 1,
		.beta = 1,
	};

	arena = test_arena();
	blas = test_blas();
	make_schema();
	for (size_t r = 0; r < ROWS; r++)
		for (size_t j = 0; j < COLUMNS; j++)
		{
			records[r * schema.width + j] = (HvReal) reference_x[r * COLUMNS + j];
			records[r * schema.width + COLUMNS + j] = 1;
			weight[r * COLUMNS + j] = 1;
		}
	if (!ok(hv_vae_init(&vae, &schema, &config, &arena) == HV_OK, "the model is laid out") ||
	    !ok(hv_work_init(&work, &vae, ROWS, true, &arena) == HV_OK, "and its work space"))
		return false;
	gradient = hv_new(&arena, HvReal, vae.nparameters, 1);
	return ok(vae.nparameters == REFERENCE_PARAMETERS, "%zu parameters", vae.nparameters) &&
	       ok(load_parameters(), "the parameters of PyTorch fit");
}

int
main(void)
{
	HvAdam adam;

	if (!set_up() || !ok(hv_adam_init(&adam, &arena, vae.nparameters) == HV_OK, "Adam"))
		return done_testing();
	for (int step = 0; step < STEPS; step++)
	{
		double loss = pass(step), error = fabs(loss / reference_loss[step] - 1);

		ok(error < TOLERANCE, "loss of step %d: relative error %.1e", step + 1, error);
		if (step == 0)
			compare_tensors("gradient", gradient, reference_gradient);
		hv_adam_step(&adam, vae.parameters, gradient, (HvReal) 1e-3);
	}
	compare_tensors("after ten steps", vae.parameters, reference_final);
	/* script/kernels runs this twice with every kernel: the same numbers, to the last bit */
	note("parameters: %016llx",
	     (unsigned long long) hv_hash(vae.parameters, vae.nparameters * sizeof(HvReal), 0));
	return done_testing();
}
