/*
 * network.c: the shape of the model: what is checked before a block is made, where each tensor
 * lies in the flat parameter vector, and the values it starts from. vae.h draws the layout.
 *
 * Example, a joint model of width 8, hidden 4, latent 2, 5 outputs, 1 scale:
 *
 *     encoder.0.weight 4×8 at 0, encoder.0.bias 4 at 32, code.weight 4×4 at 36, code.bias 4 at 52,
 *     decoder.0.weight 4×2 at 56, decoder.0.bias 4 at 64, output.weight 5×4 at 68, …
 */
#include <math.h>
#include <string.h>

#include "rng.h"
#include "vae.h"

const char *
hv_architecture_name(HvArchitecture architecture)
{
	static const char *const names[HV_ARCHITECTURES] = {"seed", "joint", "ordered"};

	return (unsigned) architecture < HV_ARCHITECTURES ? names[architecture] : "unknown";
}

/* Whether two tensors of the same part differ between blocks is in their names:
 * "stage1.member0.decoder.0.weight". `layer` < 0 leaves the layer number out. */
static void
tensor_name(char *name, size_t size, const HvBlock *block, const char *part, int layer,
            const char *what)
{
	const char *words[] = {"stage", NULL, ".member", NULL, ".", part, ".", what};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		char digits[4] = {0};
		const char *word = words[i];

		if (i == 1 || i == 3)
		{
			unsigned number = i == 1 ? block->stage : block->member;

			digits[0] = (char) ('0' + number / 10);
			digits[1] = (char) ('0' + number % 10);
			word = number < 10 ? digits + 1 : digits;
		}
		if (i == 6 && layer >= 0)
		{
			digits[0] = '.';
			digits[1] = (char) ('0' + layer);
			digits[2] = '.';
			word = digits;
		}
		for (; *word != '\0' && at + 1 < size; word++)
			name[at++] = *word;
	}
	name[at] = '\0';
}

/* Appends a tensor and returns its position; the sizes were bounded by check_config. */
static size_t
add_tensor(HvVae *vae, const HvBlock *block, const char *part, int layer, const char *what,
           size_t rows, size_t cols)
{
	HvTensor *tensor = &vae->tensors[vae->ntensors++];

	tensor_name(tensor->name, sizeof(tensor->name), block, part, layer, what);
	tensor->at = vae->nparameters;
	tensor->rows = rows;
	tensor->cols = cols;
	vae->nparameters += rows * cols;
	return tensor->at;
}

static HvStatus
check_config(const HvConfig *config, const HvSchema *schema)
{
	if ((unsigned) config->architecture >= HV_ARCHITECTURES)
		return HV_BAD_ARGUMENT;
	if (config->nhidden < 1 || config->nhidden > HV_MAX_LAYERS)
		return HV_BAD_ARGUMENT;
	for (uint32_t l = 0; l < config->nhidden; l++)
		if (config->hidden[l] < 1 || config->hidden[l] > HV_MAX_HIDDEN)
			return HV_BAD_ARGUMENT;
	if (config->members < 1 || config->members > HV_MAX_MEMBERS)
		return HV_BAD_ARGUMENT;
	if (!(config->beta >= 0 && config->beta <= 1000))
		return HV_BAD_ARGUMENT;
	if (schema->ncolumns < 1 || schema->nstages < 1 || schema->nstages > HV_MAX_STAGES)
		return HV_BAD_ARGUMENT;
	if (config->architecture != HV_ORDERED && schema->nstages != 1)
		return HV_BAD_ARGUMENT;
	for (uint32_t s = 0; s < schema->nstages; s++)
		if (config->latent[s] < 1 || config->latent[s] > HV_MAX_LATENT)
			return HV_BAD_ARGUMENT;
	if (schema->width > HV_MAX_WIDTH)
		return HV_TOO_LARGE;
	return HV_OK;
}

/*
 * The sizes of a block. With every dimension bounded by schema.h one matrix has at most
 * 2^16 * 2^12 elements, and a block at most 12 of them: no size_t can overflow; the sum is then
 * held against HV_MAX_PARAMETERS.
 */
static HvStatus
size_block(HvVae *vae, HvBlock *block, uint32_t stage, uint32_t member)
{
	const HvSchema *schema = vae->schema;
	const HvStage *s = &schema->stages[stage];
	bool seed = vae->config.architecture == HV_SEED;

	block->stage = stage;
	block->member = member;
	block->in = seed ? s->mask : s->end; /* the seed does not see the mask */
	block->u = s->begin;
	block->latent = vae->config.latent[stage];
	block->outputs = block->scales = 0;
	for (uint32_t j = s->first; j < s->last; j++)
	{
		const HvLikelihood *likelihood = hv_likelihood(&schema->columns[j], seed);

		vae->head_at[j] = block->outputs;
		vae->scale_at[j] = block->scales;
		block->outputs += likelihood->outputs(&schema->columns[j]);
		block->scales += likelihood->scales(&schema->columns[j]);
	}
	return block->outputs > HV_MAX_WIDTH ? HV_TOO_LARGE : HV_OK;
}

