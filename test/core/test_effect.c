/*
 * test_effect.c: effects of actions in a simulated system (hv_scm.h) are recovered, and their
 * intervals hold the truth.
 *
 * Most of what exercise does to a1c passes through bmi, so the test fails when effects do not pass
 * down the stages.
 */
#include "hv_scm.h"

static const int better[3] = {-1, -1, -1};

/* An action whose way goes beyond what is asked of it. */
static void
aim(HvAction *action, double value, double change)
{
	hv_bounds_init(&action->bounds, value);
	hv_bounds_cap(&action->bounds, value + 2);
	hv_bounds_floor(&action->bounds, value - 2);
	action->recommended_low = change > 0 ? value + 2 : -INFINITY;
	action->recommended_high = change < 0 ? value - 2 : INFINITY;
}

/* Mean effects on bmi, sbp and a1c over people, and the share of intervals that hold the truth. */
static void
population_effect(int column, double change, const double truth[3], double mean[3], double held[3])
{
	static const uint32_t outcomes[3] = {BMI, SBP, A1C};
	HvGoal goals[3] = {{-9, -8, 1, 1, 1, 0}, {-9, -8, 1, 1, 1, 0}, {-9, -8, 1, 1, 1, 0}};
	double low[3] = {0}, high[3] = {0};

	memset(mean, 0, 3 * sizeof(double));
	memset(held, 0, 3 * sizeof(double));
	for (int i = 0, n = 0; n < PEOPLE; i++)
	{
		HvAction action = {.column = (uint32_t) column, .step = 1, .cost = 1, .wish = 1};
		HvCase person = {.model = &model,
		                 .blas = &blas,
		                 .actions = &action,
		                 .nactions = 1,
		                 .record = records + (size_t) i * model.schema.width,
		                 .outcomes = outcomes,
		                 .noutcomes = 3,
		                 .better = better,
		                 .draws = DRAWS};
		HvSearch search = {.person = &person, .goals = goals, .max_items = 1};
		HvPlan plan = {.n = 1};
		HvEffect effects[3];

		if (isnan(rows[i][column]))
			continue;
		n++;
		aim(&action, rows[i][column], change);
		plan.items[0] = (HvItem){.action = 0, .target = rows[i][column] + change};
		if (hv_case_init(&person, &arena) != HV_OK ||
		    hv_plan_effects(&search, &plan, &arena, effects) != HV_OK)
			continue;
		for (int k = 0; k < 3; k++)
		{
			mean[k] += effects[k].mean / PEOPLE;
			held[k] += (effects[k].low <= truth[k] && truth[k] <= effects[k].high) * 1.0 / PEOPLE;
			low[k] += effects[k].low / PEOPLE;
			high[k] += effects[k].high / PEOPLE;
		}
	}
	for (int k = 0; k < 3; k++)
		note("%s %+.0f: %s %.3f [%.3f, %.3f], truth %.2f, held %.2f", columns[column].name, change,
		     columns[outcomes[k]].name, mean[k], low[k], high[k], truth[k], held[k]);
}

static void
check_effects(void)
{
	static const double exercise[3] = {-0.40, -0.32, -0.27}, sodium[3] = {0, -0.30, 0};
	double mean[3], held[3];

	population_effect(EX, 1, exercise, mean, held);
	for (int k = 0; k < 3; k++)
	{
		ok(mean[k] / exercise[k] > 0.85 && mean[k] / exercise[k] < 1.15,
		   "exercise: effect %d is %.2f of the truth", k, mean[k] / exercise[k]);
		ok(held[k] >= 0.85, "exercise: 90 %% intervals of effect %d hold the truth for %.2f", k,
		   held[k]);
	}
	population_effect(NA, -1, sodium, mean, held);
	ok(mean[1] / sodium[1] > 0.85 && mean[1] / sodium[1] < 1.15,
	   "sodium: effect is %.2f of the truth", mean[1] / sodium[1]);
	ok(held[1] >= 0.85, "sodium: 90 %% intervals hold the truth for %.2f", held[1]);
	ok(fabs(mean[0]) < 0.08 && fabs(mean[2]) < 0.08, "sodium: next to nothing on bmi and a1c");
}

