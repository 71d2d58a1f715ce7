# test/t/resume.pl: checkpoints. A training that is cancelled, or killed with kill -9, goes on with
# resume => true and gives the same bytes as one that was never interrupted: alone, with workers, and
# with the rows in a temporary file. Checkpoints that are damaged, of other rows or of other options are
# not used; none is left when a training is complete; other roles' are not looked at.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $server = Cluster->new;
my $watcher = $server->session(dbname => 'postgres', name => 'watcher');
$watcher->sql('CREATE EXTENSION hadvice');
$watcher->sql(
	"CREATE TABLE people WITH (parallel_workers = 2) AS
	 SELECT 20 + i % 60 AS age, sin(i) * 10 + 120 AS systolic, cos(i * 0.7) * 8 + 80 AS diastolic,
	        sin(i) * 3 + cos(i * 0.3) + 25 AS bmi, i % 2 = 0 AS smoker,
	        (ARRAY['a', 'b', 'c'])[1 + i % 3] AS kind, CASE WHEN i % 5 <> 0 THEN 5 + i % 5 END AS sleep_hours
	 FROM generate_series(1, 6000) AS i");
my ($trainer, $pid);

sub connect_trainer
{
	$trainer = $server->session(dbname => 'postgres', name => 'trainer');
	$pid = $trainer->sql('SELECT pg_backend_pid()');
	$trainer->sql('SET hadvice.checkpoint_interval = 0');
}

# Until so many epochs of the training that runs have been seen.
sub wait_for_epoch
{
	my ($epoch) = @_;
	my $until = time + 60;
	while (time < $until)
	{
		my $now = $watcher->sql("SELECT epoch FROM pg_stat_progress_vae_train WHERE pid = $pid AND phase = 'training'");
		return if $now ne '' && $now >= $epoch;
		sleep 0.01;
	}
	die "no epoch $epoch: " . $trainer->errors;
}

my $files = "SELECT count(*) FROM pg_ls_dir('pg_stat_tmp') AS f WHERE f ~ '^hadvice_'";
my $seen = sub { my ($name) = @_; return "SELECT md5(model::bytea::text) FROM hadvice.models WHERE name = '$name' ORDER BY version DESC LIMIT 1" };
my $epochs = 300; # many more than are waited for: on a fast machine one takes milliseconds
my %how = (
	alone => ['SET max_parallel_maintenance_workers = 0', "architecture => 'joint', hidden => '{64}'"],
	workers => ['SET max_parallel_maintenance_workers = 2', "architecture => 'ordered', batch_size => 512"],
	file => ["SET maintenance_work_mem = '2MB'", "architecture => 'joint', hidden => '{16}', batch_size => 512"]);

connect_trainer();
for my $case (sort keys %how)
{
	my ($setting, $options) = @{$how{$case}};
	my $train = sub { "SELECT epochs FROM vae_train('people', model => '$_[0]', epochs => $epochs, $options" . ($_[1] || '') . ')' };
	$trainer->sql('RESET maintenance_work_mem');
	$trainer->sql('RESET max_parallel_maintenance_workers');
	$trainer->sql($setting);
	is $trainer->sql($train->('whole')), $epochs, "$case: uninterrupted";
	is $watcher->sql($files), 0, "$case: no checkpoint is left";
	$trainer->errors;

	# a model's bytes hold no name: trainings under other names give the same
	$trainer->start($train->($case));
	wait_for_epoch(8);
	$watcher->sql("SELECT pg_cancel_backend($pid)");
	$trainer->finish(30);
	like $trainer->errors, qr/canceling statement due to user request/, "$case: cancelled";
	is $watcher->sql($files), 1, "$case: a checkpoint is there";
	is $watcher->sql("SELECT count(*) FROM hadvice.models WHERE name = '$case'"), 0, "$case: and no model";

	$trainer->start($train->($case, ', resume => true'));
	wait_for_epoch(20);
	my ($epoch) = $trainer->errors =~ /the training of "$case" goes on after epoch (\d+)/;
	cmp_ok $epoch // 0, '>=', 8, "$case: from where it was";
	kill 9, $pid or die "kill: $!";
	sleep 0.02 while kill 0, $pid; # it is dead, and its parent has seen it
	my $until = time + 30;
	sleep 0.1 while time < $until && !eval { connect_trainer(); 1 };
	$watcher = $server->session(dbname => 'postgres', name => 'watcher');
	$trainer->sql($setting);
	# beside it may be half of a next one
	is $watcher->sql("$files AND f ~ 'ckpt\$'"), 1, "$case: killed: the checkpoint is there after the restart";
	is $trainer->sql($train->($case, ', resume => true')), $epochs, "$case: goes on again";
	my ($again) = $trainer->errors =~ /goes on after epoch (\d+)/;
	cmp_ok $again // 0, '>=', 19, "$case: from there";
	is $watcher->sql($seen->($case)), $watcher->sql($seen->('whole')), "$case: the same bytes as if nothing had been";
	is $watcher->sql("SELECT string_agg(epoch || ' ' || elbo || ' ' || validation, ',' ORDER BY epoch) FROM hadvice.training_history WHERE model = '$case'"),
	  $watcher->sql("SELECT string_agg(epoch || ' ' || elbo || ' ' || validation, ',' ORDER BY epoch) FROM hadvice.training_history
	                 WHERE model = 'whole' AND version = (SELECT max(version) FROM hadvice.models WHERE name = 'whole')"),
	  "$case: and the same history";
	ok $watcher->sql("SELECT bool_and(later) FROM (SELECT seconds >= lag(seconds, 1, 0) OVER (ORDER BY epoch) AS later
	                  FROM hadvice.training_history WHERE model = '$case') AS h") eq 't', "$case: its clock goes on";
	is $watcher->sql($files), 0, "$case: the checkpoint is gone";
}

# What is not used.
$trainer->sql('RESET maintenance_work_mem');
$trainer->sql('SET max_parallel_maintenance_workers = 0');
my $options = "model => 'm', architecture => 'joint', hidden => '{64}'";
sub interrupted
{
	$trainer->start("SELECT epochs FROM vae_train('people', $options, epochs => 1000)");
	wait_for_epoch(3);
	$watcher->sql("SELECT pg_cancel_backend($pid)");
	$trainer->finish(30);
	$trainer->errors;
	is $watcher->sql($files), 1, 'an interrupted training';
}
sub resumed
{
	my ($name, $query, $said) = @_;
	$trainer->sql($query);
	like $trainer->errors =~ s/\n/ /gr, $said, $name;
}
my $short = "max_duration => '1 millisecond', resume => true";
resumed('nothing to go on from', "SELECT FROM vae_train('people', $options, epochs => 1000, $short)", qr/there is no checkpoint .* begins anew/);
interrupted();
resumed('other options', "SELECT FROM vae_train('people', $options, epochs => 999, $short)", qr/not used: it is of another training/);
is $watcher->sql($files), 0, 'a complete training takes it away';
interrupted();
$watcher->sql('UPDATE people SET age = age + 1 WHERE age = 20');
resumed('other rows', "SELECT FROM vae_train('people', $options, epochs => 1000, $short)", qr/not used: it is of another training/);

my $folder = $watcher->sql("SELECT current_setting('data_directory') || '/pg_stat_tmp'");
sub damaged
{
	my ($name, $change, $said) = @_;
	interrupted();
	my ($file) = glob "$folder/hadvice_*.ckpt";
	is sprintf('%o', (stat $file)[2] & 0077), '0', 'nobody else may read it';
	$change->($file);
	resumed($name, "SELECT FROM vae_train('people', $options, epochs => 1000, $short)", $said);
}
damaged('cut off', sub { truncate $_[0], 1000 or die $! }, qr/not used: length does not fit/);
damaged('empty', sub { truncate $_[0], 0 or die $! }, qr/not used: /);
damaged('a bit has flipped', sub { open my $f, '+<', $_[0] or die $!; seek $f, 5000, 0; read $f, my $b, 1; seek $f, 5000, 0; print $f chr(ord($b) ^ 1) }, qr/not used: checksum mismatch/);
damaged('something else', sub { open my $f, '>', $_[0] or die $!; print $f "hello" }, qr/not used: no checkpoint/);
damaged('too large', sub { truncate $_[0], 1 << 30 or die $! }, qr/there is no checkpoint/);

# Half of a new one is never seen: it is written beside the old one.
interrupted();
my ($file) = glob "$folder/hadvice_*.ckpt";
open my $half, '>', "$file.next" or die $!;
print $half 'HVCK half';
close $half;
resumed('half of a new one', "SELECT FROM vae_train('people', $options, epochs => 1000, $short)", qr/goes on after epoch/);

# A transaction that does not commit keeps its checkpoint; an old one goes.
interrupted();
$trainer->sql("BEGIN; SELECT FROM vae_train('people', $options, epochs => 1000, $short); ROLLBACK");
is $watcher->sql($files), 1, 'not committed: it stays';
my ($old) = glob "$folder/hadvice_*.ckpt";
utime time - 8 * 86400, time - 8 * 86400, $old or die $!;
$trainer->sql("SELECT FROM vae_train('people', model => 'other', epochs => 2, hidden => '{8}')");
is $watcher->sql($files), 0, 'after a week it goes';

# Switched off; another role's.
interrupted();
$trainer->sql("CREATE ROLE ann; GRANT SELECT ON people TO ann; GRANT ALL ON SCHEMA public TO ann; SET ROLE ann");
resumed("another role's", "SELECT FROM vae_train('people', model => 'anns', architecture => 'joint', hidden => '{64}', epochs => 1000, $short)", qr/there is no checkpoint/);
resumed("another role's, by its name", "SELECT FROM vae_train('people', $options, epochs => 1000, $short)", qr/belongs to another role/);
$trainer->sql('RESET ROLE');
$trainer->sql('SET hadvice.checkpoint_interval = -1');
resumed('switched off', "SELECT FROM vae_train('people', $options, epochs => 1000, $short)", qr/have no checkpoints: it begins anew/);
$trainer->sql('SET hadvice.checkpoint_interval = 0');

# A folder that cannot be written: a warning, and the training goes on.
unlink glob "$folder/hadvice_*";
rename $folder, "$folder.away" or die $!;
is $trainer->sql("SELECT epochs FROM vae_train('people', $options, epochs => 3)"), 3, 'no folder: it trains';
like $trainer->errors, qr/WARNING:  could not write the checkpoint/, 'with a warning';
rename "$folder.away", $folder or die $!;

$_->close for $trainer, $watcher;
done_testing;
