/*
 * guideline.c: habits outside their recommended range, in the order in which they are worth a word.
 *
 * Where no outcome is out of range, only what is bad for its own sake is spoken of: smoking, drinking,
 * moving and sleeping too little. Nobody healthy is nagged about fibre.
 */
#include "hadvice.h"

#include <math.h>

#include "goals.h"
#include "guideline.h"
#include "limits.h"

/* A habit outside its recommended range, which the model said nothing about. */
static bool
guideline_candidate(const HvPlanner *p, const HvConsidered *considered, bool ill)
{
	static const char *const own_sake[] = {"smoking", "alcohol", "exercise", "sleep"};
	const char *domain = p->catalogue->features[considered->feature].domain;

	return considered->outside && !considered->bounds.forbidden &&
	       considered->low < considered->high && considered->status == NULL &&
	       (ill || hv_listed(own_sake, lengthof(own_sake), domain));
}

/* How far outside its range a habit is, in effort-weighted steps: what is said first. */
static double
guideline_score(const HvPlanner *p, const HvConsidered *considered)
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
		score /= HV_PREFERRED;
	return score * hv_uptake(p, considered);
}

/*
 * How far an action may go, where an outcome is out of range: into its range and on to the far end, as
 * in the search, as long as the plan with it is plausible. Its present value when that is nowhere.
 */
static double
farthest(HvPlanner *p, const HvConsidered *considered, const HvPlan *plan)
{
	const HvAction *action = &p->actions[considered->naction];
	double targets[HV_MAX_GRID], nats[HV_MAX_GRID];
	size_t n = hv_bounds_grid(&considered->bounds, action->recommended_low,
	                          action->recommended_high, action->step, targets, HV_MAX_GRID);
	HvPlan with[HV_MAX_GRID];

	for (size_t i = 0; i < n; i++)
	{
		with[i] = *plan;
		with[i].items[with[i].n++] =
			(HvItem){.action = (uint32_t) considered->naction, .target = targets[i]};
	}
	hv_case_strangeness(&p->person_case, with, n, nats);
	while (n > 0 && nats[n - 1] > p->search.room)
		n--;
	return n > 0 ? targets[n - 1] : considered->current;
}

/* The near end of the recommended range, or farther; false when it is less than half a step away. */
static bool
choose_target(HvPlanner *p, const HvConsidered *considered, bool ill, HvPlan *plan, double *target)
{
	double step = p->catalogue->features[considered->feature].step, targets[HV_MAX_GRID];
	double now = considered->current;
	bool planned = considered->naction >= 0 && plan->n < HV_MAX_ITEMS;
	size_t n = hv_bounds_grid(&considered->bounds, considered->recommended_low,
	                          considered->recommended_high, step, targets, HV_MAX_GRID);

	if (n == 0)
		return false;
	*target = targets[n - 1];
	if (ill && planned)
	{
		double far = farthest(p, considered, plan);

		if (fabs(far - now) > fabs(*target - now))
			*target = far;
	}
	if (fabs(*target - now) < step / 2)
		return false;
	if (planned)
		plan->items[plan->n++] =
			(HvItem){.action = (uint32_t) considered->naction, .target = *target};
	return true;
}

HvConsidered *
hv_next_guideline(HvPlanner *p, HvPlan *plan, double *target)
{
	bool ill = hv_any_goal_missed(p->advice);

	for (;;)
	{
		HvConsidered *best = NULL;

		for (int i = 0; i < p->advice->nconsidered; i++)
		{
			HvConsidered *considered = &p->advice->considered[i];

			if (guideline_candidate(p, considered, ill) &&
			    (best == NULL || guideline_score(p, considered) > guideline_score(p, best)))
				best = considered;
		}
		if (best == NULL)
			return NULL;
		if (choose_target(p, best, ill, plan, target))
			return best;
		best->status = "too small a change to advise";
	}
}
