# test/t/cancel.pl: a training that is cancelled ends within a second and leaves nothing behind: no
# registry row, no temporary file, no worker, no memory; and its session goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;
use Time::HiRes qw(sleep time);

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_cancel');
$admin->sql('CREATE DATABASE hadvice_cancel');

my $watcher = Session->new(dbname => 'hadvice_cancel', name => 'watcher');
$watcher->sql('CREATE EXTENSION hadvice');
$watcher->sql(
	"CREATE TABLE people AS
	 SELECT 20 + i % 60 AS age, sin(i) * 10 + 120 AS systolic, cos(i * 0.7) * 8 + 80 AS diastolic,
	        sin(i) * 3 + cos(i * 0.3) + 25 AS bmi, i % 2 = 0 AS smoker,
	        (ARRAY['a', 'b', 'c'])[1 + i % 3] AS kind, sqrt(i % 1000) AS walk, ln(1 + i % 77) AS sleep
	 FROM generate_series(1, 50000) AS i");

my $trainer = Session->new(dbname => 'hadvice_cancel', name => 'trainer');
my $pid = $trainer->sql('SELECT pg_backend_pid()');
my $memory = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';

# A training to warm up caches that may stay, and to show that this one would run.
$trainer->sql("SELECT FROM vae_train('people', model => 'short', epochs => 1)");
is $trainer->errors =~ /ERROR/, '', 'a short training works';
my $memory_before = $trainer->sql($memory);

# Early, while the table is read; and later, while the network learns: alone, with workers, and with
# the rows in a temporary file.
my %settings = (
	alone => 'SET max_parallel_maintenance_workers = 0',
	workers => 'SET max_parallel_maintenance_workers = 2',
	file => "SET maintenance_work_mem = '4MB'");
$watcher->sql('ALTER TABLE people SET (parallel_workers = 2)');
for my $case ([0.05, 'alone'], [0.3, 'alone'], [2, 'alone'], [0.3, 'workers'], [2, 'workers'], [0.4, 'file'], [2, 'file'])
{
	my ($delay, $how) = @$case;
	my $when = "$how, cancelled after $delay s";
	$trainer->sql($settings{$how});
	my $options = $how eq 'file' ? ", architecture => 'joint', hidden => '{32}'" : '';
	$trainer->start("SELECT FROM vae_train('people', model => 'never', epochs => 100000$options)");
	my $until = time + 10;
	sleep 0.01
	  while time < $until
	  && $watcher->sql("SELECT state FROM pg_stat_activity WHERE pid = $pid") ne 'active';
	sleep $delay;

	if ($delay == 2)
	{
		my $workers = $watcher->sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'");
		my $files = $watcher->sql('SELECT count(*) FROM pg_ls_tmpdir()');
		cmp_ok $workers, $how eq 'alone' ? '==' : '>', 0, "$when: workers";
		cmp_ok $files, $how eq 'file' ? '>' : '==', 0, "$when: temporary files";
	}
	my $start = time;
	is $watcher->sql("SELECT pg_cancel_backend($pid)"), 't', "$when: the request is taken";
	my $answer = $trainer->finish(30);
	my $seconds = time - $start;
	ok defined $answer && $seconds < 1.2, sprintf '%s: ends at once (%.2f s)', $when, $seconds;
	like $trainer->errors, qr/canceling statement due to user request/, "$when: says so";

	is $watcher->sql("SELECT count(*) FROM hadvice.models WHERE name = 'never'"), 0,
	  "$when: no registry row";
	is $watcher->sql('SELECT count(*) FROM pg_ls_tmpdir()'), 0, "$when: no temporary file";
	is $watcher->sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"),
	  0, "$when: no worker";
	is $trainer->sql('SELECT 42'), 42, "$when: the session goes on";
}

$trainer->sql('RESET maintenance_work_mem');
my $growth = $trainer->sql($memory) - $memory_before;
cmp_ok $growth, '<', 1024 * 1024, 'no memory is kept';

$trainer->sql("SELECT FROM vae_train('people', model => 'short', epochs => 1)");
is $trainer->errors =~ /ERROR/, '', 'a training works afterwards';
is $watcher->sql("SELECT max(version) FROM hadvice.models WHERE name = 'short'"), 2,
  'and is version 2';

$_->close for $trainer, $watcher;
$admin->sql('DROP DATABASE hadvice_cancel');
$admin->close;
done_testing;
