/*
 * tune.c: vae_tune, a search for training options within a time.
 *
 * The first trial is the defaults, which are hard to beat by much. Each further one changes some of the
 * options of the best so far by a random factor: hidden layers, latent size, learning rate, batch size.
 * What the caller gives, beta above all, is part of the question and stays. All trials hold out the same rows (same seed), and their ELBO
 * decides; what stands beside the network is not fitted. A trial may take as long as the time that is
 * left, later ones three times as long as the first; one that diverges is listed without an ELBO.
 *
 * Example: the defaults give -50.8 nats in 6 s; {"latent": 36, "learning_rate": 0.0014} -50.6 in 9 s; the
 * next trials start from those two changes.
 */
#include "hadvice.h"

#include <math.h>

#include "json.h"
#include "learn.h"
#include "options.h"
#include "progress.h"

#include "core/recipe.h"
#include "core/rng.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#define MOST_TRIALS 200
#define MOST_TIMES 3   /* a trial lasts so many times as long as the first, at most */
#define LEAST_LEFT 0.5 /* of the first one's time must be left for another */
#define REDRAWS 50     /* of a choice that has been tried */
#define TUNE_KEY 0x74756e65

/* What is searched; 0: as the defaults have it. */
typedef struct Choice
{
	int hidden, layers, latent, batch_size;
	double learning_rate;
} Choice;

typedef struct Trial
{
	Choice choice;
	double elbo; /* NaN: it diverged */
	int epochs;
	int64 parameters;
	double seconds;
	bool complete; /* not cut off by the time */
} Trial;

typedef struct Tuning
{
	Oid source;
	HvOptions options; /* as given */
	TimestampTz until;
	Choice usual; /* what the defaults are */
	Trial trials[MOST_TRIALS];
	int ntrials;
	uint64 draws; /* random numbers used */
} Tuning;

PG_FUNCTION_INFO_V1(vae_tune);

/* ---- choices ---- */

static double
draw(Tuning *tuning)
{
	return hv_uniform(TUNE_KEY ^ (uint64) tuning->options.seed, HV_STREAM(HV_RNG_USE, 0),
	                  tuning->draws++);
}

static int
within(int low, double value, int high)
{
	return (int) Max(low, Min(high, rint(value)));
}

/* Half of something, or twice as much. */
static double
factor(Tuning *tuning)
{
	return draw(tuning) < 0.5 ? 0.5 : 2;
}

static Choice
changed(Tuning *tuning, const Choice *from)
{
	const Choice *usual = &tuning->usual;
	const HvOptions *given = &tuning->options;
	Choice c = *from;

	if (draw(tuning) < 0.4 && given->nhidden == 0)
	{
		if (c.hidden == 0)
		{
			c.hidden = usual->hidden;
			c.layers = usual->layers;
		}
		if (draw(tuning) < 0.7)
			c.hidden = within(16, c.hidden * factor(tuning), 512);
		else
			c.layers = within(1, c.layers + (draw(tuning) < 0.5 ? -1 : 1), 3);
	}
	if (draw(tuning) < 0.4 && given->latent == 0)
		c.latent =
			within(2, (c.latent > 0 ? c.latent : usual->latent) * (0.5 + draw(tuning) * 1.5), 128);
	if (draw(tuning) < 0.5 && given->learning_rate == 0)
	{
		double rate = c.learning_rate > 0 ? c.learning_rate : usual->learning_rate;
		double unit;

		rate *= exp(1.4 * (draw(tuning) - 0.5));
		rate = Max(2e-4, Min(1e-2, rate));
		unit = pow(10, floor(log10(rate)) - 1); /* two digits */
		c.learning_rate = rint(rate / unit) * unit;
	}
	if (draw(tuning) < 0.3 && given->batch_size == 0)
		c.batch_size = within(
			16, (c.batch_size > 0 ? c.batch_size : usual->batch_size) * factor(tuning), 1024);
	return c;
}

static bool
tried(const Tuning *tuning, const Choice *c)
{
	for (int i = 0; i < tuning->ntrials; i++)
	{
		const Choice *t = &tuning->trials[i].choice;

		if (c->hidden == t->hidden && c->layers == t->layers && c->latent == t->latent &&
		    c->batch_size == t->batch_size && c->learning_rate == t->learning_rate)
			return true;
	}
	return false;
}

/* Better ones first; NaN last. */
static int
compare_trials(const void *a, const void *b)
{
	double x = ((const Trial *) a)->elbo, y = ((const Trial *) b)->elbo;

	return isnan(x) || isnan(y) ? isnan(x) - isnan(y) : (x < y) - (x > y);
}

static const Choice *
best_choice(const Tuning *tuning)
{
	const Trial *best = &tuning->trials[0];

	for (int i = 1; i < tuning->ntrials; i++)
		if (compare_trials(&tuning->trials[i], best) < 0)
			best = &tuning->trials[i];
	return &best->choice;
}

/* The options of vae_train by their names, as far as they are not the defaults. */
static Datum
choice_json(const Choice *c)
{
	StringInfoData json;

	hv_json_init(&json);
	hv_json_open(&json, '{');
	if (c->hidden > 0)
	{
		hv_json_key(&json, "hidden");
		hv_json_open(&json, '[');
		for (int i = 0; i < c->layers; i++)
			hv_json_integer(&json, c->hidden);
		hv_json_close(&json, ']');
	}
	if (c->latent > 0)
	{
		hv_json_key(&json, "latent");
		hv_json_integer(&json, c->latent);
	}
	if (c->learning_rate > 0)
	{
		hv_json_key(&json, "learning_rate");
		hv_json_number(&json, c->learning_rate);
	}
	if (c->batch_size > 0)
	{
		hv_json_key(&json, "batch_size");
		hv_json_integer(&json, c->batch_size);
	}
	hv_json_close(&json, '}');
	return hv_json_datum(&json);
}

