/*
 * advice.c: red flags, goals, limits, search, and what is worth saying.
 *
 * The order is the one of a visit: (1) flags that need a doctor; (2) which outcomes are out of
 * range for this person; (3) what may be changed at all, and how far; (4) the model searches the
 * changes that bring the outcomes nearest; (5) each change it finds is held against a threshold:
 * if the improvement is likely enough the model stands behind it, if the value itself is outside
 * its recommended range the guideline does, else it is dropped; (6) room that is left goes to
 * habits outside their recommended range. Rules are checked in (3), in the search, and for every
 * item again before it is given out.
 */
#include "hadvice.h"

#include <math.h>

#include "advice.h"
#include "core/encode.h"
#include "goals.h"
#include "limits.h"

#define DRAWS 4        /* of the latent position per member */
#define RARE 0.05      /* a plan is never less plausible than this, or than the person today */
#define SLACK 0.5      /* nats */
#define PREFERRED 0.67 /* effort of an action in a domain that the programme prefers */
#define SPARE 3        /* actions searched for beyond those asked for; feedback chooses */

/* A search in the making: the arrays that core/search.h points to. */
typedef struct Planner
{
	const HvQuestion *question;
	const HvCatalogue *catalogue;
	const HvPerson *person;
	const HvAdviceOptions *options;
	HvAdvice *advice;
	HvArena arena;
	HvAction *actions;
	HvConsidered **of_action; /* per action */
	HvPrior *priors;
	HvCase person_case;
	HvSearch search;
	double own; /* strangeness of the person today, nats */
} Planner;

/*
 * BMI follows weight by arithmetic: it is moved with it and never counted as a finding. What is
 * coupled to a goal goes as far as the goal and no farther; false when the goal is reached.
 */
static bool
couple(const Planner *p, HvAction *action, const char *feature)
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
 * The search may go as far as the rules allow where less (or more) is always better in the eyes of
 * the guidelines; the recommended range says where they begin to speak, not where benefit ends.
 */
static void
set_reach(HvAction *action, const HvFeature *feature, const HvConsidered *considered)
{
	if (strcmp(feature->safe_direction, "down") == 0)
		action->recommended_high = considered->low;
	else if (strcmp(feature->safe_direction, "up") == 0)
		action->recommended_low = considered->high;
}

