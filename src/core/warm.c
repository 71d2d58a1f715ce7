/*
 * warm.c: a model that starts from an earlier one, and which of the two is better.
 *
 * The weights of a block are matrices whose rows and columns stand for hidden units, latent
 * dimensions, positions of the record, or outputs of heads. Hidden and latent sizes are the same in
 * both networks, so these go one to one; positions and outputs are found again by the column's name
 * and, in categories, by the level's text.
 *
 * Example: a column "city" has a third level, and a column "steps" is new. Outputs of city's two known
 * levels keep their rows of output.weight; the third level and steps have fresh ones. Their columns of
 * encoder.0.weight are zero: the code of a row is what it was until the network learns to use them.
 */
#include "warm.h"

#include <math.h>
#include <string.h>

#include "rng.h"

#define COMPARE_ROWS 256
#define COMPARE_DRAWS 4
#define COMPARE_KEY 0x6a756467

bool
hv_warm_fits(const HvVae *vae, const HvVae *old, const HvKinship *kinship)
{
	const HvConfig *a = &vae->config, *b = &old->config;

	if (kinship->column != NULL || a->architecture != b->architecture || a->nhidden != b->nhidden ||
	    a->members != b->members || vae->schema->nstages != old->schema->nstages)
		return false;
	for (uint32_t l = 0; l < a->nhidden; l++)
		if (a->hidden[l] != b->hidden[l])
			return false;
	for (uint32_t s = 0; s < vae->schema->nstages; s++)
		if (a->latent[s] != b->latent[s])
			return false;
	return true;
}

/* ---- weights ---- */

/* A matrix of the new network at `to`, the old one's at `from`. */
typedef struct Matrix
{
	HvReal *to;
	const HvReal *from;
	size_t rows, cols, old_cols;
	const uint32_t *row, *col; /* new to old; NULL: the same */
} Matrix;

/* A row that is new keeps what it is; in the others, a column that is new becomes zero. */
static void
take_matrix(const Matrix *m)
{
	for (size_t r = 0; r < m->rows; r++)
	{
		size_t row = m->row != NULL ? m->row[r] : r;

		if (m->row != NULL && m->row[r] == HV_NO_COLUMN)
			continue;
		for (size_t c = 0; c < m->cols; c++)
		{
			size_t col = m->col != NULL ? m->col[c] : c;
			bool fresh = m->col != NULL && m->col[c] == HV_NO_COLUMN;

			m->to[r * m->cols + c] = fresh ? 0 : m->from[row * m->old_cols + col];
		}
	}
}

/* Old outputs and scales for the new ones of a block. */
static void
map_heads(const HvVae *vae, const HvVae *old, const HvBlock *block, const HvKinship *kinship,
          uint32_t *outputs, uint32_t *scales)
{
	const HvStage *stage = &vae->schema->stages[block->stage];
	bool seed = vae->config.architecture == HV_SEED;

	for (uint32_t j = stage->first; j < stage->last; j++)
	{
		const HvColumn *column = &vae->schema->columns[j];
		const HvLikelihood *likelihood = hv_likelihood(column, seed);
		uint32_t number = kinship->from[j];
		bool known = number != HV_NO_COLUMN;

		for (uint32_t i = 0; i < likelihood->outputs(column); i++)
		{
			uint32_t output = i;

			if (known && column->kind == HV_CATEGORICAL)
				output = hv_kin_level(column, &old->schema->columns[number], i);
			outputs[vae->head_at[j] + i] = known && output != HV_NO_COLUMN
			                                   ? (uint32_t) old->head_at[number] + output
			                                   : HV_NO_COLUMN;
		}
		for (uint32_t i = 0; i < likelihood->scales(column); i++)
			scales[vae->scale_at[j] + i] =
				known ? (uint32_t) old->scale_at[number] + i : HV_NO_COLUMN;
	}
}

