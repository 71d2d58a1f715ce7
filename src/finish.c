/*
 * finish.c: what stands in a model beside its weights, measured on the rows when they are trained:
 * how surprising rows are, the ties between columns, how guesses are to be weighed, where the latent
 * codes lie, what strange rows are told from.
 */
#include "hadvice.h"

#include "finish.h"

#include "model.h"
#include "openblas.h"

#include "core/anomaly.h"
#include "core/encode.h"
#include "core/impute.h"
#include "core/predict.h"
#include "core/sample.h"
#include "core/summary.h"

#include "miscadmin.h"

#define MAX_SURPRISE_ROWS 20000 /* rows whose surprise is measured */
#define SURPRISE_BATCH 256
#define MIN_STRANGERS 200               /* held-out rows, for the tails of strangeness */
#define MIN_HELD 30                     /* held-out rows, for guesses to be weighed by them */
#define GUESS_ROWS 20000                /* rows that ties between columns are fitted on */
#define GUESS_HELD 2000                 /* rows that guesses are weighed by */
#define GUESS_BYTES ((size_t) 32 << 20) /* for that, when the records have been let go */

typedef struct Finishing
{
	HvModel *model;
	const HvSchema *schema;
	HvArena *arena;
	const char *doing;
} Finishing;

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* -ELBO per observed cell of the first `stages` stages of n rows. */
static void
measure_surprise(const Finishing *f, HvSource *people, uint32_t stages, size_t n, double *surprise)
{
	const HvVae *vae = &f->model->vae;
	size_t width = f->schema->width;
	HvReal *records = hv_new(f->arena, HvReal, SURPRISE_BATCH, width);
	HvReal *weight = hv_new(f->arena, HvReal, SURPRISE_BATCH, f->schema->ncolumns);
	double elbo[SURPRISE_BATCH];
	uint32_t cells[SURPRISE_BATCH], numbers[SURPRISE_BATCH];
	HvWork work;

	if (records == NULL || weight == NULL)
		hv_raise(HV_NO_MEMORY, f->doing);
	HV_CHECK(hv_work_init(&work, vae, SURPRISE_BATCH, false, f->arena), f->doing);
	for (size_t first = 0, rows; first < n; first += rows)
	{
		CHECK_FOR_INTERRUPTS();
		rows = Min(n - first, SURPRISE_BATCH);
		HV_CHECK(people->prepare(people, 0, first, &rows), f->doing);
		hv_window_read(&people->window, first, rows, records, numbers);
		hv_row_elbo(vae, hv_openblas(), records, rows, stages, HV_SURPRISE_DRAWS, &work, weight,
		            elbo, cells);
		for (size_t i = 0; i < rows; i++)
			surprise[first + i] = -elbo[i] / Max(cells[i], 1);
	}
}

static void
surprise_quantiles(const Finishing *f, HvSource *people, uint32_t stages, double *quantiles)
{
	size_t n = Min(people->nrows, MAX_SURPRISE_ROWS);
	double *surprise = palloc(sizeof(double) * n);

	measure_surprise(f, people, stages, n, surprise);
	qsort(surprise, n, sizeof(double), compare_doubles);
	for (int i = 0; i < HV_QUANTILES; i++)
		quantiles[i] = hv_sorted_quantile(surprise, n, i / (double) (HV_QUANTILES - 1));
}

/* The first rows of a source, at most `most` and GUESS_BYTES / 2 of them; *n says how many. */
static HvReal *
gather(const Finishing *f, HvSource *source, size_t most, HvArena *arena, size_t *n)
{
	size_t width = f->schema->width;
	HvReal *records;
	uint32_t *numbers;

	*n = Min(Min(source->nrows, most), GUESS_BYTES / 2 / (width * sizeof(HvReal)));
	records = hv_new(arena, HvReal, *n, width);
	numbers = hv_new(arena, uint32_t, *n, 1);
	if (records == NULL || numbers == NULL)
		hv_raise(HV_NO_MEMORY, f->doing);
	for (size_t first = 0, rows; first < *n; first += rows)
	{
		CHECK_FOR_INTERRUPTS();
		rows = *n - first;
		HV_CHECK(source->prepare(source, 0, first, &rows), f->doing);
		hv_window_read(&source->window, first, rows, records + first * width, numbers + first);
	}
	return records;
}

/* What stands beside the network: ties between columns, and how guesses are to be weighed. */
static void
fit_guesses(const Finishing *f, HvSource *train, HvSource *held)
{
	HvModel *model = f->model;
	HvArena arena;
	HvReal *records;
	HvHeldRows rows = {0};
	size_t n;

	hv_arena_in(&arena, CurrentMemoryContext, 2 * GUESS_BYTES);
	records = gather(f, train, GUESS_ROWS, &arena, &n);
	rows.rows = gather(f, held->nrows < MIN_HELD ? train : held, GUESS_HELD, &arena, &rows.n);
	rows.seen = records;
	rows.nseen = held->nrows < MIN_HELD ? 0 : n;
	HV_CHECK(hv_copula_fit(&model->copula, f->schema, hv_openblas(), records, n, HV_RIDGE,
	                       &hv_interrupts, &arena),
	         f->doing);
	HV_CHECK(hv_formulas_find(&model->formulas, f->schema, records, n, &hv_interrupts, &arena),
	         f->doing);
	HV_CHECK(hv_impute_calibrate(model, hv_openblas(), &rows, &hv_interrupts, &arena), f->doing);
	hv_arena_in(&arena, CurrentMemoryContext, 2 * GUESS_BYTES);
	HV_CHECK(hv_anomaly_fit(model, hv_openblas(), records, n, &hv_interrupts, &arena), f->doing);
	HV_CHECK(hv_sampling_fit(model, hv_openblas(), records, n, &hv_interrupts, &arena), f->doing);
}

/* Of the rows that ties are fitted on: they come in random order. */
static void
measure_latent(const Finishing *f, HvSource *train)
{
	HvArena arena;
	HvReal *records;
	HvWork work;
	size_t n;

	hv_arena_in(&arena, CurrentMemoryContext, 2 * GUESS_BYTES);
	records = gather(f, train, GUESS_ROWS, &arena, &n);
	HV_CHECK(hv_work_init(&work, &f->model->vae, SURPRISE_BATCH, false, &arena), f->doing);
	HV_CHECK(hv_latent_measure(&f->model->latent, &f->model->vae, hv_openblas(), records, n, &work,
	                           &hv_interrupts, &arena),
	         f->doing);
}

void
hv_finish(HvModel *model, HvSource *train, HvSource *held, const char *doing, HvArena *arena)
{
	Finishing f = {.model = model, .schema = &model->schema, .arena = arena, .doing = doing};
	HvProvenance *provenance = &model->provenance;
	/* those that the model has seen are less strange to it than people are */
	HvSource *people = held->nrows < MIN_STRANGERS ? train : held;

	fit_guesses(&f, train, held);
	measure_latent(&f, train);
	surprise_quantiles(&f, people, f.schema->nstages, provenance->surprise);
	if (f.schema->nstages > 1)
		surprise_quantiles(&f, people, 1, provenance->first_surprise);
	else
		memcpy(provenance->first_surprise, provenance->surprise, sizeof(provenance->surprise));
}
