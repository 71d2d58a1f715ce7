/*
 * test_grad_vae.c: the gradient of a whole block, in double, against central differences: three
 * stages, every kind of column, hidden cells, missing cells and weighted rows.
 */
#include "hv_columns.h"
#include "rng.h"
#include "vae.h"

enum
{
	COLUMNS = 9,
	ROWS = 7,
	TRIES = 10 /* parameters tried per tensor */
};

static HvArena arena;
static HvBlas blas;
static HvColumn columns[COLUMNS];
static HvSchema schema;
static HvVae vae;
static HvWork work;
static HvReal *target, *input, *weight, row_weight[ROWS], *noise;

static void
make_schema(void)
{
	static const HvKind kinds[COLUMNS] = {HV_REAL,     HV_CATEGORICAL, HV_BINARY,
	                                      HV_POSITIVE, HV_ORDINAL,     HV_EMBEDDING,
	                                      HV_REAL,     HV_COUNT,       HV_BINARY};
	static const int stages[COLUMNS] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
	static double shares[3] = {0.2, 0.5, 0.3};

	for (int j = 0; j < COLUMNS; j++)
	{
		columns[j] = settled_column("c", kinds[j], stages[j]);
		columns[j].width = kinds[j] == HV_CATEGORICAL || kinds[j] == HV_EMBEDDING ? 3 : 1;
		columns[j].level_shares = shares;
		columns[j].sd = 1;
		if (kinds[j] == HV_COUNT)
			columns[j].shift = 1;
	}
	schema = (HvSchema){.ncolumns = COLUMNS, .columns = columns};
	ok(hv_schema_layout(&schema) == HV_OK && schema.nstages == 3, "schema of three stages");
}

/* A feature of column j that its likelihood can have. */
static void
fill_cell(const HvColumn *column, HvReal *record, uint64_t at)
{
	HvReal u = (HvReal) hv_uniform(1, 1, at);

	switch (column->kind)
	{
		case HV_CATEGORICAL: record[column->x_at + (int) (3 * u)] = 1; break;
		case HV_BINARY: record[column->x_at] = u < 0.5; break;
		case HV_ORDINAL: record[column->x_at] = (HvReal) (int) (3 * u); break;
		case HV_COUNT: record[column->x_at] = log(1 + (int) (6 * u)); break;
		default:
			for (uint32_t f = 0; f < column->width; f++)
				record[column->x_at + f] = 3 * (HvReal) hv_uniform(2, 1, at * 8 + f) - 1;
	}
	record[column->m_at] = 1;
}

static void
make_rows(void)
{
	for (int r = 0; r < ROWS; r++)
	{
		HvReal *record = target + r * schema.width;

		row_weight[r] = (HvReal) (0.3 + r * 0.4);
		for (int j = 0; j < COLUMNS; j++)
		{
			if (hv_uniform(3, 1, (uint64_t) (r * COLUMNS + j)) > 0.2)
				fill_cell(&schema.columns[j], record, (uint64_t) (r * COLUMNS + j));
			weight[r * COLUMNS + j] = record[schema.columns[j].m_at] * row_weight[r];
		}
		memcpy(input + r * schema.width, record, schema.width * sizeof(HvReal));
		/* one more cell hidden from the encoder, but still to be predicted */
		input[r * schema.width + schema.columns[r].x_at] = 0;
		input[r * schema.width + schema.columns[r].m_at] = 0;
	}
}

static HvBatch
batch_of_rows(void)
{
	return (HvBatch){.n = ROWS,
	                 .input = input,
	                 .target = target,
	                 .weight = weight,
	                 .row_weight = row_weight,
	                 .ld = schema.width};
}

/* factor * (sum of nll + beta kl) of a block. */
static double
loss(const HvBlock *block, double beta, double factor)
{
	HvBatch batch = batch_of_rows();
	double sum = 0;

	memcpy(work.noise, noise, ROWS * block->latent * sizeof(HvReal));
	hv_block_forward(&vae, block, &blas, &batch, &work);
	for (int r = 0; r < ROWS; r++)
		sum += work.nll[r] + beta * row_weight[r] * work.kl[r];
	return factor * sum;
}