/* The line alone, and what confounding and trials do to what is reported. */
static void
check_witnesses(void)
{
	static const uint32_t outcomes[3] = {BMI, SBP, A1C};
	static const double truth[3] = {-0.40, -0.32, -0.27};
	HvGoal goals[3] = {{-9, -8, 1, 1, 1, 0}, {-9, -8, 1, 1, 1, 0}, {-9, -8, 1, 1, 1, 0}};
	HvAction action = {.column = EX, .step = 1, .cost = 1, .wish = 1};
	HvCase person = {.model = &model,
	                 .blas = &blas,
	                 .actions = &action,
	                 .nactions = 1,
	                 .outcomes = outcomes,
	                 .noutcomes = 3,
	                 .better = better,
	                 .draws = DRAWS};
	HvPrior trial = {.action = 0, .outcome = 1, .slope = -1.5, .sd = 0.02, .realised = true};
	HvSearch search = {.person = &person, .goals = goals, .max_items = 1};
	HvPlan plan = {.n = 1};
	HvEffect plain[3], with[3];
	HvBelief line, guided;
	int i = 0;

	while (isnan(rows[i][EX]) || isnan(rows[i][SBP]) || isnan(rows[i][BMI]) || isnan(rows[i][A1C]))
		i++;
	person.record = records + (size_t) i * model.schema.width;
	aim(&action, rows[i][EX], 1);
	plan.items[0] = (HvItem){.action = 0, .target = rows[i][EX] + 1};
	ok(hv_case_init(&person, &arena) == HV_OK && person.lines, "lines out of the copula");
	for (uint32_t k = 0; k < 3; k++)
	{
		ok(hv_case_line(&person, &plan.items[0], k, &line, &guided) && line.mean / truth[k] > 0.8 &&
		       line.mean / truth[k] < 1.2 && line.variance > 0 && line.variance < 0.05 * 0.05,
		   "the line's effect %u is %.2f of the truth", k, line.mean / truth[k]);
		ok(guided.mean / line.mean > 0.5 && guided.mean / line.mean < 1 &&
		       guided.variance < line.variance,
		   "towards the guideline's little it is %.2f of that", guided.mean / line.mean);
	}
	hv_plan_effects(&search, &plan, &arena, plain);
	search.priors = &trial;
	search.npriors = 1;
	hv_plan_effects(&search, &plan, &arena, with);
	ok(with[1].mean < plain[1].mean - 0.3 && with[0].mean == plain[0].mean && with[1].prior,
	   "a realised effect moves its own outcome");
	trial.realised = false;
	hv_plan_effects(&search, &plan, &arena, with);
	ok(with[1].mean < plain[1].mean && with[1].mean > plain[1].mean - 0.1,
	   "a trial counts for little where the data are clear");
	for (int k = 0; k < 3; k++)
	{
		double half = (plain[k].high - plain[k].low) / 2;

		ok(near((plain[k].high + plain[k].low) / 2, plain[k].mean, 1e-9),
		   "the interval is about the mean");
		ok(half > 1.64 * 0.25 * fabs(plain[k].mean) && half < 0.7 * fabs(plain[k].mean),
		   "wide enough for confounding, and not much wider");
		ok(plain[k].probability > 0.99 && !plain[k].contrary, "surely an improvement");
	}
	goals[0] = goals[1] = goals[2] = (HvGoal){8, 9, 1, 1, 1, 0};
	search.npriors = 0;
	hv_plan_effects(&search, &plan, &arena, with);
	ok(with[0].contrary && with[0].probability < 0.01 && with[0].mean < 0,
	   "where more is better the same data speak against it");
}

int
main(void)
{
	scm_start();
	check_effects();
	check_witnesses();
	return done_testing();
}
