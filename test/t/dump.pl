# test/t/dump.pl: pg_dump and pg_restore, as superuser and as the owner of a database who is none:
# models advise alike afterwards, and what was changed in the catalogue is there.
#
# The owner needs --enable-row-security on both sides and --column-inserts for the dump: PostgreSQL
# refuses to copy from or into a table with row security unless told that what one may see is meant,
# and its COPY cannot write into one at all. No policy could change that.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Cluster;
use Test::More;

my $server = Cluster->new;
my $admin = $server->session(name => 'admin');
$admin->sql('CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN');
$admin->sql("CREATE DATABASE $_ OWNER alice") for qw(origin by_superuser by_owner);

my $origin = $server->session(dbname => 'origin', name => 'origin');
$origin->sql('CREATE EXTENSION hadvice');
$origin->sql("UPDATE hadvice.features SET cost = 0.123 WHERE feature = 'sodium_mg'");
$origin->sql("INSERT INTO hadvice.rules (id, feature, effect, bound, reason) VALUES ('ours', 'sodium_mg', 'floor', '1900', 'because')");
$origin->sql("UPDATE hadvice.texts SET sentence = 'Please: ' || sentence WHERE feature = 'sodium_mg'");

# alice's models, one of them granted; and a model of bob's, which she must not carry away.
my $people = "SELECT i AS id, 30 + i % 50 AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
       1500 + (i * 7 % 20) * 200 AS salt, 110 + (i * 7 % 20) * 2 + i % 9 AS systolic_mmhg
  FROM generate_series(1, 1000) AS i";
my $alice = $server->session(dbname => 'origin', user => 'alice', name => 'alice');
$alice->sql('CREATE SCHEMA clinic; GRANT USAGE ON SCHEMA clinic TO bob');
$alice->sql("CREATE TABLE clinic.walkers AS $people; ALTER TABLE clinic.walkers ADD PRIMARY KEY (id); GRANT SELECT ON clinic.walkers TO bob");
$alice->sql("SELECT vae_map_column('clinic.walkers', 'salt', 'sodium_mg')");
$alice->sql("SELECT FROM vae_train('clinic.walkers', epochs => 2, hidden => '{8}')") for 1, 2;
$alice->sql("SELECT vae_rollback('clinic.walkers')");
$alice->sql("SELECT vae_grant('clinic.walkers', 'carol')");
$alice->sql("SELECT vae_feedback('clinic.walkers', id::text, 'sodium_mg', CASE WHEN id % 3 = 0 THEN 'not_possible' ELSE 'accepted' END) FROM clinic.walkers WHERE id <= 30");
$alice->sql("UPDATE clinic.walkers SET salt = salt - 500, systolic_mmhg = systolic_mmhg - id % 5 WHERE id <= 30");
$alice->sql("SELECT vae_calibrate('clinic.walkers')");
my $bob = $server->session(dbname => 'origin', user => 'bob', name => 'bob');
$bob->sql("SELECT FROM vae_train('clinic.walkers', model => 'of bob', epochs => 1, hidden => '{4}')");
is $_->errors =~ /ERROR.*/ ? $& : '', '', 'a database in use' for $origin, $alice, $bob;

my %looks = (
	models => "SELECT model, version, is_current, source, owner, rows, trained_at, parameters FROM vae_models WHERE model LIKE 'clinic%' ORDER BY version",
	bytes => "SELECT version, md5(model::bytea) FROM hadvice.models WHERE name LIKE 'clinic%' ORDER BY version",
	history => "SELECT md5(string_agg(h::text, ' ' ORDER BY version, epoch)) FROM hadvice.training_history AS h WHERE model LIKE 'clinic%'",
	grants => 'SELECT * FROM hadvice.model_grants',
	feedback => 'SELECT md5(string_agg(f::text, chr(10) ORDER BY id)) FROM hadvice.feedback AS f',
	calibration => 'SELECT * FROM hadvice.effect_calibration',
	mapping => 'SELECT * FROM hadvice.column_map',
	advice => 'SELECT md5(string_agg(a::text, chr(10) ORDER BY id, plan, rank)) FROM clinic.walkers AS w, vae_advise(w, model => $$clinic.walkers$$) AS a WHERE id <= 40',
	others => 'SELECT md5(string_agg(vae_anomaly(w, model => $$clinic.walkers$$)::text, chr(10) ORDER BY id)) FROM clinic.walkers AS w WHERE id <= 40');
