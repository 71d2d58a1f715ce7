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

HvConsidered *
hv_next_guideline(const HvPlanner *p, double *target)
{
	bool ill = hv_any_goal_missed(p->advice);

	for (;;)
	{
		HvConsidered *best = NULL;
		double targets[HV_MAX_GRID], step;
		size_t n;

		for (int i = 0; i < p->advice->nconsidered; i++)
		{
			HvConsidered *considered = &p->advice->considered[i];

			if (guideline_candidate(p, considered, ill) &&
			    (best == NULL || guideline_score(p, considered) > guideline_score(p, best)))
				best = considered;
		}
		if (best == NULL)
			return NULL;
		step = p->catalogue->features[best->feature].step;
		n = hv_bounds_grid(&best->bounds, best->recommended_low, best->recommended_high, step,
		                   targets, HV_MAX_GRID);
		if (n > 0 && fabs(targets[n - 1] - best->current) >= step / 2)
		{
			*target = targets[n - 1];
			return best;
		}
		best->status = "too small a change to advise";
	}
}
