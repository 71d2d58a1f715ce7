/*
 * test_search.c: the search finds what helps in a simulated system (hv_scm.h), and nothing else.
 *
 * Exercise improves bmi, sbp and a1c, less sodium improves sbp alone.
 */
#include "hv_scm.h"

static const uint32_t outcomes[3] = {BMI, SBP, A1C};
static const int better[3] = {-1, -1, -1};

/* The first complete person with more than average pressure. */
static int
find_person(void)
{
	for (int i = 0; i < ROWS; i++)
	{
		bool whole = true;

		for (int j = 0; j < COLUMNS; j++)
			whole = whole && !isnan(rows[i][j]);
		if (whole && rows[i][SBP] > 0.3 && fabs(rows[i][EX]) < 1 && fabs(rows[i][NA]) < 1)
			return i;
	}
	return 0;
}

typedef struct Asked
{
	HvAction actions[2];
	HvGoal goals[3];
	HvCase person;
	HvSearch search;
} Asked;

/* Exercise may rise by 2, sodium fall by 2; the goal is sbp below 0, the others are reached. */
static void
ask(Asked *a, int person)
{
	const double *r = rows[person];

	memset(a, 0, sizeof(*a));
	a->actions[0] = (HvAction){.column = EX, .step = 0.5, .cost = 1, .wish = 1};
	a->actions[1] = (HvAction){.column = NA, .step = 0.5, .cost = 1, .wish = 1};
	hv_bounds_init(&a->actions[0].bounds, r[EX]);
	hv_bounds_init(&a->actions[1].bounds, r[NA]);
	hv_bounds_cap(&a->actions[0].bounds, r[EX] + 2);
	hv_bounds_floor(&a->actions[1].bounds, r[NA] - 2);
	a->actions[0].bounds.no_decrease = a->actions[1].bounds.no_increase = true;
	a->actions[0].recommended_low = r[EX] + 2;
	a->actions[0].recommended_high = INFINITY;
	a->actions[1].recommended_low = -INFINITY;
	a->actions[1].recommended_high = r[NA] - 2;
	a->goals[0] = a->goals[2] = (HvGoal){-INFINITY, 9, 1, 1, 1, 0};
	a->goals[1] = (HvGoal){-INFINITY, 0, 0.5, 1, 1, 0};
	a->person = (HvCase){.model = &model,
	                     .blas = &blas,
	                     .record = records + (size_t) person * model.schema.width,
	                     .actions = a->actions,
	                     .nactions = 2,
	                     .outcomes = outcomes,
	                     .noutcomes = 3,
	                     .better = better,
	                     .draws = DRAWS};
	a->search =
		(HvSearch){.person = &a->person, .goals = a->goals, .max_items = 3, .room = INFINITY};
}

static HvPlan
answer(Asked *a)
{
	HvPlan plan = {.n = 99};

	if (hv_case_init(&a->person, &arena) != HV_OK || hv_search(&a->search, &arena, &plan) != HV_OK)
		plan.n = 99;
	for (uint32_t i = 0; i < plan.n && plan.n < 99; i++)
		if (!hv_bounds_allow(&a->actions[plan.items[i].action].bounds, plan.items[i].target))
			plan.n = 99;
	return plan;
}

static bool
has(const HvPlan *plan, uint32_t action)
{
	for (uint32_t i = 0; i < plan->n; i++)
		if (plan->items[i].action == action)
			return true;
	return false;
}

static void
check_plans(int person)
{
	Asked a;
	HvPlan plan;

	ask(&a, person);
	plan = answer(&a);
	ok(plan.n == 2 && has(&plan, 0) && has(&plan, 1) && plan.gain > 0,
	   "both actions, each adds to it");
	ok(plan.n == 2 && plan.items[0].gain >= plan.items[1].gain && plan.gain > plan.items[0].gain,
	   "the better one first, both better than one");
	ask(&a, person);
	a.search.max_items = 1;
	plan = answer(&a);
	ok(plan.n == 1, "one action when one is asked for");
	ask(&a, person);
	a.actions[0].bounds.forbidden = true;
	plan = answer(&a);
	ok(plan.n == 1 && plan.items[0].action == 1, "what is forbidden is not in it");
	ask(&a, person);
	a.actions[1].cost = 1e6;
	plan = answer(&a);
	ok(plan.n == 1 && plan.items[0].action == 0, "what is worth no effort is not in it");
	ask(&a, person);
	a.goals[1].weight = 0;
	a.goals[2] = (HvGoal){-INFINITY, rows[person][A1C] - 0.5, 0.5, 1, 1, 0};
	plan = answer(&a);
	ok(has(&plan, 0) && plan.items[0].action == 0, "for a1c it is exercise first of all");
}

