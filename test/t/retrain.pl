# test/t/retrain.pl: what may happen while a model is retrained, or its drift is measured: another version is
# promoted, the champion is pruned away, the model is dropped, the user cancels. Memory is bounded, and
# nothing of what failed is left behind.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;
use Time::HiRes qw(sleep time);

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_retrain WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_retrain');
my $watcher = Session->new(dbname => 'hadvice_retrain', name => 'watcher');
$watcher->sql('CREATE EXTENSION hadvice');
$watcher->sql(
	"CREATE TABLE people AS
	 SELECT 20 + i % 60 AS age, sin(i) * 10 + 120 AS systolic, cos(i * 0.7) * 8 + 80 AS diastolic,
	        sin(i) * 3 + cos(i * 0.3) + 25 AS bmi, i % 2 = 0 AS smoker, (ARRAY['a', 'b', 'c'])[1 + i % 3] AS kind
	 FROM generate_series(1, 20000) AS i");
$watcher->sql('CREATE VIEW crowd AS SELECT p.* FROM people AS p, generate_series(1, 300)');

my $trainer = Session->new(dbname => 'hadvice_retrain', name => 'trainer');
my $pid = $trainer->sql('SELECT pg_backend_pid()');
$trainer->sql('SET client_min_messages = warning');
$trainer->sql("SELECT vae_train('people', model => 'm', epochs => 3, hidden => '{16}', seed => s) FROM generate_series(1, 2) AS s");
$trainer->errors;
# from here on a retraining has very many epochs to run
$watcher->sql("UPDATE hadvice.models SET options = options || '{\"epochs\": 100000}'");
is $watcher->sql("SELECT string_agg(version || ' ' || is_current, ',' ORDER BY version) FROM vae_models"), '1 false,2 true', 'two versions';

sub wait_for_epoch
{
	my $until = time + 30;
	while (time < $until)
	{
		my $now = $watcher->sql("SELECT epoch FROM pg_stat_progress_vae_train WHERE pid = $pid AND phase = 'training'");
		return if $now ne '' && $now >= 1;
		sleep 0.02;
	}
	die 'no epoch';
}
sub meanwhile
{
	my ($statement) = @_;
	$trainer->start("SELECT version, is_current, promoted, reason FROM vae_retrain('m', max_duration => '2 s')");
	wait_for_epoch();
	my $start = time;
	$watcher->sql($statement);
	cmp_ok time - $start, '<', 1, "$statement: does not wait for the trainer";
	return $trainer->finish(60);
}

like meanwhile("SELECT vae_promote('m', 1)"), qr/^3\|f\|f\|kept as a candidate, since version 1 became current meanwhile; /, 'another version was promoted: the new one is kept';
is $watcher->sql("SELECT version FROM vae_models WHERE is_current"), 1, 'and that one stays current';
like meanwhile('SELECT 1'), qr/^4\|t\|t\|promoted/, 'undisturbed it is promoted, with what it had after 2 seconds';
is meanwhile("SELECT vae_drop_model('m')"), '', 'the model was dropped';
like $trainer->errors, qr/ERROR:.*model "m" was dropped while it was retrained/, 'it says so';
is $watcher->sql('SELECT count(*) FROM hadvice.models') . $watcher->sql('SELECT count(*) FROM hadvice.retrainings'), '00', 'and leaves nothing';

# cancels
$trainer->sql("SELECT FROM vae_train('people', model => 'm', epochs => 3, hidden => '{16}')");
$watcher->sql("UPDATE hadvice.models SET options = options || '{\"epochs\": 100000}'");
my $memory = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
$trainer->sql("SELECT count(*) FROM vae_drift('m')");
my $before = $trainer->sql($memory);
# again and again, so that a fast machine is not done before it is cancelled
my $drifts = "SELECT count(*) FROM generate_series(1, 1000) AS i, LATERAL vae_drift('m' || repeat('', i), 'crowd')";
for my $case (["SELECT FROM vae_retrain('m')", 1], [$drifts, 0.5], [$drifts, 2])
{
	my ($query, $delay) = @$case;
	$trainer->start($query);
	sleep $delay;
	my $start = time;
	$watcher->sql("SELECT pg_cancel_backend($pid)");
	my $answer = $trainer->finish(30);
	my $seconds = time - $start;
	ok defined $answer && $seconds < 1.2, sprintf '%s after %.1f s: ends at once (%.2f s)', $query, $delay, $seconds;
	like $trainer->errors, qr/canceling statement due to user request/, 'and says so';
}
cmp_ok $trainer->sql($memory) - $before, '<', 1024 * 1024, 'no memory is kept';
is $trainer->sql("SELECT count(*) FROM vae_drift('m', 'crowd') WHERE psi < 0.02"), 7, 'six million rows are read';
my $peak = 0;
if (open my $status, '<', "/proc/$pid/status")
{
	($peak) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$status>;
}
cmp_ok $peak, '<', 400 * 1024, sprintf 'in bounded memory (%.0f MB at most, with its share of the buffers)', $peak / 1024;
is $watcher->sql("SELECT string_agg(version || ' ' || is_current, ',') FROM vae_models"), '1 true', 'the model is as it was';

$_->close for $trainer, $watcher;
$admin->sql('DROP DATABASE hadvice_retrain');
$admin->close;
done_testing;