static void
take_block(HvVae *vae, const HvVae *old, const HvBlock *b, const HvBlock *from,
           const uint32_t *inputs, const uint32_t *outputs, const uint32_t *scales)
{
	const HvConfig *config = &vae->config;
	uint32_t n = config->nhidden;
	size_t in = b->in, old_in = from->in, last = config->hidden[0];

#define TAKE(part, nrows, ncols, nold, row_map, col_map)                                           \
	take_matrix(&(Matrix){vae->parameters + b->part, old->parameters + from->part, nrows, ncols,   \
	                      nold, row_map, col_map})
	for (uint32_t l = 0; l < n; l++)
	{
		TAKE(encoder_w[l], config->hidden[l], in, old_in, NULL, l == 0 ? inputs : NULL);
		TAKE(encoder_b[l], config->hidden[l], 1, 1, NULL, NULL);
		in = old_in = config->hidden[l];
	}
	TAKE(code_w, 2 * b->latent, in, in, NULL, NULL);
	TAKE(code_b, 2 * b->latent, 1, 1, NULL, NULL);
	in = b->latent;
	for (uint32_t l = 0; l < n; l++)
	{
		size_t h = config->hidden[n - 1 - l];

		TAKE(decoder_w[l], h, in, in, NULL, NULL);
		TAKE(decoder_b[l], h, 1, 1, NULL, NULL);
		if (l == 0 && b->u > 0)
			TAKE(decoder_u, h, b->u, from->u, NULL, inputs);
		in = h;
	}
	TAKE(output_w, b->outputs, last, last, outputs, NULL);
	TAKE(output_b, b->outputs, 1, 1, outputs, NULL);
	if (b->u > 0)
		TAKE(output_u, b->outputs, b->u, from->u, outputs, inputs);
	TAKE(scale, b->scales, 1, 1, scales, NULL);
#undef TAKE
}

HvStatus
hv_warm_start(HvVae *vae, const HvVae *old, const HvKinship *kinship, HvArena *arena)
{
	uint32_t *inputs = hv_new(arena, uint32_t, vae->schema->width, 1);
	size_t most_outputs = 1, most_scales = 1;
	uint32_t *outputs, *scales;

	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		const HvBlock *block = &vae->blocks[i];

		most_outputs = block->outputs > most_outputs ? block->outputs : most_outputs;
		most_scales = block->scales > most_scales ? block->scales : most_scales;
	}
	outputs = hv_new(arena, uint32_t, most_outputs, 1);
	scales = hv_new(arena, uint32_t, most_scales, 1);
	if (inputs == NULL || outputs == NULL || scales == NULL)
		return HV_NO_MEMORY;
	if (!hv_warm_fits(vae, old, kinship))
		return HV_BAD_ARGUMENT;
	hv_kin_positions(kinship, vae->schema, old->schema, inputs);
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		const HvBlock *block = &vae->blocks[i];

		map_heads(vae, old, block, kinship, outputs, scales);
		take_block(vae, old, block, hv_vae_block(old, block->stage, block->member), inputs, outputs,
		           scales);
	}
	return HV_OK;
}

/* ---- comparison ---- */

typedef struct Judge
{
	const HvVae *vae;
	const HvBlas *blas;
	HvReal *records, *weight;
	uint32_t *cells;
	double *elbo;
	HvWork work;
} Judge;

static HvStatus
judge_init(Judge *judge, const HvVae *vae, const HvBlas *blas, HvArena *arena)
{
	judge->vae = vae;
	judge->blas = blas;
	judge->records = hv_new(arena, HvReal, COMPARE_ROWS, vae->schema->width);
	judge->weight = hv_new(arena, HvReal, COMPARE_ROWS, vae->schema->ncolumns);
	judge->cells = hv_new(arena, uint32_t, COMPARE_ROWS, 1);
	judge->elbo = hv_new(arena, double, COMPARE_ROWS, 1);
	if (!judge->records || !judge->weight || !judge->cells || !judge->elbo)
		return HV_NO_MEMORY;
	return hv_work_init(&judge->work, vae, COMPARE_ROWS, false, arena);
}

/* Loss weights: the mask bits; and how many cells of a row are observed. */
static void
count_cells(Judge *judge, size_t n)
{
	const HvSchema *schema = judge->vae->schema;

	for (size_t r = 0; r < n; r++)
	{
		judge->cells[r] = 0;
		for (uint32_t j = 0; j < schema->ncolumns; j++)
		{
			HvReal m = judge->records[r * schema->width + schema->columns[j].m_at];

			judge->weight[r * schema->ncolumns + j] = m;
			judge->cells[r] += m > 0;
		}
	}
}

/*
 * ELBO of n rows from position `first` on. Every row has noise of its own, which depends on its
 * position only: so chance is in the standard error, and the same for both models.
 */