/* ---- trials ---- */

static void
set_options(const Tuning *tuning, const Choice *c, HvOptions *options)
{
	*options = tuning->options;
	options->trial = true;
	if (c->hidden > 0)
		options->nhidden = c->layers;
	for (int i = 0; i < options->nhidden && c->hidden > 0; i++)
		options->hidden[i] = c->hidden;
	if (c->latent > 0)
		options->latent = c->latent;
	if (c->batch_size > 0)
		options->batch_size = c->batch_size;
	if (c->learning_rate > 0)
		options->learning_rate = c->learning_rate;
}

/* What the defaults came to, from the first trial. */
static void
note_usual(Tuning *tuning, const HvTrained *trained)
{
	const HvConfig *config = &trained->model.vae.config;
	HvFitOptions fit;

	hv_fit_defaults(&fit,
	                trained->model.provenance.rows + trained->model.provenance.validation_rows);
	tuning->usual = (Choice){.hidden = (int) config->hidden[0],
	                         .layers = (int) config->nhidden,
	                         .latent = (int) config->latent[0],
	                         .batch_size = (int) fit.batch_size,
	                         .learning_rate = fit.learning_rate};
}

/* A training in a memory context of its own, of which only the figures stay. */
static void
train(Tuning *tuning, const HvOptions *options, Trial *trial)
{
	MemoryContext cxt =
		AllocSetContextCreate(CurrentMemoryContext, "hadvice trial", ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(cxt);
	HvTrained trained;

	hv_learn(tuning->source, NULL, options, NULL, &trained);
	hv_progress_end();
	MemoryContextSwitchTo(before);
	if (tuning->ntrials == 0)
		note_usual(tuning, &trained);
	trial->elbo = trained.fit.validation_elbo;
	trial->epochs = trained.fit.epochs;
	trial->parameters = (int64) trained.model.vae.nparameters;
	trial->complete = !trained.fit.expired;
	MemoryContextDelete(cxt);
}

/* A trial that diverges is taken back and noted; every other error ends the search. */
static void
try_choice(Tuning *tuning, const Choice *choice, int64 usecs)
{
	Trial *trial = &tuning->trials[tuning->ntrials];
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	TimestampTz began = GetCurrentTimestamp();
	HvOptions options;

	*trial = (Trial){.choice = *choice, .elbo = NAN, .complete = true};
	set_options(tuning, choice, &options);
	options.max_usecs = options.max_usecs > 0 ? Min(options.max_usecs, usecs) : usecs;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		train(tuning, &options, trial);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (error->sqlerrcode != ERRCODE_DATA_EXCEPTION || tuning->ntrials == 0)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	trial->seconds = (double) (GetCurrentTimestamp() - began) / USECS_PER_SEC;
	tuning->ntrials++;
	ereport(DEBUG1, errmsg_internal("trial %d: ELBO %g in %.1f s", tuning->ntrials, trial->elbo,
	                                trial->seconds));
}

static void
search(Tuning *tuning)
{
	Choice choice = {0};

	try_choice(tuning, &choice, Max(1, tuning->until - GetCurrentTimestamp()));
	if (isnan(tuning->trials[0].elbo))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("no rows are held out to judge by"),
		        errhint("Give a larger validation_fraction, or more rows."));
	while (tuning->ntrials < MOST_TRIALS)
	{
		double first = tuning->trials[0].seconds * USECS_PER_SEC;
		int64 left = tuning->until - GetCurrentTimestamp();
		int again = 0;

		if ((double) left < LEAST_LEFT * first || left < 1)
			return;
		do
			choice = changed(tuning, best_choice(tuning));
		while (tried(tuning, &choice) && ++again < REDRAWS);
		if (again == REDRAWS)
			return;
		try_choice(tuning, &choice, Min(left, (int64) (MOST_TIMES * first) + 1));
	}
}

/* ---- the function ---- */

static void
put_trial(ReturnSetInfo *rsinfo, const Trial *trial)
{
	Datum values[6];
	bool nulls[6] = {false};

	values[0] = choice_json(&trial->choice);
	nulls[1] = isnan(trial->elbo);
	values[1] = Float8GetDatum(trial->elbo);
	values[2] = Int32GetDatum(trial->epochs);
	values[3] = Int64GetDatum(trial->parameters);
	values[4] = Float8GetDatum(trial->seconds);
	values[5] = BoolGetDatum(trial->complete);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * vae_tune(source, budget, columns, exclude, hidden, latent, beta, epochs, batch_size, learning_rate,
 *          validation_fraction, seed, max_duration, architecture)
 */
Datum
vae_tune(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext cxt, before;
	Tuning *tuning;
	int64 budget;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		        errmsg("source and budget must not be NULL"));
	InitMaterializedSRF(fcinfo, 0);
	cxt = AllocSetContextCreate(CurrentMemoryContext, "hadvice tuning", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(cxt);
	tuning = palloc0(sizeof(Tuning));
	tuning->source = PG_GETARG_OID(0);
	budget = hv_duration_option(fcinfo, 1, "budget");
	hv_options_read(fcinfo, 2, &tuning->options);
	tuning->until = GetCurrentTimestamp() + Min(budget, PG_INT64_MAX / 4);
	search(tuning);
	qsort(tuning->trials, (size_t) tuning->ntrials, sizeof(Trial), compare_trials);
	for (int i = 0; i < tuning->ntrials; i++)
		put_trial(rsinfo, &tuning->trials[i]);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}
