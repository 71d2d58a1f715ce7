# test/t/feedback.pl: the feedback loop on simulated people whose likes and whose true effects are
# known. Each round some people are advised the one thing that comes first, answer by the hidden
# chance of their kind, and who accepts changes; their later record shows the true effect. Measured on
# people who never answer, after each round: how often the advice that comes first would be taken up,
# the true benefit it would bring (chance × effect, as a share of the best choice's), and how far the
# realised slopes are from the truth. `prove -v` shows the curve.
#
# The cross-section lies: exercise is confounded (who moves has less pressure for other reasons, too),
# so the model overstates it; the truth about it can come from realised effects only.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_feedback WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_feedback');
my $session = Session->new(dbname => 'hadvice_feedback', name => 'clinic');
$session->sql('CREATE EXTENSION hadvice; SELECT setseed(0.25)');
$session->sql('CREATE FUNCTION normal() RETURNS float8 LANGUAGE sql AS $$SELECT random() + random() + random() + random() + random() + random()
               - random() - random() - random() - random() - random() - random()$$');

# True slopes in mmHg per unit (about what trials found: -6 for 2 g of sodium, -5 for 2 h of exercise a week), and the chance that women and men take it up.
my %truth = (
	sodium_mg => {slope => 0.003, female => 0.75, male => 0.2},
	moderate_exercise_min_week => {slope => -0.04, female => 0.25, male => 0.8},
	fiber_g => {slope => -0.15, female => 0.5, male => 0.45});
my $hidden = join ', ', map { "('$_', $truth{$_}{slope}, $truth{$_}{female}, $truth{$_}{male})" } sort keys %truth;
$session->sql("CREATE TABLE hidden AS SELECT * FROM (VALUES $hidden) AS h (feature, slope, female, male)");
$session->sql("CREATE TABLE people (id int PRIMARY KEY, age_years int, sex text, sodium_mg float8, moderate_exercise_min_week float8,
                                    fiber_g float8, systolic_mmhg float8)");
$session->sql("INSERT INTO people
	SELECT i, age, sex, sodium, greatest(exercise - 20 * vigour, 0), fibre,
	       145 + 0.2 * (age - 50) + 0.003 * (sodium - 3600) - 0.04 * (greatest(exercise - 20 * vigour, 0) - 60) - 0.15 * (fibre - 16) + 4 * vigour + 4 * normal()
	  FROM (SELECT i, 25 + (random() * 50)::int AS age, (ARRAY['female', 'male'])[1 + i % 2] AS sex, round((3800 + 600 * normal())::numeric, 0)::float8 AS sodium,
	               round((70 + 40 * normal())::numeric, 0)::float8 AS exercise, round(greatest(15 + 4 * normal(), 4)::numeric, 1)::float8 AS fibre, normal() AS vigour
	          FROM generate_series(1, 2300) AS i) AS p");
# Trials of sodium, exercise and fibre are left out: what is learned here is to come from feedback.
$session->sql("UPDATE hadvice.effect_priors SET applies_when = '\$.age_years < 0'");
my $train = "SELECT version FROM vae_train('people', epochs => 40, hidden => '{48}')";
is $session->sql($train), 1, 'a model';
is $session->errors =~ s/NOTICE.*\n//gr, '', 'without a complaint';

# Of 400 people who never answer: [share taken up, true benefit / that of the best choice, share taken up /
# that of the best choice, broken rules]. The best choice is the item of most chance × true effect.
my $measure = "
	WITH advised AS (
	    SELECT p.*, a.feature, a.rank, a.change, a.target_value::float8 AS target FROM people AS p, vae_advise(p) AS a WHERE id <= 400 AND kind = 'action'),
	judged AS (
	    SELECT d.*, CASE d.sex WHEN 'female' THEN h.female ELSE h.male END AS chance, -h.slope * d.change AS benefit
	      FROM advised AS d JOIN hidden AS h USING (feature)),
	best AS (SELECT id, max(chance * benefit) AS best, (array_agg(chance ORDER BY chance * benefit DESC))[1] AS best_chance FROM judged GROUP BY id HAVING count(*) > 1)
	SELECT avg(chance), sum(chance * benefit) / sum(best), avg(chance) / avg(best_chance),
	       (SELECT count(*) FROM advised WHERE feature NOT IN ('sodium_mg', 'moderate_exercise_min_week', 'fiber_g')
	           OR feature = 'sodium_mg' AND (change > 0 OR target < 1500) OR feature <> 'sodium_mg' AND change < 0)
	  FROM judged JOIN best USING (id) WHERE rank = 1";
# What the advice promises, per unit, and the realised slopes, as {feature => number}.
my $promised = "SELECT a.feature, percentile_cont(0.5) WITHIN GROUP (ORDER BY a.expected_effect / a.change) FROM people AS p, vae_advise(p) AS a
                 WHERE id <= 400 AND a.outcome = 'systolic_mmhg' GROUP BY 1";
my $realised = "SELECT action, slope FROM hadvice.effect_calibration WHERE outcome = 'systolic_mmhg'";

sub numbers
{
	my ($sql) = @_;
	return {map { split /\|/ } split /\n/, $session->sql($sql)};
}

# Mean relative error of slopes.
sub off
{
	my ($slopes) = @_;
	my @known = grep { exists $slopes->{$_} } keys %truth;
	return @known ? eval { my $sum = 0; $sum += abs($slopes->{$_} / $truth{$_}{slope} - 1) for @known; $sum / @known } : undef;
}

my (@uptake, @benefit, @ideal, @promise);
sub look
{
	my ($answers) = @_;
	my ($chance, $share, $ideal, $broken) = split /\|/, $session->sql($measure);
	my $promise = numbers($promised);
	my $calibrated = numbers($realised);
	push @uptake, $chance;
	push @benefit, $share;
	push @ideal, $ideal;
	push @promise, off($promise);
	is $broken, 0, "$answers answers: no item breaks a rule";
	diag sprintf '%5d answers: taken up %.2f (%.2f of the best choice), benefit %.2f of it, promised slopes off by %2.0f %%%s', $answers, $chance, $ideal, $share, 100 * $promise[-1],
	  %$calibrated ? sprintf(', realised ones by %2.0f %% (%d)', 100 * off($calibrated), scalar keys %$calibrated) : '';
}

look(0);
my ($answers, $first) = (0, 401);
for my $round (1 .. 5)
{
	my $size = $round <= 2 ? 150 : 500;
	my $last = $first + $size - 1;
	# one item each, answered by the hidden chance; a fifth of the answers is about another item, since
	# people are shown the whole plan
	$session->sql("CREATE TABLE answers_$round AS
		SELECT DISTINCT ON (id) id, a.feature, a.target_value::float8 AS target, random() < CASE sex WHEN 'female' THEN h.female ELSE h.male END AS takes
		  FROM people AS p, vae_advise(p) AS a JOIN hidden AS h USING (feature)
		 WHERE id BETWEEN $first AND $last AND kind = 'action' ORDER BY id, CASE WHEN random() < 0.8 THEN rank ELSE -rank END");
	$answers += $session->sql("SELECT count(vae_feedback('people', id::text, feature, CASE WHEN takes THEN 'accepted' ELSE 'declined' END)) FROM answers_$round");
	# half a year later: everybody's pressure is measured again, around where it really is; who took
	# something up gets to the target, more or less
	$session->sql("WITH took AS (SELECT r.id, r.feature, CASE r.feature WHEN 'sodium_mg' THEN r.target - p.sodium_mg
		                                  WHEN 'fiber_g' THEN r.target - p.fiber_g ELSE r.target - p.moderate_exercise_min_week END
		                             * least(greatest(0.8 + 0.2 * normal(), 0.1), 1.2) AS change
		                        FROM answers_$round AS r JOIN people AS p USING (id) WHERE r.takes)
		UPDATE people AS p SET
		       systolic_mmhg = p.systolic_mmhg - 0.4 * (p.systolic_mmhg - 145) - 1 + 4 * normal() + coalesce((SELECT t.change * h.slope FROM took AS t JOIN hidden AS h USING (feature) WHERE t.id = p.id), 0),
		       sodium_mg = p.sodium_mg + coalesce((SELECT change FROM took AS t WHERE t.id = p.id AND feature = 'sodium_mg'), 0),
		       fiber_g = p.fiber_g + coalesce((SELECT change FROM took AS t WHERE t.id = p.id AND feature = 'fiber_g'), 0),
		       moderate_exercise_min_week = p.moderate_exercise_min_week + coalesce((SELECT change FROM took AS t WHERE t.id = p.id AND feature = 'moderate_exercise_min_week'), 0)
		 WHERE id BETWEEN $first AND $last");
	$first = $last + 1;
	is $session->sql($train), $round + 1, "round $round: trained anew";
	look($answers);
}
is $session->errors =~ s/NOTICE.*\n//gr, '', 'without a complaint';

# ---- what it must have come to ----

cmp_ok $uptake[-1], '>', 1.2 * $uptake[0], 'advice is taken up a fifth more often';
cmp_ok $ideal[-1], '>', 0.9, 'nearly as often as the best choice';
cmp_ok $benefit[-1], '>', 0.9, 'and brings nine tenths of what the best choice would';
cmp_ok $benefit[-1], '>', $benefit[0] + 0.1, 'more than without feedback';
cmp_ok $promise[-1], '<', 0.5 * $promise[0], 'what it promises is half as far from the truth, or less';

my $chances = numbers("SELECT s.feature || ' ' || split_part(person_group, ' ', 1), sum(taken_up)::float8 / sum(people) FROM hadvice.feedback_summary AS s GROUP BY 1");
my $worst = 0;
for my $feature (keys %truth)
{
	for my $sex ('female', 'male')
	{
		my ($chance, $n) = split /\|/, $session->sql("SELECT sum(chance * people) / sum(people), sum(people) FROM hadvice.feedback_summary WHERE feature = '$feature' AND split_part(person_group, ' ', 1) = '$sex'");
		my $p = $truth{$feature}{$sex};
		# three standard errors, and what the shrinkage may hold back (10 answers in each of 3 groups, and 10 more)
		my $slack = 3 * sqrt($p * (1 - $p) / $n) + 0.5 * 30 / ($n + 30);
		cmp_ok abs($chance - $p), '<', $slack, "$feature, $sex: the chance is near the truth";
	}
	my ($slope, $sd) = split /\|/, $session->sql("SELECT slope, sd FROM hadvice.effect_calibration WHERE outcome = 'systolic_mmhg' AND action = '$feature'");
	ok $slope && abs($slope - $truth{$feature}{slope}) < 3.5 * $sd, "$feature: the realised slope is the true one within its error"
	  or diag "$slope ± $sd, true $truth{$feature}{slope}";
}

$session->close;
$admin->sql('DROP DATABASE hadvice_feedback');
$admin->close;
done_testing;