static void
check_tensor(const HvBlock *block, const HvTensor *tensor, const HvReal *gradient)
{
	size_t n = tensor->rows * tensor->cols;
	double worst = 0;

	for (size_t t = 0; t < TRIES && t < n; t++)
	{
		size_t i = tensor->at + (n <= TRIES ? t : (size_t) (hv_uniform(9, 1, t) * (double) n));
		double h = 1e-5, keep = vae.parameters[i], up, down, difference;

		vae.parameters[i] = keep + h;
		up = loss(block, 0.7, 0.5);
		vae.parameters[i] = keep - h;
		down = loss(block, 0.7, 0.5);
		vae.parameters[i] = keep;
		difference = fabs((up - down) / (2 * h) - gradient[i]) / fmax(1, fabs(gradient[i]));
		worst = fmax(worst, difference);
	}
	ok(worst < 1e-5, "%s: largest relative error %.2g", tensor->name, worst);
}

/* Added to itself the gradient is twice as large; nothing beside the block's range is written. */
static void
check_twice(const HvBlock *block, const HvBatch *batch, const HvReal *once)
{
	HvReal *twice = hv_new(&arena, HvReal, vae.nparameters, 1);
	bool good = twice != NULL, apart = true;

	memcpy(twice, once, vae.nparameters * sizeof(HvReal));
	memcpy(work.noise, noise, ROWS * block->latent * sizeof(HvReal));
	hv_block_gradient(&vae, block, &blas, batch, 0.7, 0.5, &work, twice, true);
	for (size_t i = 0; i < vae.nparameters; i++)
		if (i >= block->begin && i < block->end)
			good = good && near(twice[i], 2 * once[i], 1e-9);
		else
			apart = apart && twice[i] == 777;
	ok(good && apart, "block of stage %d, member %d: adds to its own range only",
	   (int) block->stage, (int) block->member);
}

/* Groups of rows with the same start get what each row gets on its own. */
static void
check_groups(const HvBlock *block)
{
	HvGroups groups = {.size = ROWS / 2, .shared = schema.stages[0].end};
	size_t n = 2 * groups.size, width = schema.width;
	HvReal *records = hv_new(&arena, HvReal, n, width);
	HvReal *alone = hv_new(&arena, HvReal, n, block->outputs);
	bool good = true;

	memcpy(records, target, n * width * sizeof(HvReal));
	for (size_t r = 0; r < n; r++)
		memcpy(records + r * width, target + r / groups.size * width,
		       groups.shared * sizeof(HvReal));
	hv_normals(6, 1, 0, work.z, n * block->latent);
	hv_decoder_forward(&vae, block, &blas, records, width, n, &work);
	memcpy(alone, work.out, n * block->outputs * sizeof(HvReal));
	hv_decoder_forward_groups(&vae, block, &blas, records, width, n, groups, &work);
	for (size_t i = 0; i < n * block->outputs; i++)
		good = good && near(work.out[i], alone[i], 1e-9);
	ok(good, "block of stage %d: rows in groups", (int) block->stage);
}

int
main(void)
{
	HvConfig config = {.architecture = HV_ORDERED,
	                   .nhidden = 2,
	                   .hidden = {6, 5},
	                   .latent = {3, 2, 2},
	                   .members = 2,
	                   .beta = 1};
	HvReal *gradient;

	arena = test_arena();
	blas = test_blas();
	make_schema();
	ok(hv_vae_init(&vae, &schema, &config, &arena) == HV_OK && vae.nblocks == 5,
	   "five blocks: one, then two members of two stages");
	hv_vae_randomise(&vae, 7);
	for (size_t i = 0; i < vae.nparameters; i++)
		vae.parameters[i] += 0.3 * (hv_uniform(4, 1, i) - 0.5);
	ok(hv_work_init(&work, &vae, ROWS, true, &arena) == HV_OK, "work");
	target = hv_new(&arena, HvReal, ROWS, schema.width);
	input = hv_new(&arena, HvReal, ROWS, schema.width);
	weight = hv_new(&arena, HvReal, ROWS, COLUMNS);
	noise = hv_new(&arena, HvReal, ROWS, 3);
	gradient = hv_new(&arena, HvReal, vae.nparameters, 1);
	hv_normals(5, 1, 0, noise, ROWS * 3);
	make_rows();
	for (uint32_t i = 0; i < vae.nblocks; i++)
	{
		const HvBlock *block = &vae.blocks[i];
		HvBatch batch = batch_of_rows();

		memcpy(work.noise, noise, ROWS * block->latent * sizeof(HvReal));
		for (size_t p = 0; p < vae.nparameters; p++)
			gradient[p] = 777;
		hv_block_gradient(&vae, block, &blas, &batch, 0.7, 0.5, &work, gradient, false);
		check_twice(block, &batch, gradient);
		check_groups(block);
		for (size_t t = 0; t < vae.ntensors; t++)
			if (vae.tensors[t].at >= block->begin && vae.tensors[t].at < block->end)
				check_tensor(block, &vae.tensors[t], gradient);
	}
	return done_testing();
}
