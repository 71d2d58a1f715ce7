# test/t/readers.pl: advice goes on while a model is retrained three times: pgbench calls vae_advise from
# two sessions without a break and without an error, and at no moment is there more or less than one
# current version. How long the answers take is measured by test/bench/bench-readers.
use strict;
use warnings;
use File::Temp;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;
use Time::HiRes qw(time);

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_readers WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_readers');
$ENV{PGDATABASE} = 'hadvice_readers';

chdir "$FindBin::Bin/../..";
my $loaded = system 'psql', qw(-X -q -v ON_ERROR_STOP=1 -c), 'CREATE EXTENSION hadvice', '-f', 'demo/load.sql';
is $loaded, 0, 'the demo is loaded';
my $trainer = Session->new(dbname => 'hadvice_readers', name => 'trainer');
$trainer->sql('SET client_min_messages = warning');
$trainer->sql("CREATE TABLE people AS SELECT row_number() OVER (ORDER BY respondent_id)::int AS no, r.* FROM health_records AS r LIMIT 2500");
$trainer->sql('ALTER TABLE people ADD PRIMARY KEY (no)');
$trainer->sql("SELECT FROM vae_train('people', epochs => 40)");
is $trainer->errors, '', 'a model';

my $script = File::Temp->new(SUFFIX => '.sql');
print $script <<'SQL';
\set no random(1, 2500)
SELECT count(*) FROM people AS p, vae_advise(p) WHERE p.no = :no;
SELECT 1 / (count(*) = 1)::int FROM vae_models WHERE model = 'people' AND is_current;
SQL
$script->flush;

sub advise
{
	my ($seconds) = @_;
	my $output = qx(pgbench -n -c 2 -j 1 -T $seconds -f $script 2>&1);
	my ($done) = $output =~ /number of transactions actually processed: (\d+)/;
	return ($? >> 8, $done || 0, $output);
}

my ($code, $done, $output) = advise(1);
ok $code == 0 && $done > 0, "advice before: $done answers" or diag $output;
my ($runs, $answers, $until) = (0, 0, time + 200);
for my $round (1 .. 3)
{
	$trainer->sql("UPDATE people SET weight_kg = weight_kg + 0.1 WHERE no % 7 = $round");
	$trainer->start("SELECT promoted FROM vae_retrain('people')");
	my $result;
	while (!defined $result && time < $until)
	{
		($code, $done, $output) = advise(1);
		$runs++;
		$answers += $done;
		last if $code != 0;
		$result = $trainer->finish(0.001);
	}
	is $code, 0, "retraining $round: no error" or diag $output;
	ok defined $result && $result eq 't', "retraining $round: promoted";
}
cmp_ok $runs, '>=', 3, "$answers answers meanwhile";
is $trainer->sql("SELECT version FROM vae_models WHERE model = 'people' AND is_current"), 4, 'version 4 is current';
is $trainer->sql("SELECT DISTINCT version FROM people AS p, vae_advise(p) WHERE p.no < 20"), 4, 'and gives the advice';
is $trainer->errors, '', 'without a complaint';

$trainer->close;
$admin->sql('DROP DATABASE hadvice_readers WITH (FORCE)');
$admin->close;
done_testing;
