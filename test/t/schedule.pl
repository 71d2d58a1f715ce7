# test/t/schedule.pl: vae_schedule on a real pg_cron. A job of an ordinary role retrains a model without
# a human, is seen in hadvice.schedules and can be ended; what stands in the way is said with a hint:
# pg_cron not loaded, in another database, not created, not granted. Another job of that role publishes
# the advice of a table (doc/dashboards.md).
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

chomp(my $library = qx($ENV{PG_CONFIG} --pkglibdir)) if $ENV{PG_CONFIG};
chomp($library = qx(pg_config --pkglibdir)) unless $library;
plan skip_all => 'pg_cron is not installed' unless -e "$library/pg_cron.so";

my $people = "CREATE TABLE people AS SELECT 20 + i % 60 AS age, sin(i) * 10 + 120 AS systolic, i % 2 = 0 AS smoker
	FROM generate_series(1, 300) AS i";

sub refused
{
	my ($session, $name, $said, $hint) = @_;
	$session->errors;
	$session->sql("\\set VERBOSITY verbose\nSELECT vae_schedule('people', '* * * * *', if_new_rows => 0.1)");
	my $errors = $session->errors;
	like $errors, $said, $name;
	like $errors, $hint, "$name: and what to do";
}

# Without pg_cron.
{
	my $server = Cluster->new;
	my $session = $server->session(dbname => 'postgres');
	$session->sql("CREATE EXTENSION hadvice; $people; SELECT FROM vae_train('people', epochs => 1, hidden => '{4}')");
	refused($session, 'not loaded', qr/ERROR:  55000: pg_cron is not loaded/, qr/HINT:.*shared_preload_libraries.*SELECT promoted, reason FROM public.vae_retrain\('people', if_new_rows => '0.1'\);/);
	is $session->sql("SELECT vae_unschedule('people')"), 'f', 'nothing to end';
	is $session->sql('SELECT count(*) FROM hadvice.schedules'), 0, 'the view is empty';
	# a schema of that name that is not pg_cron's
	$session->sql("CREATE SCHEMA cron; CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 666::bigint'");
	refused($session, 'a false schema', qr/ERROR:  55000: pg_cron is not loaded/, qr/HINT/);
	$session->close;
}

my $server = Cluster->new("shared_preload_libraries = 'pg_cron'", "cron.database_name = 'clinic'", 'cron.use_background_workers = on',
	'max_worker_processes = 16');
my $admin = $server->session(dbname => 'postgres');
$admin->sql("CREATE EXTENSION hadvice; $people; SELECT FROM vae_train('people', epochs => 1, hidden => '{4}')");
refused($admin, 'another database', qr/ERROR:  55000: pg_cron keeps its jobs in another database, clinic/,
	qr/HINT:.*SELECT cron.schedule_in_database\('hadvice: people', '\* \* \* \* \*', 'SELECT promoted.*', 'postgres', 'postgres'\);/);
$admin->sql('CREATE DATABASE clinic');
$admin->close;

$admin = $server->session(dbname => 'clinic', name => 'admin');
$admin->sql('CREATE EXTENSION hadvice; CREATE ROLE ann LOGIN; GRANT ALL ON SCHEMA public TO ann');
my $ann = $server->session(dbname => 'clinic', user => 'ann', name => 'ann');
$ann->sql("$people; SELECT FROM vae_train('people', epochs => 20, hidden => '{4}')");
$ann->sql("INSERT INTO people SELECT 20 + i % 60, sin(i) * 10 + 120, i % 2 = 0 FROM generate_series(301, 350) AS i");
refused($ann, 'not created, says an ordinary role', qr/ERROR:  55000: pg_cron keeps its jobs in another database/, qr/HINT:.*schedule_in_database/);
$admin->sql("$people; SELECT FROM vae_train('people', epochs => 1, hidden => '{4}')" =~ s/people/own/gr);
$admin->sql("SELECT vae_schedule('own', '* * * * *')");
like $admin->errors, qr/pg_cron is loaded, but not created in this database\nHINT:.*CREATE EXTENSION pg_cron;/, 'not created, says a superuser';
$admin->sql('CREATE EXTENSION pg_cron');
refused($ann, 'not granted', qr/ERROR:  42501: permission denied for pg_cron/, qr/HINT:.*GRANT USAGE ON SCHEMA cron TO ann;/);
$admin->sql('GRANT USAGE ON SCHEMA cron TO ann');
is $admin->errors, '', 'set up';
is $ann->sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), 'f', 'ann is no superuser';

# A job, and again: one job with another schedule.
like $ann->sql("SELECT vae_schedule('people', '0 3 * * 0')"), qr/^\d+$/, 'weekly';
like $ann->sql("SELECT vae_schedule('people', '* * * * *', if_new_rows => 0.1, max_duration => '1 minute')"), qr/^\d+$/, 'each minute';
is $ann->errors, '', 'without a complaint';
is $ann->sql("SELECT model, schedule, role, active, command FROM hadvice.schedules"),
  q{people|* * * * *|ann|t|SELECT promoted, reason FROM public.vae_retrain('people', max_duration => '00:01:00', if_new_rows => '0.1')},
  'it is one job';
