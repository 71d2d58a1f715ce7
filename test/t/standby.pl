# test/t/standby.pl: a streaming standby answers every question, sees a new version when it has been
# replayed, says clearly that it cannot train; and goes on as a primary when it is promoted.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Cluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $primary = Cluster->new;
my $writer = $primary->session(name => 'writer');
$writer->sql('CREATE EXTENSION hadvice');
$writer->sql("CREATE TABLE walkers AS
	SELECT i AS id, 30 + i % 50 AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
	       1500 + (i * 7 % 20) * 200 AS sodium_mg, 110 + (i * 7 % 20) * 2 + i % 9 AS systolic_mmhg,
	       CASE WHEN i % 3 > 0 THEN 5 + i % 4 END AS sleep_hours
	  FROM generate_series(1, 500) AS i");
$writer->sql("SELECT FROM vae_train('walkers', epochs => 2, hidden => '{8}')");

my $standby = Cluster->standby($primary);
my $reader = $standby->session(name => 'reader');
is $reader->sql('SELECT pg_is_in_recovery()'), 't', 'a standby';

# Waits until the standby has replayed what the primary has written.
sub catch_up
{
	my $lsn = $writer->sql('SELECT pg_current_wal_insert_lsn()');
	my $until = time + 30;
	sleep 0.05 while time < $until && $reader->sql("SELECT pg_last_wal_replay_lsn() >= '$lsn'") ne 't';
}

my %questions = map { $_ => "SELECT md5(string_agg(x::text, chr(10) ORDER BY id)) FROM (SELECT id, $_ AS x FROM walkers AS w WHERE id <= 30) AS q" }
  ('vae_advise(w)', 'vae_advise_explain(w)', 'vae_impute(w)', 'vae_reconstruct(w)', 'vae_impute_cells(w)', 'vae_anomaly(w)', 'vae_embed(w)', 'vae_log_likelihood(w)');
$questions{vae_profile} = "SELECT md5(string_agg(p::text, ' ')) FROM vae_profile('walkers') AS p";
$questions{vae_models} = 'SELECT md5(string_agg(m::text, chr(10) ORDER BY version)) FROM vae_models AS m';
$questions{vae_info} = 'SELECT md5(string_agg(vae_info(model)::text, chr(10) ORDER BY version)) FROM hadvice.models';
$questions{vae_training_plot} = "SELECT vae_training_plot('walkers')";
$questions{vae_check_catalogue} = 'SELECT count(*) FROM vae_check_catalogue()';
$questions{pg_stat_progress_vae_train} = 'SELECT count(*) FROM pg_stat_progress_vae_train';
$questions{vae_model_card} = "SELECT vae_model_card('walkers')";
$questions{vae_fit} = "SELECT md5(vae_fit('walkers', epochs => 1, hidden => '{8}')::bytea)";

sub compare
{
	my ($when) = @_;
	for my $name (sort keys %questions)
	{
		my $expected = $writer->sql($questions{$name});
		isnt $expected, '', "$when: $name answers";
		is $reader->sql($questions{$name}), $expected, "$when: $name, the same on the standby";
	}
}
compare('version 1');
is $_->errors =~ s/NOTICE.*\n//gr, '', 'nothing complained' for $reader, $writer;

my %changes = (
	vae_train => "SELECT vae_train('walkers')",
	vae_promote => "SELECT vae_promote('walkers', 1)",
	vae_drop_model => "SELECT vae_drop_model('walkers')",
	vae_grant => "SELECT vae_grant('walkers', 'postgres')",
	vae_map_column => "SELECT vae_map_column('walkers', 'id', 'steps_per_day')");
for my $name (sort keys %changes)
{
	is $reader->sql($changes{$name}), '', "$name on the standby";
	like $reader->errors, qr/ERROR:  cannot execute .* in a read-only transaction/, "$name says why it cannot";
}

# A new version: the standby's session has the old one decoded.
$writer->sql("SELECT FROM vae_train('walkers', epochs => 1, hidden => '{8}', seed => 5)");
catch_up();
compare('version 2');

# The primary is lost.
$primary->kill9;
is $standby->as_server(Cluster::bindir() . '/pg_ctl', '-D', "$standby->{folder}/data", '-w', '-s', 'promote'), 0, 'the standby is promoted';
is $reader->sql('SELECT pg_is_in_recovery()'), 'f', 'and is the primary now';
$reader->errors;
is $reader->sql("SELECT version FROM vae_train('walkers', epochs => 1, hidden => '{8}')"), 3, 'it trains version 3';
is $reader->sql('SELECT count(DISTINCT id) FROM walkers AS w, vae_advise(w) AS a WHERE id <= 30 AND a.version = 3'), 30, 'and advises by it';
is $reader->errors =~ s/NOTICE.*\n//gr, '', 'without a complaint';

$_->close for $writer, $reader;
done_testing;