static void
judge_rows(Judge *judge, size_t first, size_t n)
{
	const HvVae *vae = judge->vae;
	HvWork *work = &judge->work;
	HvBatch batch = {.n = n,
	                 .input = judge->records,
	                 .target = judge->records,
	                 .weight = judge->weight,
	                 .ld = vae->schema->width};

	count_cells(judge, n);
	memset(judge->elbo, 0, n * sizeof(double));
	for (uint32_t s = 0; s < vae->schema->nstages; s++)
	{
		const HvBlock *block = hv_vae_block(vae, s, 0);

		hv_encoder_forward(vae, block, judge->blas, judge->records, batch.ld, n, work);
		for (uint64_t d = 0; d < COMPARE_DRAWS; d++)
		{
			hv_normals(COMPARE_KEY, HV_STREAM(HV_RNG_USE, (uint64_t) s << 32 | d),
			           first * block->latent, work->noise, n * block->latent);
			hv_block_decode(vae, block, judge->blas, &batch, work);
			for (size_t r = 0; r < n; r++)
				judge->elbo[r] -= ((double) work->nll[r] + work->kl[r]) / COMPARE_DRAWS;
		}
	}
}

/* Records of the old model from those of the new one; what is not encoded alike is missing in both. */
static void
hide_others(Judge *fresh, Judge *old, const HvKinship *kinship, size_t n)
{
	const HvSchema *schema = fresh->vae->schema, *before = old->vae->schema;

	memset(old->records, 0, n * before->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		const HvColumn *same =
			kinship->kin[j] == HV_KIN_SAME ? &before->columns[kinship->from[j]] : NULL;

		for (size_t r = 0; r < n; r++)
		{
			HvReal *from = fresh->records + r * schema->width;
			HvReal *to = old->records + r * before->width;

			if (same == NULL)
			{
				memset(from + column->x_at, 0, column->width * sizeof(HvReal));
				from[column->m_at] = 0;
				continue;
			}
			memcpy(to + same->x_at, from + column->x_at, column->width * sizeof(HvReal));
			to[same->m_at] = from[column->m_at];
		}
	}
}

HvStatus
hv_compare(const HvVae *challenger, const HvVae *champion, const HvKinship *kinship,
           const HvBlas *blas, HvSource *source, const HvHost *host, HvArena *arena,
           HvComparison *comparison)
{
	uint32_t *numbers = hv_new(arena, uint32_t, COMPARE_ROWS, 1);
	double squares = 0, difference, variance, n;
	Judge fresh, old;

	memset(comparison, 0, sizeof(*comparison));
	comparison->columns = kinship->nsame;
	if (numbers == NULL)
		return HV_NO_MEMORY;
	HV_TRY(judge_init(&fresh, challenger, blas, arena));
	HV_TRY(judge_init(&old, champion, blas, arena));
	for (size_t first = 0, rows; first < source->nrows && kinship->nsame > 0; first += rows)
	{
		hv_check(host);
		rows = source->nrows - first < COMPARE_ROWS ? source->nrows - first : COMPARE_ROWS;
		HV_TRY(source->prepare(source, 0, first, &rows));
		hv_window_read(&source->window, first, rows, fresh.records, numbers);
		hide_others(&fresh, &old, kinship, rows);
		judge_rows(&fresh, first, rows);
		judge_rows(&old, first, rows);
		for (size_t r = 0; r < rows; r++)
		{
			if (old.cells[r] == 0)
				continue;
			comparison->rows++;
			comparison->champion += old.elbo[r];
			comparison->challenger += fresh.elbo[r];
			squares += (fresh.elbo[r] - old.elbo[r]) * (fresh.elbo[r] - old.elbo[r]);
		}
	}
	if (comparison->rows == 0)
		return HV_OK;
	n = (double) comparison->rows;
	comparison->champion /= n;
	comparison->challenger /= n;
	difference = comparison->challenger - comparison->champion;
	variance = fmax(squares / n - difference * difference, 0);
	comparison->standard_error = sqrt(variance / n);
	return isfinite(difference) ? HV_OK : HV_DIVERGED;
}

bool
hv_not_worse(const HvComparison *comparison)
{
	return comparison->rows > 0 &&
	       comparison->challenger - comparison->champion >= -comparison->standard_error;
}