/* The actions that the model knows and the rules leave room for. */
static uint32_t
set_actions(Planner *p)
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
		action->step = feature->step;
		action->cost = feature->cost / hv_wish(p->options, feature);
		if (programme != NULL &&
		    hv_listed(programme->domains, programme->ndomains, feature->domain))
			action->cost *= PREFERRED;
		set_reach(action, feature, considered);
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
set_priors(Planner *p)
{
	int calibrated = p->options->feedback != NULL ? p->options->feedback->ncalibrated : 0;
	size_t n = 0;

	p->priors = palloc0((p->catalogue->ntrials + calibrated + 1) * sizeof(HvPrior));
	for (uint32_t a = 0; a < p->person_case.nactions; a++)
		for (int k = 0; k < p->advice->ngoals; k++)
		{
			HvPrior prior = {.action = a, .outcome = (uint32_t) k};

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
set_room(Planner *p)
{
	const double *quantiles = p->question->model->provenance.first_surprise;
	HvPlan nothing = {.n = 0};
	double rare;

	hv_case_strangeness(&p->person_case, &nothing, 1, &p->own);
	rare = p->person_case.cells[0] * quantiles[(int) ((1 - RARE) * (HV_QUANTILES - 1))];
	p->search.room = Max(rare - p->own, 0) + SLACK;
}

static void
start_search(Planner *p)
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
	c->draws = DRAWS;
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

/*
 * Half the way of an item, on the grid of its practical unit; false when that is less than a step.
 */
static bool
halve(const HvAction *action, HvItem *item)
{
	double c = action->bounds.current, way = (item->target - c) / 2;
	double target = action->step * (way > 0 ? floor : ceil)((c + way) / action->step);

	if (fabs(way) < action->step || (target - c) * way <= 0 ||
	    !hv_bounds_allow(&action->bounds, target))
		return false;
	item->target = target;
	item->gain /= 2;
	return true;
}

/* Takes half of, or all of, the item that costs the most plausibility for what it is worth. */
static void
ease(Planner *p, HvPlan *plan, double strange)
{
	HvPlan less[HV_MAX_ITEMS];
	double nats[HV_MAX_ITEMS];
	uint32_t worst = 0;
	double most = -INFINITY;

	for (uint32_t i = 0; i < plan->n; i++)
	{
		less[i] = *plan;
		less[i].n--;
		memmove(less[i].items + i, less[i].items + i + 1, (less[i].n - i) * sizeof(HvItem));
	}
	hv_case_strangeness(&p->person_case, less, plan->n, nats);
	for (uint32_t i = 0; i < plan->n; i++)
	{
		double price = (strange - nats[i]) / Max(plan->items[i].gain, 1e-6);

		if (price > most)
		{
			most = price;
			worst = i;
		}
	}
	if (halve(&p->actions[plan->items[worst].action], &plan->items[worst]))
		return;
	p->of_action[plan->items[worst].action]->status = "would make the record implausible";
	memmove(plan->items + worst, plan->items + worst + 1,
	        (plan->n - worst - 1) * sizeof(HvItem));
	plan->n--;
}

/*
 * Eases a plan until there is room for it: the search added prices up, together they may be dearer.
 * Returns the plausibility: the share of the training rows whose context and behaviour are stranger.
 */
static double
make_plausible(Planner *p, HvPlan *plan)
{
	double after = p->own;

	for (;;)
	{
		hv_case_strangeness(&p->person_case, plan, 1, &after);
		if (plan->n == 0 || after <= p->own + p->search.room)
			break;
		ease(p, plan, after);
	}
	if (p->person_case.cells[0] == 0)
		return NAN;
	return 1 - hv_percentile(p->question->model->provenance.first_surprise,
	                         after / p->person_case.cells[0]);
}

/* The outcome whose improvement the searching members thought the most of, or -1. */
static int
main_outcome(const Planner *p, uint32_t action, const HvEffect *effects)
{
	int best = -1;

	for (int k = 0; k < p->advice->ngoals; k++)
		if (!hv_case_coupled(&p->person_case, action, (uint32_t) k) && effects[k].risk > 0 &&
		    effects[k].model * effects[k].mean > 0 &&
		    effects[k].probability >= p->options->min_probability &&
		    (best < 0 || effects[k].risk > effects[best].risk))
			best = k;
	return best;
}

static HvAdviceItem *
new_item(int plan, HvAdviceKind kind)
{
	HvAdviceItem *item = palloc0(sizeof(HvAdviceItem));

	item->plan = plan;
	item->kind = kind;
	item->outcome = -1;
	item->plausibility = NAN;
	return item;
}

/* The last word of the rules on an item: no target leaves here that they do not allow. */
static void
give_out(HvAdvice *advice, HvAdviceItem *item, int rank)
{
	const HvConsidered *considered = item->considered;

	if (item->kind == HV_ADVICE_ACTION && !hv_bounds_allow(&considered->bounds, item->target))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("advice outside its safe interval was stopped")));
	item->rank = rank;
	advice->items = lappend(advice->items, item);
}

/* One change that the search found: who stands behind it? NULL when nobody does. */
static HvAdviceItem *
judge_item(Planner *p, int plan, const HvItem *change)
{
	HvConsidered *considered = p->of_action[change->action];
	HvPlan single = {.n = 1, .items = {*change}};
	HvAdviceItem *item = new_item(plan, HV_ADVICE_ACTION);

	item->considered = considered;
	item->target = change->target;
	item->effects = palloc0((p->advice->ngoals + 1) * sizeof(HvEffect));
	HV_CHECK(hv_plan_effects(&p->search, &single, &p->arena, item->effects), "vae_advise");
	/* the sentence is to speak of trials, not of what was realised here */
	for (int k = 0; k < p->advice->ngoals; k++)
		if (!hv_find_trial(p->catalogue, p->person, considered->feature,
		                   p->advice->goal_features[k]))
			item->effects[k].prior = false;
	item->outcome = main_outcome(p, change->action, item->effects);
	if (item->outcome < 0)
	{
		/* a weight that is itself out of range is advised by the guideline, effect or none */
		bool own_goal = p->actions[change->action].ncoupled > 0;

		if (!considered->outside && !own_goal)
		{
			considered->status = "improvement not likely enough";
			return NULL;
		}
		item->effects = NULL;
	}
	considered->status = "advised";
	return item;
}

