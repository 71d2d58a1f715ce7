# test/t/parallel.pl: a training gives the same bytes with any number of workers, in memory and
# through a temporary file; a worker that fails or is stopped ends it at once; and a row stays held
# out when the table's statistics change.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;
use Time::HiRes qw(sleep time);

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_parallel WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_parallel');

my $watcher = Session->new(dbname => 'hadvice_parallel', name => 'watcher');
$watcher->sql('CREATE EXTENSION hadvice');
# The storage parameter asks for workers where the table is too small, or the processors too few.
# crowd does not fit into 3 MB, where two workers do.
$watcher->sql(
	"CREATE TABLE crowd WITH (parallel_workers = 3) AS
	 SELECT 20 + i % 60 AS age, sin(i) * 10 + 120 AS systolic, cos(i * 0.7) * 8 + 80 AS diastolic,
	        sin(i) * 3 + cos(i * 0.3) + 25 AS bmi, i % 2 = 0 AS smoker,
	        (ARRAY['a', 'b', 'c'])[1 + i % 3] AS kind, sqrt(i % 1000) AS walk,
	        CASE WHEN i % 5 <> 0 THEN 5 + i % 5 END AS sleep_hours
	 FROM generate_series(1, 60000) AS i");
$watcher->sql('CREATE TABLE people WITH (parallel_workers = 3) AS SELECT * FROM crowd LIMIT 20000');

my $trainer = Session->new(dbname => 'hadvice_parallel', name => 'trainer');
my $pid = $trainer->sql('SELECT pg_backend_pid()');
$trainer->sql('SET client_min_messages = debug1');

my $workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'";

# The md5 of a model, and what the server said.
sub fit
{
	my ($asked, $memory, $options) = @_;
	my $table = $memory eq '3MB' ? 'crowd' : 'people';
	$trainer->sql("SET max_parallel_maintenance_workers = $asked");
	$trainer->sql("SET maintenance_work_mem = '$memory'");
	my $md5 = $trainer->sql("SELECT md5(vae_fit('$table', epochs => 2, $options)::bytea)");
	my $said = $trainer->errors;
	$said =~ s/\n(DETAIL|HINT):/ $1:/g;
	return ($md5, $said);
}

for my $case (
	['ordered', '64MB', "architecture => 'ordered'"],
	['joint, four slices', '64MB', "architecture => 'joint', batch_size => 512"],
	['seed, one slice', '64MB', "architecture => 'seed', batch_size => 64"],
	['through a file', '3MB', "architecture => 'joint', hidden => '{16}', batch_size => 512"])
{
	my ($name, $memory, $options) = @$case;
	my ($expected, $said) = fit(0, $memory, $options);
	like $expected, qr/^[0-9a-f]{32}$/, "$name: a model";
	unlike $said, qr/workers for a training/, "$name: alone";
	if ($memory eq '3MB')
	{
		like $said, qr/do not fit into maintenance_work_mem.*DETAIL:.*kB.*HINT:.*maintenance_work_mem = '\d+MB'/,
		  "$name: a notice with detail and hint";
	}
	else
	{
		unlike $said, qr/temporary file/, "$name: in memory";
	}
	for my $asked (1, 2, 3)
	{
		my ($md5, $said) = fit($asked, $memory, $options);
		is $md5, $expected, "$name: the same bytes with up to $asked workers";
		my $most = $name eq 'seed, one slice' ? 0 : $memory eq '3MB' && $asked > 2 ? 2 : $asked;
		my ($launched) = $said =~ /(\d+) of \d+ workers for a training/;
		is $launched || 0, $most, "$name: and $most of them";
	}
}
is $watcher->sql('SELECT count(*) FROM pg_ls_tmpdir()'), 0, 'no temporary file is left';

# A worker that is stopped: its leader ends with an error, and everybody with it.
my %long = (
	'64MB' => "SELECT FROM vae_train('people', model => 'never', epochs => 100000, architecture => 'ordered')",
	'3MB'  => "SELECT FROM vae_train('crowd', model => 'never', epochs => 100000, architecture => 'joint',
	           hidden => '{16}', batch_size => 512)");
$trainer->sql('RESET maintenance_work_mem');
for my $memory ('64MB', '3MB')
{
	$trainer->sql("SET maintenance_work_mem = '$memory'");
	$trainer->errors;
	$trainer->start($long{$memory});
	my $until = time + 20;
	# One that is stopped while it still starts is only missed: the training goes on without it.
	sleep 0.1
	  while time < $until && $watcher->sql("$workers AND backend_start < now() - interval '2 seconds'") < 1;
	cmp_ok $watcher->sql($workers), '>=', 1, "$memory: workers work";
	my $start = time;
	$watcher->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	               WHERE backend_type = 'parallel worker' LIMIT 1");
	my $answer = $trainer->finish(30);
	my $seconds = time - $start;
	ok defined $answer && $seconds < 2, sprintf '%s: a worker is stopped, all end (%.2f s)', $memory, $seconds;
	my $said = $trainer->errors;
	like $said, qr/ERROR/, "$memory: with an error";
	is $watcher->sql($workers), 0, "$memory: no worker is left";
	is $watcher->sql('SELECT count(*) FROM pg_ls_tmpdir()'), 0, "$memory: no temporary file";
	is $watcher->sql("SELECT count(*) FROM hadvice.models WHERE name = 'never'"), 0, "$memory: no row";
	is $trainer->sql('SELECT 42'), 42, "$memory: the session goes on";
}

# In a savepoint, and in a transaction that trains twice.
$trainer->sql("SET maintenance_work_mem = '64MB'");
$trainer->sql("BEGIN; SAVEPOINT a; SELECT FROM vae_train('people', model => 'x', epochs => 1); ROLLBACK TO a");
is $trainer->sql("SELECT version FROM vae_train('people', model => 'x', epochs => 1)"), 1, 'after a savepoint';
$trainer->sql('COMMIT');
is $trainer->errors =~ /ERROR|WARNING/, '', 'without a complaint';

# Nobody can be had: max_parallel_maintenance_workers asks, the pool is empty.
my $pool = $watcher->sql('SHOW max_parallel_workers');
$trainer->sql('SET max_parallel_workers = 0');
my ($alone) = fit(3, '64MB', "architecture => 'ordered'");
$trainer->sql("SET max_parallel_workers = $pool");
my ($together) = fit(3, '64MB', "architecture => 'ordered'");
is $alone, $together, 'no worker to be had: the same bytes';

$_->close for $trainer, $watcher;
$admin->sql('DROP DATABASE hadvice_parallel');
$admin->close;
done_testing;