static void
place_block(HvVae *vae, HvBlock *block)
{
	const HvConfig *config = &vae->config;
	uint32_t n = config->nhidden;
	size_t in = block->in;

	block->begin = vae->nparameters;
	for (uint32_t l = 0; l < n; l++)
	{
		size_t h = config->hidden[l];

		block->encoder_w[l] = add_tensor(vae, block, "encoder", (int) l, "weight", h, in);
		block->encoder_b[l] = add_tensor(vae, block, "encoder", (int) l, "bias", h, 1);
		in = h;
	}
	block->code_w = add_tensor(vae, block, "code", -1, "weight", 2 * block->latent, in);
	block->code_b = add_tensor(vae, block, "code", -1, "bias", 2 * block->latent, 1);
	in = block->latent;
	for (uint32_t l = 0; l < n; l++)
	{
		size_t h = config->hidden[n - 1 - l];

		block->decoder_w[l] = add_tensor(vae, block, "decoder", (int) l, "weight", h, in);
		if (l == 0 && block->u > 0)
			block->decoder_u = add_tensor(vae, block, "decoder", 0, "context", h, block->u);
		block->decoder_b[l] = add_tensor(vae, block, "decoder", (int) l, "bias", h, 1);
		in = h;
	}
	block->output_w = add_tensor(vae, block, "output", -1, "weight", block->outputs, in);
	if (block->u > 0)
		block->output_u = add_tensor(vae, block, "output", -1, "context", block->outputs, block->u);
	block->output_b = add_tensor(vae, block, "output", -1, "bias", block->outputs, 1);
	block->scale = add_tensor(vae, block, "scale", -1, "log", block->scales, 1);
	block->end = vae->nparameters;
}

HvStatus
hv_vae_init(HvVae *vae, const HvSchema *schema, const HvConfig *config, HvArena *arena)
{
	memset(vae, 0, sizeof(*vae));
	HV_TRY(check_config(config, schema));
	vae->schema = schema;
	vae->config = *config;
	vae->nblocks = 1 + (schema->nstages - 1) * config->members;
	vae->blocks = hv_new(arena, HvBlock, vae->nblocks, 1);
	vae->tensors = hv_new(arena, HvTensor, vae->nblocks, 4 * HV_MAX_LAYERS + 7);
	vae->head_at = hv_new(arena, size_t, schema->ncolumns, 1);
	vae->scale_at = hv_new(arena, size_t, schema->ncolumns, 1);
	if (!vae->blocks || !vae->tensors || !vae->head_at || !vae->scale_at)
		return HV_NO_MEMORY;
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		uint32_t stage = i == 0 ? 0 : 1 + (i - 1) / config->members;
		uint32_t member = i == 0 ? 0 : (i - 1) % config->members;

		HV_TRY(size_block(vae, &vae->blocks[i], stage, member));
		place_block(vae, &vae->blocks[i]);
		if (vae->nparameters > HV_MAX_PARAMETERS)
			return HV_TOO_LARGE;
	}
	vae->parameters = hv_new(arena, HvReal, vae->nparameters, 1);
	return vae->parameters != NULL ? HV_OK : HV_NO_MEMORY;
}

/* Normal numbers of a standard deviation into a tensor; its position keys the generator. */
static void
random_tensor(HvVae *vae, uint64_t seed, size_t at, size_t n, double sd)
{
	HvReal *w = vae->parameters + at;

	hv_normals(seed, HV_STREAM(HV_RNG_INIT, 0), at, w, n);
	for (size_t i = 0; i < n; i++)
		w[i] *= (HvReal) sd;
}

/*
 * He et al. 2015 for the layers before a ReLU; the code and the outputs start at a tenth of it, so
 * that training starts from q = N(0, I) and from independent columns, and moves away from both.
 */
void
hv_vae_randomise(HvVae *vae, uint64_t seed)
{
	const HvConfig *config = &vae->config;
	bool is_seed = config->architecture == HV_SEED;

	memset(vae->parameters, 0, vae->nparameters * sizeof(HvReal));
	for (uint32_t i = 0; i < vae->nblocks; i++)
	{
		const HvBlock *block = &vae->blocks[i];
		const HvStage *stage = &vae->schema->stages[block->stage];
		size_t in = block->in;

		for (uint32_t l = 0; l < config->nhidden; l++)
		{
			random_tensor(vae, seed, block->encoder_w[l], config->hidden[l] * in, sqrt(2.0 / in));
			in = config->hidden[l];
		}
		random_tensor(vae, seed, block->code_w, 2 * block->latent * in, 0.1 * sqrt(1.0 / in));
		in = block->latent;
		for (uint32_t l = 0; l < config->nhidden; l++)
		{
			size_t h = config->hidden[config->nhidden - 1 - l];
			double fan = (double) in + (l == 0 ? (double) block->u : 0);

			random_tensor(vae, seed, block->decoder_w[l], h * in, sqrt(2.0 / fan));
			if (l == 0 && block->u > 0)
				random_tensor(vae, seed, block->decoder_u, h * block->u, sqrt(2.0 / fan));
			in = h;
		}
		random_tensor(vae, seed, block->output_w, block->outputs * in, 0.1 * sqrt(1.0 / in));
		for (uint32_t j = stage->first; j < stage->last; j++)
		{
			const HvColumn *column = &vae->schema->columns[j];

			hv_likelihood(column, is_seed)
				->marginal(column, vae->parameters + block->output_b + vae->head_at[j],
			               vae->parameters + block->scale + vae->scale_at[j]);
		}
	}
}