/* The chance that this kind of person takes an action up; 1 where nothing is known. */
static double
uptake(const Planner *p, const HvConsidered *considered)
{
	return p->options->feedback != NULL ? p->options->feedback->chance[considered->feature] : 1;
}

/* Expected benefit of an item: the risk it takes away, times the chance that it comes to it. */
static double
item_score(const Planner *p, const HvAdviceItem *item)
{
	double risk = 0;

	for (int k = 0; item->effects != NULL && k < p->advice->ngoals; k++)
		risk += Max(item->effects[k].risk, 0);
	return uptake(p, item->considered) * risk;
}

/* A habit outside its recommended range, which the model said nothing about. */
static bool
guideline_candidate(const Planner *p, const HvConsidered *considered, bool ill)
{
	static const char *const own_sake[] = {"smoking", "alcohol", "exercise", "sleep"};
	const char *domain = p->catalogue->features[considered->feature].domain;

	return considered->outside && !considered->bounds.forbidden &&
	       considered->low < considered->high && considered->status == NULL &&
	       (ill || hv_listed(own_sake, lengthof(own_sake), domain));
}

/* How far outside its range a habit is, in effort-weighted steps: what is said first. */
static double
guideline_score(const Planner *p, const HvConsidered *considered)
{
	const HvFeature *feature = &p->catalogue->features[considered->feature];
	const HvProgramme *programme = p->advice->programme;
	double c = considered->current;
	double out = c < considered->recommended_low ? considered->recommended_low - c
	                                             : c - considered->recommended_high;
	double range =
		Max(fabs(c), fabs(considered->recommended_low < c ? considered->recommended_high
	                                                      : considered->recommended_low));
	double score = out / (range > 0 ? range : 1) * hv_wish(p->options, feature) / feature->cost;

	if (programme != NULL && hv_listed(programme->domains, programme->ndomains, feature->domain))
		score /= PREFERRED;
	return score * uptake(p, considered);
}

/* Fills a plan up with guideline items, the farthest out first. */
static void
add_guidelines(Planner *p, int plan, int *rank)
{
	bool ill = hv_any_goal_missed(p->advice);

	while (*rank < p->options->max_actions)
	{
		HvConsidered *best = NULL;
		double targets[HV_MAX_GRID];
		size_t n;
		HvAdviceItem *item;

		for (int i = 0; i < p->advice->nconsidered; i++)
		{
			HvConsidered *considered = &p->advice->considered[i];

			if (guideline_candidate(p, considered, ill) &&
			    (best == NULL || guideline_score(p, considered) > guideline_score(p, best)))
				best = considered;
		}
		if (best == NULL)
			return;
		n = hv_bounds_grid(&best->bounds, best->recommended_low, best->recommended_high,
		                   p->catalogue->features[best->feature].step, targets, HV_MAX_GRID);
		if (n == 0 ||
		    fabs(targets[n - 1] - best->current) < p->catalogue->features[best->feature].step / 2)
		{
			best->status = "too small a change to advise";
			continue;
		}
		item = new_item(plan, HV_ADVICE_ACTION);
		item->considered = best;
		item->target = targets[n - 1];
		best->status = "advised";
		give_out(p->advice, item, ++*rank);
	}
}

