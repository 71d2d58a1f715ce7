/*
 * planner.c: from goals, limits and evidence to a search.
 *
 * Owns: which actions are searched and how far they may go, what trials and realised effects say of
 * them for this person, and how strange a plan may make the person. Example: sodium at 3,200 mg with
 * the recommended range 1,500 to 2,300 is searched down to 1,500; weight at BMI 27 down to BMI 25.
 */
#include "hadvice.h"

#include <math.h>

#include "goals.h"
#include "limits.h"
#include "planner.h"

#define DRAWS 4   /* of the latent position per member */
#define RARE 0.05 /* a plan is never less plausible than this, or than the person today */
#define SLACK 0.5 /* nats */
#define SPARE 3   /* actions searched for beyond those asked for; feedback chooses */

double
hv_uptake(const HvPlanner *p, const HvConsidered *considered)
{
	return p->options->feedback != NULL ? p->options->feedback->chance[considered->feature] : 1;
}

/*
 * BMI follows weight by arithmetic: it is moved with it and never counted as a finding. What is
 * coupled to a goal goes as far as the goal and no farther; false when the goal is reached.
 */
static bool
couple(const HvPlanner *p, HvAction *action, const char *feature)
{
	const HvAdvice *advice = p->advice;
	double current = action->bounds.current;

	if (strcmp(feature, "weight_kg") != 0)
		return true;
	for (int k = 0; k < advice->ngoals; k++)
	{
		const HvGoal *goal = &advice->goals[k];
		double value = advice->goal_values[k];

		if (strcmp(p->catalogue->features[advice->goal_features[k]].feature, "bmi_kg_m2") != 0)
			continue;
		action->coupled[action->ncoupled++] =
			(HvCoupling){.column = advice->goal_columns[k], .power = 1};
		if (value >= goal->high)
			action->recommended_high = Max(action->recommended_high, current * goal->high / value);
		else if (value < goal->low)
			action->recommended_low = Min(action->recommended_low, current * goal->low / value);
		else
			return false;
	}
	return true;
}

/*
 * Where an outcome is out of range the search goes on through the recommended range to its far end,
 * the guideline's optimum (SCIENCE 3.4: never past it): sodium 2,200 towards 1,500, AHA/ACC 2025.
 */
static void
aim_at_optimum(HvAction *action, const HvFeature *feature)
{
	const char *direction = feature->safe_direction;

	if (direction != NULL && strcmp(direction, "down") == 0 && !isnan(feature->recommended_low))
		action->recommended_high = feature->recommended_low;
	if (direction != NULL && strcmp(direction, "up") == 0 && !isnan(feature->recommended_high))
		action->recommended_low = feature->recommended_high;
}

/*
 * What else the same food holds, and energy, its sum: a plan that changes a diet does not keep them
 * where they are.
 */
static bool
follows_diet(const HvFeature *feature)
{
	const char *unit = feature->unit;

	if (strcmp(feature->feature, "energy_kcal") == 0)
		return true;
	return feature->role == HV_CONTEXT && strcmp(feature->domain, "diet") == 0 && unit != NULL &&
	       strlen(unit) > 4 && strcmp(unit + strlen(unit) - 4, "/day") == 0;
}

static void
set_followers(HvPlanner *p)
{
	const HvSchema *schema = &p->question->model->schema;
	uint32_t *follows = palloc0((schema->ncolumns + 1) * sizeof(uint32_t));
	HvCase *c = &p->person_case;

	c->follows = follows;
	c->nfollows = 0;
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		int feature = p->person->features[j];

		if (feature >= 0 && follows_diet(&p->catalogue->features[feature]))
			follows[c->nfollows++] = j;
	}
}

/* In which direction every outcome improves. */
static const int *
find_better(const HvAdvice *advice)
{
	int *better = palloc0((advice->ngoals + 1) * sizeof(int));

	for (int k = 0; k < advice->ngoals; k++)
		better[k] = hv_goal_side(&advice->goals[k], advice->goal_values[k]);
	return better;
}

/* The actions that the model knows and the rules leave room for. */
static uint32_t
set_actions(HvPlanner *p)
{
	HvAdvice *advice = p->advice;
	const HvProgramme *programme = advice->programme;
	uint32_t n = 0;

	p->actions = palloc0((advice->nconsidered + 1) * sizeof(HvAction));
	p->of_action = palloc0((advice->nconsidered + 1) * sizeof(HvConsidered *));
	for (int i = 0; i < advice->nconsidered; i++)
	{
		HvConsidered *considered = &advice->considered[i];
		const HvFeature *feature = &p->catalogue->features[considered->feature];
		HvAction *action = &p->actions[n];

		if (considered->status != NULL || considered->column < 0)
			continue;
		action->column = (uint32_t) considered->column;
		action->bounds = considered->bounds;
		action->recommended_low = considered->recommended_low;
		action->recommended_high = considered->recommended_high;
		aim_at_optimum(action, feature);
		action->step = feature->step;
		action->wish = hv_wish(p->options, feature);
		action->cost = feature->cost / action->wish;
		if (p->options->feedback != NULL) /* a gain is worth what the chance of it is */
			action->wish *= hv_uptake(p, considered) / p->options->feedback->usual;
		if (programme != NULL &&
		    hv_listed(programme->domains, programme->ndomains, feature->domain))
			action->cost *= HV_PREFERRED;
		if (!couple(p, action, feature->feature))
		{
			considered->status = "its goal is reached";
			*action = (HvAction){0};
			continue;
		}
		considered->naction = (int) n;
		p->of_action[n++] = considered;
	}
	return n;
}

