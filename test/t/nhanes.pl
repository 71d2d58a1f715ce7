# test/t/nhanes.pl: real drift and a real retraining, on NHANES (../shared/data/nhanes.csv beside the tree,
# or in HADVICE_DATA; skipped where it is absent). Between the survey cycles 2015-2016 and 2017-2018 only
# the question about alcohol was changed: it must rank first, and far before the rest.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;

my $file = ($ENV{HADVICE_DATA} || "$FindBin::Bin/../../../shared/data") . '/nhanes.csv';
plan skip_all => 'nhanes.csv is not there' unless -e $file;

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_nhanes WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_nhanes');
my $session = Session->new(dbname => 'hadvice_nhanes');
$session->sql('CREATE EXTENSION hadvice; SET client_min_messages = warning');

# Types from the cells: whole numbers, other numbers, words.
open my $csv, '<', $file or die "$file: $!";
chomp(my $header = <$csv>);
my @names = split /,/, $header;
my @type = ('int') x @names;
while (my $line = <$csv>)
{
	chomp $line;
	my @cells = split /,/, $line, -1;
	for my $i (0 .. $#names)
	{
		$type[$i] = 'float8' if $type[$i] eq 'int' && $cells[$i] !~ /^-?\d*$/;
		$type[$i] = 'text' if $cells[$i] !~ /^(-?[\d.]+(e[-+]?\d+)?)?$/i;
	}
}
$session->sql('CREATE TABLE nhanes (' . join(', ', map { "$names[$_] $type[$_]" } 0 .. $#names) . ')');
$session->sql("\\copy nhanes FROM '$file' CSV HEADER");
$session->sql("CREATE TABLE people AS SELECT * FROM nhanes WHERE survey_cycle = '2015-2016'");
$session->sql("CREATE TABLE later AS SELECT * FROM nhanes WHERE survey_cycle = '2017-2018'");
is $session->sql('SELECT count(*) FROM people') . ' ' . $session->sql('SELECT count(*) FROM later'), '5404 5210', 'two cycles';
$session->sql("SELECT FROM vae_train('people', epochs => 60, exclude => '{respondent_id,survey_cycle,exam_weight}')");
is $session->errors, '', 'a model of the first';

cmp_ok $session->sql("SELECT max(psi) FROM vae_drift('people')"), '<', 0.02, 'its own people have not drifted';
is $session->sql("SELECT column_name FROM vae_drift('people', 'later') LIMIT 1"), 'alcohol_days_year', 'of the second, the alcohol question ranks first';
my ($first, $second) = split /\n/, $session->sql("SELECT psi FROM vae_drift('people', 'later') ORDER BY psi DESC NULLS LAST LIMIT 2");
cmp_ok $first, '>', 0.25, sprintf 'with an index that is called a shift (%.2f)', $first;
cmp_ok $second, '<', 0.1, sprintf 'all others are stable (%.3f)', $second;
like $session->sql("SELECT note FROM vae_drift('people', 'later') LIMIT 1"), qr/24: 0.0 %, it was 6.0 %/, 'answers that can no longer be given are named';

# 10 % of the later people come: in 30 % of the epochs the new version is better for the others of them,
# whom neither has seen.
$session->sql("INSERT INTO people SELECT * FROM later WHERE respondent_id % 10 = 0");
my ($promoted, $epochs) = split /\|/, $session->sql("SELECT promoted, epochs FROM vae_retrain('people', if_new_rows => 0.05)");
is $promoted, 't', 'a retraining is promoted';
cmp_ok $epochs, '<=', 18, 'in 30 % of the epochs';
my $likelihood = sub { $session->sql("SELECT avg(vae_log_likelihood(to_jsonb(l), 20, 'people', $_[0])) FROM later AS l WHERE respondent_id % 10 = 1") };
my ($before, $after) = map { $likelihood->($_) } 1, 2;
cmp_ok $after, '>', $before, sprintf 'the others are likelier now (%.2f against %.2f nats)', $after, $before;
is $session->errors, '', 'without a complaint';

$session->close;
$admin->sql('DROP DATABASE hadvice_nhanes WITH (FORCE)');
$admin->close;
done_testing;