static int
compare_items(const ListCell *a, const ListCell *b)
{
	double x = ((HvAdviceItem *) lfirst(a))->plausibility;
	double y = ((HvAdviceItem *) lfirst(b))->plausibility;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* One plan: what the model found, in the order of its worth, then guidelines. */
static void
make_plan(Planner *p, int number)
{
	HvPlan plan;
	List *found = NIL;
	ListCell *cell;
	double plausible;
	int rank = 0;

	HV_CHECK(hv_search(&p->search, &p->arena, &plan), "vae_advise");
	plausible = make_plausible(p, &plan);
	for (uint32_t i = 0; i < plan.n; i++)
	{
		HvAdviceItem *item = judge_item(p, number, &plan.items[i]);

		if (item == NULL)
			continue;
		item->plausibility = item_score(p, item); /* the sort key, for now */
		found = lappend(found, item);
	}
	list_sort(found, compare_items);
	foreach (cell, found)
		if (rank < p->options->max_actions)
			give_out(p->advice, lfirst(cell), ++rank);
		else
			unconstify(HvConsidered *, ((HvAdviceItem *) lfirst(cell))->considered)->status =
				"less likely to be taken up";
	add_guidelines(p, number, &rank);
	foreach (cell, p->advice->items)
	{
		HvAdviceItem *item = lfirst(cell);

		if (item->plan == number && item->kind == HV_ADVICE_ACTION)
			item->plausibility = plausible;
	}
}

/* The next plan must do without the first action of this one. */
static bool
forbid_first(Planner *p, int plan)
{
	ListCell *cell;
	HvConsidered *first = NULL;

	for (int i = 0; i < p->advice->nconsidered; i++)
	{
		const char *status = p->advice->considered[i].status;

		if (status != NULL && strcmp(status, "advised") == 0)
			p->advice->considered[i].status = NULL;
	}
	foreach (cell, p->advice->items)
	{
		const HvAdviceItem *item = lfirst(cell);

		if (item->plan == plan && item->kind == HV_ADVICE_ACTION && item->rank == 1)
			first = unconstify(HvConsidered *, item->considered);
	}
	if (first == NULL)
		return false;
	first->bounds.forbidden = true;
	first->status = "in an earlier plan";
	if (first->naction >= 0)
		p->actions[first->naction].bounds.forbidden = true;
	return true;
}

/* What the person has said to be impossible or harmful is not looked at again. */
static void
respect_feedback(HvAdvice *advice, const HvFeedback *feedback)
{
	for (int i = 0; feedback != NULL && i < advice->nconsidered; i++)
	{
		HvConsidered *considered = &advice->considered[i];

		if (considered->status == NULL)
			considered->status = feedback->blocked[considered->feature];
	}
}

/* Flags first; nothing is promised with them. */
static void
add_referrals(Planner *p)
{
	for (int i = 0; i < p->catalogue->nrules; i++)
	{
		const HvRule *rule = &p->catalogue->rules[i];
		HvAdviceItem *item;

		if (rule->effect != HV_REFER || !hv_person_holds(p->person, rule->applies_when, false))
			continue;
		item = new_item(1, HV_ADVICE_REFER);
		item->flag = rule;
		give_out(p->advice, item, 0);
	}
}

/* Never an empty answer: one row says that all is well, or that nothing safe can be said. */
static void
add_keep(HvAdvice *advice)
{
	if (advice->items != NIL)
		return;
	if (hv_any_goal_missed(advice))
		advice->reason = "nothing";
	else
		advice->reason = advice->ngoals > 0 ? "keep" : "unknown";
	give_out(advice, new_item(1, HV_ADVICE_KEEP), 1);
}

/*
 * The record with what follows from other columns (BMI from weight and height) filled in, so that
 * the model and the catalogue know the same of the person.
 */
static HvReal *
complete_record(const HvQuestion *question, const HvCatalogue *catalogue, const HvPerson *person)
{
	const HvSchema *schema = &question->model->schema;
	HvReal *record = palloc(schema->width * sizeof(HvReal));

	memcpy(record, question->record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		int feature = hv_catalogue_find(catalogue, column->feature);

		if (feature < 0 || record[column->m_at] > 0 || hv_has_levels(column) ||
		    column->kind == HV_EMBEDDING || isnan(person->numbers[feature]))
			continue;
		record[column->x_at] = (HvReal) hv_encode_number(
			column, (person->numbers[feature] - column->offset) / column->factor);
		record[column->m_at] = 1;
	}
	return record;
}

HvAdvice *
hv_advice(const HvQuestion *question, const HvCatalogue *catalogue, const HvPerson *person,
          const HvAdviceOptions *options)
{
	HvAdvice *advice = palloc0(sizeof(HvAdvice));
	HvQuestion completed = *question;
	Planner p = {.question = &completed,
	             .catalogue = catalogue,
	             .person = person,
	             .options = options,
	             .advice = advice};

	completed.record = complete_record(question, catalogue, person);
	add_referrals(&p);
	hv_goals(advice, &completed, catalogue, person, options);
	hv_limits(advice, &completed, catalogue, person, options);
	respect_feedback(advice, options->feedback);
	start_search(&p);
	for (int plan = 1; plan <= options->alternatives; plan++)
	{
		int before = list_length(advice->items);

		if (plan > 1 && !forbid_first(&p, plan - 1))
			break;
		make_plan(&p, plan);
		if (list_length(advice->items) == before)
			break;
	}
	add_keep(advice);
	return advice;
}