is $admin->sql('SELECT role FROM hadvice.schedules'), 'ann', 'a superuser sees it';
$admin->sql('CREATE ROLE eve LOGIN; GRANT USAGE ON SCHEMA cron TO eve');
my $eve = $server->session(dbname => 'clinic', user => 'eve', name => 'eve');
is $eve->sql('SELECT count(*) FROM hadvice.schedules'), 0, 'another role does not';
$eve->sql("SELECT vae_schedule('people', '* * * * *')");
like $eve->errors, qr/you own no model "people"/, 'nor can it schedule a model of others';
is $eve->sql("SELECT vae_unschedule('people')"), 'f', 'or end it';
for my $wrong ("'people', 'whenever'", "'people', NULL", "NULL, '* * * * *'", "'people', '* * * * *', if_drift => -1", "'people', '* * * * *', if_drift => 'NaN'",
	"'people', '* * * * *', max_duration => '-1 s'", "'nobody', '* * * * *'")
{
	$ann->sql("SELECT vae_schedule($wrong)");
	like $ann->errors, qr/ERROR/, "refused: $wrong";
}
my $long = q{a model's name of many words } x 6;
$ann->sql("SELECT FROM vae_train('people', model => \$\$$long\$\$, epochs => 1, hidden => '{4}')");
$ann->sql("SELECT vae_schedule(\$\$$long\$\$, '0 3 * * 0')");
is $ann->sql("SELECT model FROM hadvice.schedules WHERE schedule = '0 3 * * 0'"), $long, 'a long name with quotes';
is $ann->sql("SELECT vae_unschedule(\$\$$long\$\$)"), 't', 'is found again';
is $ann->errors, '', 'without a complaint';

# Now they fire, at the next full minute: one that is due, one that is not, one that fails.
for my $name (qw(calm lost))
{
	$ann->sql("CREATE TABLE $name AS TABLE people; SELECT FROM vae_train('$name', epochs => 1, hidden => '{4}')");
	$ann->sql("SELECT vae_schedule('$name', '* * * * *', if_new_rows => 5)");
}
$ann->sql('DROP TABLE lost');
is $ann->errors, '', 'two more jobs';
$ann->sql("CREATE TABLE patients AS SELECT i AS id, 30 + i % 40 AS age_years, 2000 + i % 7 * 500 AS sodium_mg, i % 5 * 30 AS moderate_exercise_min_week,
	120 + i % 7 * 5 - i % 5 * 2 AS systolic_mmhg FROM generate_series(1, 300) AS i");
$ann->sql("SELECT FROM vae_train('patients', exclude => '{id}', epochs => 5, hidden => '{4}')");
$ann->sql(q{SELECT cron.schedule('nightly', '* * * * *', $$SELECT vae_publish('patients', 'id', 'published')$$)});
is $ann->errors, '', 'and one that publishes';
my $until = time + 130;
my $publications = "SELECT d.status FROM cron.job_run_details d JOIN cron.job j USING (jobid) WHERE j.jobname = 'nightly'";
sleep 1 while time < $until && $ann->sql("SELECT count(*) FROM hadvice.schedules WHERE last_status IN ('succeeded', 'failed')") < 3;
is $ann->sql("SELECT version, is_current, owner FROM vae_models WHERE model = 'people' ORDER BY 1"), "1|f|ann\n2|t|ann", 'pg_cron has trained a new version';
like $ann->sql("SELECT promoted, reason FROM hadvice.retrainings WHERE model = 'people' AND version = 1"), qr/^t\|promoted: /, 'and promoted it';
like $ann->sql("SELECT promoted, reason FROM hadvice.schedules WHERE model = 'calm'"), qr/^f\|not retrained: 0.0 % more rows/, 'another was in no need of it';
is $ann->sql("SELECT last_status, last_end >= last_start FROM hadvice.schedules WHERE model = 'people'"), 'succeeded|t', 'the view has the last run';
like $ann->sql("SELECT last_status, last_message FROM hadvice.schedules WHERE model = 'lost'"),
  qr/^failed\|.*the table that model "lost" was trained on does not exist/, 'a failure is told';
sleep 1 while time < $until && $ann->sql("$publications AND d.status IN ('succeeded', 'failed')") eq '';
like $ann->sql($publications), qr/^succeeded/, 'pg_cron has published';
is $ann->sql("SELECT cron.unschedule('nightly')"), 't', 'which is ended';
is $ann->sql("SELECT count(DISTINCT id), bool_and(published_at BETWEEN now() - interval '5 minutes' AND now()) FROM published"), '300|t', 'everybody, just now';
is $ann->sql("SELECT tableowner FROM pg_tables WHERE tablename = 'published'"), 'ann', 'as the role that it is';
my $columns = 'id, plan, rank, kind, feature, change, advice';
is $ann->sql("SELECT count(*) FROM (SELECT $columns FROM published EXCEPT SELECT $columns FROM patients p, vae_advise(p)) x"), 0,
  'what vae_advise says';
is $ann->sql("SELECT count(*) > 0 FROM published WHERE kind = 'action'"), 't', 'with something to do';
is $ann->errors, '', 'without a complaint';
is $ann->sql("SELECT bool_and(vae_unschedule(m)) FROM unnest('{calm,lost}'::text[]) AS m"), 't', 'two are ended';

is $ann->sql("SELECT vae_unschedule('people')"), 't', 'ended';
is $ann->sql("SELECT vae_unschedule('people')"), 'f', 'once';
is $ann->sql('SELECT count(*) FROM hadvice.schedules'), 0, 'it is gone';
$_->close for $ann, $admin, $eve;
done_testing;
