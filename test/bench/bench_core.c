/*
 * bench_core.c: one side of the comparison: the core's training step, and what bounds it.
 *
 *     bench_core COLUMNS HIDDEN LATENT BATCH
 *
 * trains the seed's network (HIDDEN twice) on random records in memory. It takes orders from stdin,
 * one a line, so that a runner can alternate it with PyTorch inside one run; rates are printed by
 * the wall clock and by CPU time:
 *
 *     train SECONDS   rows/s of whole epochs' steps: gather the shuffled rows, noise, forward,
 *                     backward, clip, Adam (what hv_fit does, without validation)
 *     gemm SECONDS    FLOP/s of the three products of each layer as hv_gemm does them, nothing around
 *     check           largest error of products against plain loops, and the kernels that made them
 *     memory          peak resident bytes
 */
#include "hv_test.h"

#include <sys/resource.h>

#include "adam.h"
#include "rng.h"
#include "source.h"
#include "vae.h"

#define LAYERS 6
#define RECORDS 20000

typedef struct Shape
{
	size_t columns, hidden, latent, batch;
} Shape;

static HvArena arena;
static HvBlas blas;
static Shape shape;
static HvSchema schema;
static HvVae vae;
static HvWork work;
static HvAdam adam;
static HvReal *records, *target, *weight, *row_weight, *gradient;
static uint32_t *order, *rows;
static uint64_t epoch;
static size_t position = RECORDS; /* in the epoch; all rows visited: a new epoch begins */
static double loss;               /* of the last step, so that no compiler leaves it out */

static void *
room(size_t rows, size_t cols, size_t size)
{
	void *bytes = hv_arena_alloc(&arena, rows, cols, size);

	if (bytes == NULL)
		exit(1);
	return bytes;
}

static void
make_schema(void)
{
	uint32_t n = (uint32_t) shape.columns;

	schema = (HvSchema){
		.ncolumns = n,
		.columns = room(n, 1, sizeof(HvColumn)),
		.nstages = 1,
		.stages = {{.first = 0, .last = n, .begin = 0, .mask = n, .end = 2 * n}},
		.nvalues = n,
		.width = 2 * n,
	};
	for (uint32_t j = 0; j < n; j++)
		schema.columns[j] = (HvColumn){
			.name = "x",
			.kind = HV_REAL,
			.used = true,
			.width = 1,
			.scale = 1,
			.mean = 0.5,
			.sd = 0.3,
			.value_at = j,
			.x_at = j,
			.m_at = n + j,
		};
}

/* Values in [0, 1], every cell observed. */
static void
make_records(void)
{
	size_t width = schema.width;

	records = room(RECORDS, width, sizeof(HvReal));
	for (size_t r = 0; r < RECORDS; r++)
	{
		hv_uniforms(1, HV_STREAM(HV_RNG_USE, 0), r * width, records + r * width, shape.columns);
		for (size_t j = shape.columns; j < width; j++)
			records[r * width + j] = 1;
	}
}

static void
set_up(void)
{
	HvConfig config = {
		.architecture = HV_SEED,
		.nhidden = 2,
		.hidden = {(uint32_t) shape.hidden, (uint32_t) shape.hidden},
		.latent = {(uint32_t) shape.latent},
		.members = 1,
		.beta = 1,
	};

	arena = test_arena();
	arena.limit = (size_t) 4 << 30;
	blas = test_blas();
	make_schema();
	make_records();
	if (hv_vae_init(&vae, &schema, &config, &arena) != HV_OK ||
	    hv_work_init(&work, &vae, shape.batch, true, &arena) != HV_OK ||
	    hv_adam_init(&adam, &arena, vae.nparameters) != HV_OK)
		exit(1);
	hv_vae_randomise(&vae, 1);
	gradient = room(vae.nparameters, 1, sizeof(HvReal));
	target = room(shape.batch, schema.width, sizeof(HvReal));
	weight = room(shape.batch, schema.ncolumns, sizeof(HvReal));
	row_weight = room(shape.batch, 1, sizeof(HvReal));
	order = room(RECORDS, 1, sizeof(uint32_t));
	rows = room(shape.batch, 1, sizeof(uint32_t));
}

/* The next minibatch: rows in the epoch's order, their loss weights, and their noise. */
static HvBatch
next_batch(void)
{
	size_t width = schema.width, latent = shape.latent;
	HvWindow window = {.records = records, .width = width, .order = order};

	if (position + shape.batch > RECORDS)
	{
		epoch++;
		position = 0;
		hv_shuffle(1, HV_STREAM(HV_RNG_SHUFFLE, epoch), order, RECORDS);
	}
	hv_window_read(&window, position, shape.batch, target, rows);
	for (size_t r = 0; r < shape.batch; r++)
	{
		memcpy(weight + r * schema.ncolumns, target + r * width + schema.ncolumns,
		       schema.ncolumns * sizeof(HvReal));
		row_weight[r] = 1;
	}
	hv_normals(1, HV_STREAM(HV_RNG_NOISE, epoch), position * latent, work.noise,
	           shape.batch * latent);
	position += shape.batch;
	return (HvBatch){.n = shape.batch,
	                 .input = target,
	                 .target = target,
	                 .weight = weight,
	                 .row_weight = row_weight,
	                 .ld = width};
}

static void
step(void)
{
	HvBatch batch = next_batch();

	hv_block_gradient(&vae, &vae.blocks[0], &blas, &batch, 1, 1 / (HvReal) batch.n, &work, gradient,
	                  false);
	hv_clip_norm(gradient, vae.nparameters, 1e3);
	hv_adam_step(&adam, vae.parameters, gradient, (HvReal) 1e-3);
	loss = 0;
	for (size_t r = 0; r < batch.n; r++)
		loss += work.nll[r] + work.kl[r];
}

