/*
 * test_evidence.c: arithmetic of beliefs.
 */
#include "evidence.h"
#include "hv_test.h"

static void
check_join(void)
{
	HvBelief both = hv_belief_join((HvBelief){-2, 1}, (HvBelief){-5, 0.5});

	ok(near(both.mean, -4, 1e-12) && near(both.variance, 1.0 / 3, 1e-12),
	   "the firmer witness counts more, and two are firmer than one");
	both = hv_belief_join((HvBelief){-2, 0}, (HvBelief){-5, 0.5});
	ok(both.mean == -2 && both.variance == 0, "certainty stays");
}

static void
check_average(void)
{
	HvBelief same = hv_belief_average((HvBelief){-2, 1}, (HvBelief){-2, 1});
	HvBelief apart = hv_belief_average((HvBelief){-2, 1}, (HvBelief){-4, 1});
	HvBelief uneven = hv_belief_average((HvBelief){-2, 9}, (HvBelief){-4, 1});

	ok(near(same.mean, -2, 1e-12) && near(same.variance, 1, 1e-12),
	   "the same data twice are no firmer");
	ok(near(apart.mean, -3, 1e-12) && near(apart.variance, 2, 1e-12), "disagreement is doubt");
	ok(near(uneven.mean, -3.5, 1e-12), "standard deviations 3 and 1: shares 1/4 and 3/4");
}

static void
check_shrink(void)
{
	HvBelief noise = hv_belief_shrink((HvBelief){0.5, 1}, 0, 1);
	HvBelief strong = hv_belief_shrink((HvBelief){-40, 1}, 0, 1);
	HvBelief silent = hv_belief_shrink((HvBelief){0, 1e6}, -0.2, 0.1);

	ok(near(noise.mean, 0.25, 1e-12) && near(noise.variance, 0.5, 1e-12), "noise is halved");
	ok(near(strong.mean, -40, 0.05), "a strong finding is left alone");
	ok(near(silent.mean, -0.2, 1e-6), "where the data are silent the expectation stays");
}

static void
check_slope(void)
{
	HvBelief own = hv_belief_slope(-0.5, 0.1, -8, false);
	HvBelief trial = hv_belief_slope(-0.5, 0.1, -8, true);

	ok(near(own.mean, 4, 1e-12) && near(own.variance, 0.64, 1e-12), "slope and sd at a change");
	ok(trial.mean == own.mean && near(trial.variance, 0.64 + 16, 1e-9),
	   "a trial is doubted by as much as it says");
}

int
main(void)
{
	check_join();
	check_average();
	check_shrink();
	check_slope();
	return done_testing();
}