my %catalogue = (
	features => "SELECT cost, changed, builtin FROM hadvice.features WHERE feature = 'sodium_mg'",
	rules => 'SELECT id, feature, effect, bound, reason FROM hadvice.rules WHERE NOT builtin',
	texts => 'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM hadvice.texts AS t');

sub compare
{
	my ($copy, $who, %what) = @_;
	for my $name (sort keys %what)
	{
		my $expected = $origin->sql($what{$name});
		isnt $expected, '', "$name: there is something to compare";
		is $copy->sql($what{$name}), $expected, "$who: $name";
	}
	is $copy->errors, '', "$who: nothing complained";
	$copy->sql('SET ROLE alice');
	is $copy->sql("SELECT version FROM vae_train('clinic.walkers', epochs => 1, hidden => '{8}')"), 3, "$who: the next training is version 3";
	is $copy->sql("SELECT source::text || ' ' || owner FROM vae_models WHERE version = 3"), 'clinic.walkers alice', "$who: of the same source and owner";
	is $copy->errors =~ s{NOTICE.*\n}{}gr, '', "$who: still nothing complained";
}

# ---- as superuser: nothing special ----

my $file = "$server->{folder}/dump";
is_deeply [$server->run('pg_dump', '-Fc', '-f', $file, 'origin')], ['', 0], 'pg_dump as superuser';
is_deeply [$server->run('pg_restore', '--exit-on-error', '-d', 'by_superuser', $file)], ['', 0], 'pg_restore as superuser';
my $copy = $server->session(dbname => 'by_superuser', name => 'copy');
is $copy->sql("SELECT owner FROM vae_models WHERE model = 'of bob'"), 'bob', "superuser: the other role's model is there";
compare($copy, 'superuser', %looks, %catalogue);
my $later = $server->session(dbname => 'by_superuser', user => 'bob', name => 'bob');
is $later->sql('SELECT string_agg(model, $$ $$) FROM vae_models'), 'of bob', 'superuser: and is his only';

# ---- as the owner of the database ----

my ($said, $code) = $server->run('pg_dump', '-U', 'alice', '-Fc', '-f', $file, 'origin');
isnt $code, 0, 'pg_dump as owner without options fails';
like $said, qr/row-level security policy for table "\w+"/, 'and says why';
is_deeply [$server->run('pg_dump', '-U', 'alice', '--enable-row-security', '--column-inserts', '-Fc', '-f', $file, 'origin')], ['', 0], 'pg_dump as owner';
my $target = $server->session(dbname => 'by_owner', name => 'target');
$target->sql('CREATE EXTENSION hadvice'); # only a superuser can
($said, $code) = $server->run('pg_restore', '-U', 'alice', '--enable-row-security', '-d', 'by_owner', $file);
my @errors = $said =~ /^pg_restore: error: could not execute query: ERROR:  (.*)$/mg;
is_deeply [grep { !/^must be owner of extension hadvice$|^permission denied for table (features|rules|texts)$/ } @errors], [],
  'pg_restore as owner: but for the catalogue, which is not hers, all is restored' or diag $said;
$copy = $server->session(dbname => 'by_owner', user => 'alice', name => 'copy');
is $copy->sql("SELECT count(*) FROM vae_models WHERE model = 'of bob'"), 0, "owner: the other role's model has stayed behind";
delete $looks{advice}; # its sentences are the catalogue's
compare($copy, 'owner', %looks);

# ---- what can be missing on the other side ----

$admin->sql('CREATE DATABASE alone');
$server->run('pg_dump', '-Fc', '-f', $file, '-T', 'clinic.walkers', 'origin');
($said, $code) = $server->run('pg_restore', '-d', 'alone', $file);
like $said, qr/relation "clinic.walkers" does not exist/, 'a dump without the source: the restore names it';

$_->close for $origin, $alice, $bob, $copy, $later, $target, $admin;
done_testing;
