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

#include "goals.h"
#include "guideline.h"
#include "limits.h"
#include "plausible.h"

#include "core/encode.h"

/* The outcome whose improvement the searching members thought the most of, or -1. */
static int
main_outcome(const HvPlanner *p, uint32_t action, const HvEffect *effects)
{
	int best = -1;

	for (int k = 0; k < p->advice->ngoals; k++)
		if (!hv_case_coupled(&p->person_case, action, (uint32_t) k) && effects[k].risk > 0 &&
		    effects[k].model * effects[k].mean > 0 &&
		    effects[k].probability >= Max(p->options->min_probability, 0.5) &&
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
judge_item(HvPlanner *p, int plan, const HvItem *change)
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
	}
	considered->status = "advised";
	return item;
}

/* Expected benefit of an item: the risk it takes away, times the chance that it comes to it. */
static double
item_score(const HvPlanner *p, const HvAdviceItem *item)
{
	double risk = 0;

	for (int k = 0; item->effects != NULL && k < p->advice->ngoals; k++)
		risk += Max(item->effects[k].risk, 0);
	return hv_uptake(p, item->considered) * risk;
}

/* Fills a plan up with guideline items. */
static void
add_guidelines(HvPlanner *p, int plan, int *rank)
{
	while (*rank < p->options->max_actions)
	{
		HvAdviceItem *item;
		double target;
		HvConsidered *considered = hv_next_guideline(p, &target);

		if (considered == NULL)
			return;
		item = new_item(plan, HV_ADVICE_ACTION);
		item->considered = considered;
		item->target = target;
		considered->status = "advised";
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
make_plan(HvPlanner *p, int number)
{
	HvPlan plan = {.n = 0};
	List *found = NIL;
	ListCell *cell;
	double plausible;
	int rank = 0;

	if (hv_any_goal_missed(p->advice))
		HV_CHECK(hv_search(&p->search, &p->arena, &plan), "vae_advise");
	plausible = hv_make_plausible(p, &plan);
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

/*
 * The next plan must do without the first half of this one, so that of three actions at most one is
 * the same. False when there was none.
 */
static bool
leave_first_half(HvPlanner *p, int plan)
{
	ListCell *cell;
	int n = 0;

	for (int i = 0; i < p->advice->nconsidered; i++)
	{
		const char *status = p->advice->considered[i].status;

		if (status != NULL && strcmp(status, "advised") == 0)
			p->advice->considered[i].status = NULL;
	}
	foreach (cell, p->advice->items)
	{
		const HvAdviceItem *item = lfirst(cell);

		n += item->plan == plan && item->kind == HV_ADVICE_ACTION;
	}
	foreach (cell, p->advice->items)
	{
		const HvAdviceItem *item = lfirst(cell);
		HvConsidered *considered = unconstify(HvConsidered *, item->considered);

		if (item->plan != plan || item->kind != HV_ADVICE_ACTION || item->rank > (n + 1) / 2)
			continue;
		considered->bounds.forbidden = true;
		considered->status = "in an earlier plan";
		if (considered->naction >= 0)
			p->actions[considered->naction].bounds.forbidden = true;
	}
	return n > 0;
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
add_referrals(HvPlanner *p)
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
complete_record(const HvQuestion *question, const HvPerson *person)
{
	const HvSchema *schema = &question->model->schema;
	HvReal *record = palloc(schema->width * sizeof(HvReal));

	memcpy(record, question->record, schema->width * sizeof(HvReal));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		int feature = person->features[j];

		if (feature < 0 || record[column->m_at] > 0 || hv_has_levels(column) ||
		    column->kind == HV_EMBEDDING || isnan(person->numbers[feature]))
			continue;
		record[column->x_at] = (HvReal) hv_encode_catalogue(column, person->numbers[feature]);
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
	HvPlanner p = {.question = &completed,
	               .catalogue = catalogue,
	               .person = person,
	               .options = options,
	               .advice = advice};

	completed.record = complete_record(question, person);
	add_referrals(&p);
	hv_goals(advice, &completed, catalogue, person, options);
	hv_limits(advice, &completed, catalogue, person, options);
	respect_feedback(advice, options->feedback);
	hv_planner_start(&p);
	if (options->explain)
		hv_planner_disagreements(&p);
	for (int plan = 1; plan <= options->alternatives; plan++)
	{
		int before = list_length(advice->items);

		if (plan > 1 && !leave_first_half(&p, plan - 1))
			break;
		make_plan(&p, plan);
		if (list_length(advice->items) == before)
			break;
	}
	add_keep(advice);
	return advice;
}
