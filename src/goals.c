/*
 * goals.c: where a person's outcomes should be.
 *
 * The programme says which outcomes count, hadvice.targets where they should be; of the targets
 * whose condition holds, the highest precedence counts. Example: HbA1c below 5.7 for everyone,
 * below 7 (precedence 10) where diabetes is diagnosed; a person of whom that is not known has 5.7.
 */
#include "hadvice.h"

#include <math.h>

#include "goals.h"
#include "limits.h"

#define FOCUS 2 /* weight of an outcome in the programme's focus */

bool
hv_listed(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static const HvProgramme *
choose_programme(const HvCatalogue *catalogue, const HvPerson *person,
                 const HvAdviceOptions *options)
{
	for (int i = 0; i < catalogue->nprogrammes; i++)
	{
		const HvProgramme *programme = &catalogue->programmes[i];

		if (options->programme != NULL)
		{
			if (strcmp(programme->programme, options->programme) == 0)
				return programme;
		}
		else if (hv_condition(programme->applies_when, person->json, false))
			return programme;
	}
	if (options->programme != NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("programme \"%s\" does not exist", options->programme),
		                errhint("SELECT programme, label FROM hadvice.programmes;")));
	return NULL;
}

/* The target that counts for an outcome: the first that holds, in the order of precedence. */
static const HvTarget *
choose_target(const HvAdvice *advice, const HvCatalogue *catalogue, const HvPerson *person,
              int feature)
{
	for (int i = 0; i < catalogue->ntargets; i++)
	{
		const HvTarget *target = &catalogue->targets[i];

		if (target->outcome == feature &&
		    (target->programme == NULL ||
		     (advice->programme != NULL &&
		      strcmp(target->programme, advice->programme->programme) == 0)) &&
		    hv_condition(target->applies_when, person->json, false))
			return target;
	}
	return NULL;
}

/* Outcomes of the programme that the record has and the model knows. */
void
hv_goals(HvAdvice *advice, const HvQuestion *question, const HvCatalogue *catalogue,
         const HvPerson *person, const HvAdviceOptions *options)
{
	const HvSchema *schema = &question->model->schema;
	const HvProgramme *programme = choose_programme(catalogue, person, options);

	advice->programme = programme;
	advice->goals = palloc0((schema->ncolumns + 1) * sizeof(HvGoal));
	advice->goal_features = palloc0((schema->ncolumns + 1) * sizeof(int));
	advice->targets = palloc0((schema->ncolumns + 1) * sizeof(HvTarget *));
	advice->goal_columns = palloc0((schema->ncolumns + 1) * sizeof(uint32_t));
	advice->goal_values = palloc0((schema->ncolumns + 1) * sizeof(double));
	for (uint32_t j = 0; j < schema->ncolumns; j++)
	{
		const HvColumn *column = &schema->columns[j];
		int feature = person->features[j];
		const HvTarget *target;
		HvGoal *goal = &advice->goals[advice->ngoals];

		if (column->role != HV_OUTCOME || hv_has_levels(column) || feature < 0 ||
		    question->record[column->m_at] == 0 || isnan(person->numbers[feature]))
			continue;
		if (programme != NULL &&
		    !hv_listed(programme->outcomes, programme->noutcomes, column->feature))
			continue;
		target = choose_target(advice, catalogue, person, feature);
		if (target == NULL || (isinf(target->low) && isinf(target->high)))
			continue;
		goal->low = target->low;
		goal->high = target->high;
		goal->scale = target->scale;
		goal->sd = column->sd * fabs(column->factor);
		if (!(goal->sd > 0 && isfinite(goal->sd)))
			goal->sd = target->scale;
		goal->weight = target->priority * Max(hv_wish(options, &catalogue->features[feature]), 0);
		if (programme != NULL && hv_listed(programme->focus, programme->nfocus, column->feature))
			goal->weight *= FOCUS;
		advice->goal_features[advice->ngoals] = feature;
		advice->targets[advice->ngoals] = target;
		advice->goal_columns[advice->ngoals] = j;
		advice->goal_values[advice->ngoals] = person->numbers[feature];
		advice->ngoals++;
	}
}

/* Whether a goal is missed: in the range is low <= value < high. */
bool
hv_goal_missed(const HvAdvice *advice, int goal)
{
	double value = advice->goal_values[goal];

	return value < advice->goals[goal].low || value >= advice->goals[goal].high;
}

bool
hv_any_goal_missed(const HvAdvice *advice)
{
	for (int k = 0; k < advice->ngoals; k++)
		if (hv_goal_missed(advice, k))
			return true;
	return false;
}
