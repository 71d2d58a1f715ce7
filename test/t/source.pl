# test/t/source.pl: what users see when the source of a model is renamed, changed or dropped, and when
# the extension is: a model is tied to its table, not to a name; columns are matched by name; what
# does not fit is an error that names the column; and DROP EXTENSION takes nothing of theirs unasked.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_source WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_source');
my $session = Session->new(dbname => 'hadvice_source', name => 'source');
$session->sql('CREATE EXTENSION hadvice');

my $people = "SELECT i AS id, 30 + i % 50 AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
       1500 + (i * 7 % 20) * 200 AS sodium_mg, 110 + (i * 7 % 20) * 2 + i % 9 AS systolic_mmhg
  FROM generate_series(1, 1000) AS i";
$session->sql("CREATE TABLE walkers AS $people");
$session->sql("SELECT FROM vae_train('walkers', epochs => 2, hidden => '{8}')");

sub advice
{
	my ($table) = @_;
	return $session->sql("SELECT string_agg(concat_ws(' ', id, a.feature, a.target_value, a.advice), chr(10) ORDER BY id, rank)
	                      FROM $table AS w, vae_advise(w) AS a WHERE id IN (15, 18, 19)");
}
my $before = advice('walkers');
like $before, qr/sodium_mg/, 'there is advice on sodium';
is $session->errors, '', 'without a complaint';

# ---- the table ----

$session->sql('ALTER TABLE walkers RENAME TO hikers');
is advice('hikers'), $before, 'a renamed table keeps its model';
is $session->sql('SELECT model, source FROM vae_models'), 'walkers|hikers', 'vae_models shows the new name';
$session->sql('CREATE SCHEMA elsewhere; ALTER TABLE hikers SET SCHEMA elsewhere');
is advice('elsewhere.hikers'), $before, 'so does one in another schema';
$session->sql('ALTER TABLE elsewhere.hikers SET SCHEMA public');

# ---- its columns ----

$session->sql('ALTER TABLE hikers ADD COLUMN remark text, ADD COLUMN shoe_size real DEFAULT 9; ALTER TABLE hikers DROP COLUMN id; ALTER TABLE hikers ADD COLUMN id serial');
is advice('hikers'), $before, 'added columns and another order change nothing';
$session->sql('ALTER TABLE hikers ALTER sodium_mg TYPE numeric(10, 2)');
is advice('hikers'), $before, 'nor does another number type';

$session->sql('ALTER TABLE hikers RENAME COLUMN sodium_mg TO salt');
unlike advice('hikers'), qr/sodium_mg/, 'a renamed column is not recorded any more: no advice on it';
is $session->sql("SELECT c ->> 'status' FROM hikers AS w, jsonb_array_elements(vae_advise_explain(w) -> 'considered') AS c
                  WHERE id = 15 AND c ->> 'feature' = 'sodium_mg'"), 'not recorded', 'vae_advise_explain says so';
$session->sql("SELECT vae_map_column('hikers', 'salt', 'sodium_mg')");
is $session->sql("SELECT version FROM vae_train('hikers', model => 'walkers', epochs => 2, hidden => '{8}')"), 2, 'mapped and trained anew';
like advice('hikers'), qr/sodium_mg/, 'there is advice on it again';

is $session->errors =~ s{NOTICE.*\n}{}gr, '', 'no complaint so far';
$session->sql('ALTER TABLE hikers ALTER salt TYPE text');
is advice('hikers'), '', 'a number that has become a text';
like $session->errors, qr/ERROR:  column "salt" is of type text, but the model was trained on numeric.*\nHINT:/, 'is an error that names it, with a hint';
$session->sql('ALTER TABLE hikers DROP COLUMN salt');
unlike advice('hikers'), qr/sodium_mg/, 'a dropped column counts as missing';
is $session->errors, '', 'and is no error';

# ---- the table is gone ----

$session->sql('DROP TABLE hikers');
is $session->errors, '', 'DROP TABLE of a source needs no CASCADE';
is $session->sql("SELECT version, is_current, source IS NULL FROM vae_models ORDER BY version"), "1|f|t\n2|t|t", 'vae_models shows that it is gone';
my $json = qq('{"age_years": 50, "sex": "male", "salt": 5100, "systolic_mmhg": 150}'::jsonb);
like $session->sql("SELECT a.feature FROM vae_advise($json, model => 'walkers') AS a"), qr/sodium_mg/, 'the model still answers, by its name';
$session->sql("CREATE TABLE walkers AS $people");
is advice('walkers'), '', 'a new table of that name has no model';
like $session->errors, qr/ERROR:  no model has been trained for walkers\nHINT:  Train one/, 'which is an error with a hint';
is $session->sql("SELECT version FROM vae_train('walkers', epochs => 2, hidden => '{8}')"), 3, 'its training is the next version';
is advice('walkers') =~ s/ \d.*//gr, $before =~ s/ \d.*//gr, 'and it advises';
is $session->sql("SELECT vae_drop_model('walkers', 1) + vae_drop_model('walkers', 2)"), 2, 'the old versions can be dropped';
is $session->errors, '', 'without a complaint';

# ---- the extension ----

$session->sql('CREATE TABLE mine (model vae_model, note text)');
$session->sql("INSERT INTO mine SELECT model, 'kept' FROM hadvice.models");
$session->sql('DROP EXTENSION hadvice');
like $session->errors, qr/ERROR:  cannot drop extension hadvice.*\nDETAIL:  column model of table mine depends on type vae_model/, 'DROP EXTENSION stops at what a user built on it';
$session->sql('ALTER TABLE mine ALTER model TYPE bytea');
$session->sql('DROP EXTENSION hadvice');
is $session->errors, '', 'as bytea a model outlives it';
is $session->sql("SELECT count(*) FROM walkers"), 1000, 'the source is untouched';
is $session->sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'hadvice'"), 0, 'the schema hadvice is gone';
is $session->sql("SELECT count(*) FROM pg_class WHERE relname ~ '^vae_|_vae_'") + $session->sql("SELECT count(*) FROM pg_proc WHERE proname ~ '^vae_'"), 0, 'so is all the rest';
is advice('walkers'), '', 'its functions';
like $session->errors, qr/function vae_advise\(walkers\) does not exist/, 'are unknown, in a session that had used them';
$session->sql('CREATE EXTENSION hadvice');
is $session->sql("SELECT a.feature FROM mine AS m, vae_advise(m.model::vae_model, $json) AS a") =~ /sodium_mg/, '', 'the mapping went with it';
is $session->sql("SELECT round(vae_anomaly(m.model::vae_model, $json)::numeric) IN (0, 1) FROM mine AS m"), 't', 'the model comes back from its bytes';
is $session->sql("SELECT version FROM vae_train('walkers', epochs => 2, hidden => '{8}')"), 1, 'trainings begin anew';
is advice('walkers') =~ s/ \d.*//gr, $before =~ s/ \d.*//gr, 'advice, too';
is $session->errors, '', 'without a complaint';

$session->close;
$admin->sql('DROP DATABASE hadvice_source');
$admin->close;
done_testing;