/* Evidence from outside the model for the pairs of this search, the most specific first. */
static size_t
set_priors(HvPlanner *p)
{
	int calibrated = p->options->feedback != NULL ? p->options->feedback->ncalibrated : 0;
	size_t n = 0;

	p->priors = palloc0((p->catalogue->ntrials + calibrated + 1) * sizeof(HvPrior));
	for (uint32_t a = 0; a < p->person_case.nactions; a++)
		for (int k = 0; k < p->advice->ngoals; k++)
		{
			HvPrior prior = {.action = a, .outcome = (uint32_t) k, .realised = true};

			if (hv_realised_effect(p->options->feedback, p->catalogue, p->person,
			                       p->of_action[a]->feature, p->advice->goal_features[k],
			                       &prior.slope, &prior.sd))
				p->priors[n++] = prior;
		}
	for (int i = 0; i < p->catalogue->ntrials; i++)
	{
		const HvTrial *trial = &p->catalogue->trials[i];

		for (uint32_t a = 0; a < p->person_case.nactions; a++)
			for (int k = 0; k < p->advice->ngoals; k++)
				if (p->of_action[a]->feature == trial->action &&
				    p->advice->goal_features[k] == trial->outcome &&
				    hv_condition(trial->applies_when, p->person->json, false))
					p->priors[n++] = (HvPrior){.action = a,
					                           .outcome = (uint32_t) k,
					                           .slope = trial->effect / trial->per,
					                           .sd = trial->sd / fabs(trial->per)};
	}
	return n;
}

/*
 * How strange the person may become: as strange as today, or as 5 % of real people are, with half a
 * nat of slack (SCIENCE 3.4).
 */
static void
set_room(HvPlanner *p)
{
	const double *quantiles = p->question->model->provenance.first_surprise;
	double rare = p->person_case.known * quantiles[(int) ((1 - RARE) * (HV_QUANTILES - 1))];

	p->search.room = Max(rare - p->person_case.strange, 0) + SLACK;
}

void
hv_planner_start(HvPlanner *p)
{
	HvCase *c = &p->person_case;

	hv_arena_in(&p->arena, CurrentMemoryContext, hv_work_limit());
	c->model = p->question->model;
	c->blas = p->question->blas;
	c->host = &hv_interrupts;
	c->record = p->question->record;
	c->nactions = set_actions(p);
	c->actions = p->actions;
	c->outcomes = p->advice->goal_columns;
	c->noutcomes = (uint32_t) p->advice->ngoals;
	c->better = find_better(p->advice);
	c->draws = DRAWS;
	set_followers(p);
	HV_CHECK(hv_case_init(c, &p->arena), "vae_advise");
	p->search = (HvSearch){.person = c,
	                       .goals = p->advice->goals,
	                       .priors = p->priors,
	                       .max_items = (uint32_t) p->options->max_actions};
	if (p->options->feedback != NULL)
		p->search.max_items = Min(p->search.max_items + SPARE, HV_MAX_ITEMS);
	p->search.npriors = set_priors(p);
	p->search.priors = p->priors;
	set_room(p);
}

void
hv_planner_disagreements(HvPlanner *p)
{
	HvEffect *effects = palloc0((p->advice->ngoals + 1) * sizeof(HvEffect));

	for (uint32_t a = 0; a < p->person_case.nactions; a++)
	{
		const HvAction *action = &p->actions[a];
		HvPlan plan = {.n = 1, .items = {{.action = a}}};
		double targets[HV_MAX_GRID];
		size_t n = hv_bounds_grid(&action->bounds, action->recommended_low,
		                          action->recommended_high, action->step, targets, HV_MAX_GRID);

		if (n == 0)
			continue;
		plan.items[0].target = targets[n - 1];
		HV_CHECK(hv_plan_effects(&p->search, &plan, &p->arena, effects), "vae_advise_explain");
		p->of_action[a]->contrary = palloc0((p->advice->ngoals + 1) * sizeof(bool));
		for (int k = 0; k < p->advice->ngoals; k++)
			p->of_action[a]->contrary[k] = effects[k].contrary;
	}
}