/* Forward, weight gradient and input gradient of every layer; returns the operations it took. */
static double
products(HvReal *x, HvReal *w, HvReal *y)
{
	size_t d = shape.columns, h = shape.hidden, l = shape.latent, n = shape.batch;
	const size_t in[LAYERS] = {d, h, h, l, h, h}, out[LAYERS] = {h, h, 2 * l, h, h, d};
	double operations = 0;

	for (int i = 0; i < LAYERS; i++)
	{
		hv_gemm(&blas, false, true, n, out[i], in[i], 1, x, in[i], w, in[i], 0, y, out[i]);
		hv_gemm(&blas, true, false, out[i], in[i], n, 1, y, out[i], x, in[i], 0, w, in[i]);
		hv_gemm(&blas, false, false, n, in[i], out[i], 1, y, out[i], w, in[i], 0, x, in[i]);
		operations += 6.0 * (double) n * (double) in[i] * (double) out[i];
	}
	return operations;
}

/* Work per second by the wall clock, and per second of CPU time (a busy machine takes turns). */
typedef struct Rate
{
	double wall, cpu;
} Rate;

static double
cpu_seconds(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double) used.tv_sec + 1e-9 * (double) used.tv_nsec;
}

/* Zeroes: the time of a product does not depend on the numbers, as long as none is denormal. */
static Rate
gemm_rate(double seconds)
{
	static HvReal *x, *w, *y;
	size_t wide = shape.columns > shape.hidden ? shape.columns : shape.hidden;
	double start, cpu, operations = 0, elapsed;

	wide = wide > 2 * shape.latent ? wide : 2 * shape.latent;
	if (x == NULL)
	{
		x = room(shape.batch, wide, sizeof(HvReal));
		w = room(wide, wide, sizeof(HvReal));
		y = room(shape.batch, wide, sizeof(HvReal));
	}
	start = test_seconds();
	cpu = cpu_seconds();
	do
		operations += products(x, w, y);
	while ((elapsed = test_seconds() - start) < seconds);
	return (Rate){operations / elapsed, operations / (cpu_seconds() - cpu)};
}

static Rate
train_rate(double seconds)
{
	double start = test_seconds(), cpu = cpu_seconds(), elapsed, rows = 0;

	do
	{
		step();
		rows += (double) shape.batch;
	} while ((elapsed = test_seconds() - start) < seconds);
	if (!isfinite(loss))
		exit(1);
	return (Rate){rows / elapsed, rows / (cpu_seconds() - cpu)};
}

/* Odd sizes too, so that the kernels' edges take part; relative to the sizes of the terms. */
static double
gemm_error(void)
{
	const size_t sizes[] = {1, 7, 16, 33, 64, 129};
	enum
	{
		MOST = 129,
		COUNT = 6
	};
	static HvReal a[MOST * MOST], b[MOST * MOST], c[MOST * MOST];
	double worst = 0;

	hv_normals(2, 1, 0, a, MOST * MOST);
	hv_normals(2, 2, 0, b, MOST * MOST);
	for (size_t i = 0; i < COUNT * COUNT * COUNT * 4; i++)
	{
		size_t m = sizes[i % COUNT], n = sizes[i / COUNT % COUNT], k = sizes[i / 36 % COUNT];
		bool ta = i / 216 & 1, tb = i / 216 & 2;

		hv_gemm(&blas, ta, tb, m, n, k, 1, a, MOST, b, MOST, 0, c, MOST);
		for (size_t r = 0; r < m; r++)
			for (size_t s = 0; s < n; s++)
			{
				double sum = 0;

				for (size_t t = 0; t < k; t++)
					sum += (double) a[ta ? t * MOST + r : r * MOST + t] *
					       b[tb ? s * MOST + t : t * MOST + s];
				worst = fmax(worst, fabs(sum - c[r * MOST + s]) / sqrt((double) k));
			}
	}
	return worst;
}

/* What OpenBLAS calls its kernels; it is loaded already. */
static const char *
core_name(void)
{
	void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD);
	void *symbol = library != NULL ? dlsym(library, "openblas_get_corename") : NULL;
	char *(*name)(void);

	if (symbol == NULL)
		return "unknown";
	memcpy(&name, &symbol, sizeof(name));
	return name();
}

static double
peak_memory(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double) usage.ru_maxrss * 1024;
}

int
main(int argc, char **argv)
{
	char order_line[64];

	if (argc != 5)
		return 2;
	shape = (Shape){
		.columns = strtoul(argv[1], NULL, 10),
		.hidden = strtoul(argv[2], NULL, 10),
		.latent = strtoul(argv[3], NULL, 10),
		.batch = strtoul(argv[4], NULL, 10),
	};
	set_up();
	step();
	while (fgets(order_line, sizeof(order_line), stdin) != NULL)
	{
		double seconds = 0;
		Rate rate = {0, 0};

		if (sscanf(order_line, "train %lf", &seconds) == 1)
			rate = train_rate(seconds);
		else if (sscanf(order_line, "gemm %lf", &seconds) == 1)
			rate = gemm_rate(seconds);
		if (strncmp(order_line, "check", 5) == 0)
			printf("%.1e %s\n", gemm_error(), core_name());
		else if (seconds > 0)
			printf("%.6g %.6g\n", rate.wall, rate.cpu);
		else
			printf("%.6g\n", peak_memory());
		fflush(stdout);
	}
	return 0;
}
