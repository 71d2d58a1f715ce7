# test/t/crash.pl: kill -9 of a backend and of the postmaster, during a training and during a
# promotion: no row lost, none invented, and the next training and advice work.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $server = Cluster->new;
my ($session, $trainer, $pid);
my $people = 1000;

sub connect_again
{
	$session->close if $session;
	sleep 0.02 while $pid && kill 0, $pid; # it is dead, and its parent has seen it
	$server->ready;
	$session = $server->session(name => 'looks on');
}

# What must hold at any time: `versions` committed ones, whole, with their history; one is current.
sub check
{
	my ($when, $versions, $current) = @_;
	is $session->sql('SELECT count(*) FROM walkers'), $people, "$when: the people are all there";
	is $session->sql("SELECT string_agg(version::text, ' ' ORDER BY version) FROM hadvice.models"), $versions, "$when: versions $versions, no more, no less";
	is $session->sql('SELECT version FROM hadvice.models WHERE is_current'), $current, "$when: $current is current";
	is $session->sql("SELECT count(*) FROM hadvice.models WHERE (vae_info(model) ->> 'rows')::int IS NULL"), 0, "$when: every model can be read";
	is $session->sql('SELECT count(DISTINCT version) FROM hadvice.training_history'), scalar(split ' ', $versions), "$when: each with its history, no history without one";
	cmp_ok $session->sql('SELECT count(*) FROM walkers AS w, vae_advise(w) AS a WHERE id <= 5'), '>=', 5, "$when: advice is given";
	is $session->sql('SELECT count(*) FROM pg_ls_tmpdir()'), 0, "$when: no temporary file is left";
	is $session->errors, '', "$when: and nothing complained";
}

# A session in a training that would take for ever; returns it and its process.
sub start_training
{
	my ($setting) = @_;
	my $trainer = $server->session(name => 'trains');
	$trainer->sql($setting) if $setting;
	my $pid = $trainer->sql('SELECT pg_backend_pid()');
	$trainer->start("SELECT FROM vae_train('walkers', epochs => 100000)");
	my $until = time + 30;
	sleep 0.05
	  while time < $until && $session->sql("SELECT count(*) FROM pg_stat_progress_vae_train WHERE pid = $pid AND epoch >= 1") == 0;
	is $session->sql("SELECT phase FROM pg_stat_progress_vae_train WHERE pid = $pid"), 'training', 'a training runs';
	return ($trainer, $pid);
}

connect_again();
$session->sql('CREATE EXTENSION hadvice');
$session->sql("CREATE TABLE walkers AS
	SELECT i AS id, 30 + i % 50 AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
	       1500 + (i * 7 % 20) * 200 AS sodium_mg, 110 + (i * 7 % 20) * 2 + i % 9 AS systolic_mmhg
	  FROM generate_series(1, $people) AS i");
my $train = "SELECT version FROM vae_train('walkers', epochs => 2, hidden => '{8}')";
is $session->sql($train), 1, 'version 1';
check('before', '1', 1);

# 1. a training backend
($trainer, $pid) = start_training();
kill 9, $pid or die "kill: $!";
connect_again();
check('a backend was killed while it trained', '1', 1);
is $session->sql($train), 2, 'the next training works, and is version 2';

# 2. the postmaster, during a training, alone and with workers. Its children must notice, or the
# server could not start again.
for my $workers (0, 2)
{
	my $when = "the postmaster was killed during a training with up to $workers workers";
	($trainer, $pid) = start_training("SET max_parallel_maintenance_workers = $workers");
	my $start = time;
	$server->kill9;
	sleep 0.02 while kill(0, $pid) && time < $start + 20;
	my $seconds = time - $start;
	ok $seconds < 5, sprintf '%s: it ends, too (%.2f s)', $when, $seconds;
	$server->start;
	connect_again();
	check($when, '1 2', 2);
}
is $session->sql($train), 3, 'the next training works, and is version 3';

# 3. inside a promotion that has not committed
for my $who ('backend', 'postmaster')
{
	my $promoter = $server->session(name => 'promotes');
	$pid = $promoter->sql('SELECT pg_backend_pid()');
	$promoter->sql('BEGIN');
	is $promoter->sql("SELECT vae_promote('walkers', 1)"), 1, "a promotion is under way ($who)";
	if ($who eq 'backend') { kill 9, $pid } else { $server->kill9 }
	if ($who eq 'postmaster') { sleep 0.02 while kill 0, $pid; $server->start }
	connect_again();
	check("the $who was killed inside a promotion", '1 2 3', 3);
}

# 4. promotions without a pause, stopped wherever it hits; the last acknowledged one or the next counts.
for my $who ('backend', 'postmaster', 'backend')
{
	my $promoter = $server->session(name => 'promotes');
	$pid = $promoter->sql('SELECT pg_backend_pid()');
	$promoter->start("DO \$\$ BEGIN LOOP PERFORM vae_promote('walkers', 1); COMMIT; PERFORM vae_promote('walkers', 3); COMMIT; END LOOP; END \$\$");
	sleep 0.3;
	$server->kill9 if $who eq 'postmaster';
	kill 9, $pid; # a loop of plpgsql would not notice that its postmaster is gone
	if ($who eq 'postmaster') { sleep 0.02 while kill 0, $pid; $server->start }
	connect_again();
	my $current = $session->sql('SELECT version FROM hadvice.models WHERE is_current');
	like $current, qr/^[13]$/, 'one of the two is current';
	check("the $who was killed among promotions", '1 2 3', $current);
}
is $session->sql("SELECT vae_promote('walkers', 2)"), 2, 'promotions work';
is $session->sql($train), 4, 'so does a training';
check('at the end', '1 2 3 4', 4);

$session->close;
done_testing;