static void
check_wishes(int person)
{
	Asked a;
	HvPlan plan;

	ask(&a, person);
	a.search.max_items = 1;
	a.actions[1].wish = 100;
	plan = answer(&a);
	ok(plan.n == 1 && plan.items[0].action == 1, "a strong wish for sodium decides");
	ask(&a, person);
	a.search.max_items = 1;
	a.actions[0].wish = 100;
	plan = answer(&a);
	ok(plan.n == 1 && plan.items[0].action == 0, "and one for exercise");
}

static void
check_room(int person)
{
	Asked a;
	HvPlan free, tight;
	double nats[2], none;

	ask(&a, person);
	free = answer(&a);
	hv_case_strangeness(&a.person, &free, 1, &nats[0]);
	hv_case_strangeness(&a.person, &(HvPlan){.n = 0}, 1, &none);
	ok(none == 0, "no change makes nobody stranger");
	ok(nats[0] > 1, "two sd of two habits do");
	ask(&a, person);
	a.search.room = nats[0] / 4;
	tight = answer(&a);
	hv_case_strangeness(&a.person, &tight, 1, &nats[1]);
	ok(tight.n > 0 && nats[1] < nats[0] && tight.gain > 0 && tight.gain < free.gain,
	   "with less room the plan is smaller");
}

/* What goes with a plan is not held against it, unless the plan sets it itself. */
static void
check_follows(int person)
{
	static const uint32_t exercise[] = {EX};
	Asked a;
	HvPlan plans[3] = {{.n = 0},
	                   {.n = 1, .items = {{.action = 0, .target = rows[person][EX] + 2}}},
	                   {.n = 1, .items = {{.action = 1, .target = rows[person][NA] - 2}}}};
	double held[3], free[3];

	ask(&a, person);
	answer(&a);
	hv_case_strangeness(&a.person, plans, 3, held);
	ask(&a, person);
	a.person.follows = exercise;
	a.person.nfollows = 1;
	answer(&a);
	hv_case_strangeness(&a.person, plans, 3, free);
	ok(held[0] == 0 && free[0] == 0, "nothing is as strange as today");
	ok(near(held[1], free[1], 1e-4), "exercise that the plan sets is looked at");
	ok(fabs(held[2] - free[2]) > 1e-4, "beside less sodium it is not");
	ok(a.person.strange > a.person.followed && a.person.known == 4, "nor today");
}

static void
check_reached(int person)
{
	Asked a;
	HvGoal goal = {-INFINITY, 130, 10, 18, 1, 0}, both = {18.5, 25, 2, 6, 0.8, 0};

	ok(hv_goal_direction(&goal, 129.9) == 0 && hv_goal_direction(&goal, 130) == -1,
	   "130 is out of range below 130");
	ok(hv_goal_direction(&both, 18) == 1 && hv_goal_side(&both, 24) == -1 &&
	       hv_goal_side(&both, 19) == 1,
	   "two sides");
	ok(near(hv_goal_risk(&goal, 130, 130), 0.5, 1e-12) &&
	       near(hv_goal_risk(&goal, 130, 148), 0.8413, 1e-4),
	   "half at the bound, normal around it");
	ok(hv_goal_risk(&goal, 150, 150) - hv_goal_risk(&goal, 150, 148) <
	       hv_goal_risk(&goal, 132, 132) - hv_goal_risk(&goal, 132, 130),
	   "the same step counts more near the bound");
	ok(hv_goal_risk(&goal, 230, 230) - hv_goal_risk(&goal, 230, 228) > 0.003,
	   "and something from far away");
	ok(near(hv_goal_share(&both, 25), 0.4, 1e-3) && hv_goal_share(&both, 29) > 0.78 &&
	       hv_goal_share(&both, 21.75) < 0.1,
	   "the share of a goal goes from its weight to little within two scales");
	both.urgent = 30;
	ok(hv_goal_share(&both, 25) < 0.02 && near(hv_goal_share(&both, 30), 0.4, 1e-3) &&
	       hv_goal_share(&both, 35) > 0.78 && near(hv_goal_share(&both, 18.5), 0.4, 0.01),
	   "above its range, from where it is urgent on");
	ask(&a, person);
	a.search.max_items = HV_MAX_ITEMS + 1;
	ok(answer(&a).n == 99, "too many items are refused");
}

int
main(void)
{
	int person;

	scm_start();
	person = find_person();
	check_plans(person);
	check_wishes(person);
	check_room(person);
	check_follows(person);
	check_reached(person);
	return done_testing();
}
