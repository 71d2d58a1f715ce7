# test/t/upgrade.pl: ALTER EXTENSION hadvice UPDATE from 0.9 gives the same objects as a new
# installation (every one of them is compared: who forgets one in sql/from-0.9.sql sees it here), and
# keeps models, mappings and what was changed in the catalogue.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;

my $admin = Session->new(name => 'admin');
for my $name (qw(hadvice_new hadvice_old))
{
	$admin->sql("DROP DATABASE IF EXISTS $name WITH (FORCE)");
	$admin->sql("CREATE DATABASE $name");
}
my $new = Session->new(dbname => 'hadvice_new', name => 'new');
my $old = Session->new(dbname => 'hadvice_old', name => 'old');

my $people = "CREATE TABLE walkers AS
	SELECT i AS id, 30 + i % 50 AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
	       1500 + (i * 7 % 20) * 200 AS salt, 110 + (i * 7 % 20) * 2 + i % 9 AS systolic_mmhg
	  FROM generate_series(1, 1000) AS i";

# A database of 0.9, in use: a model (its bytes come from the new one, the format is the same), a
# mapping, a changed row and a row of the user's own.
$new->sql('CREATE EXTENSION hadvice');
$new->sql($people);
$new->sql("SELECT vae_map_column('walkers', 'salt', 'sodium_mg')");
$new->sql("SELECT FROM vae_train('walkers', epochs => 2, hidden => '{8}')");
$new->sql('SET bytea_output = hex');
my $bytes = $new->sql('SELECT model FROM hadvice.models');
my $advice = 'SELECT md5(string_agg(a::text, chr(10) ORDER BY id, rank)) FROM walkers AS w, vae_advise(w) AS a WHERE id < 30';
my $expected = $new->sql($advice);
like $expected, qr/^[0-9a-f]{32}$/, 'there is advice to compare';

$old->sql("CREATE EXTENSION hadvice VERSION '0.9'");
$old->sql($people);
is $old->sql("SELECT extversion FROM pg_extension WHERE extname = 'hadvice'"), '0.9', '0.9 is installed';
$old->sql("INSERT INTO hadvice.column_map VALUES ('walkers', 'salt', 'sodium_mg')");
$old->sql("INSERT INTO hadvice.models (name, version, source, is_current, model, rows, comment)
           VALUES ('walkers', 7, 'walkers', true, '$bytes', 1000, 'of the old days')");
$old->sql("INSERT INTO hadvice.training_history (model, version, epoch, elbo) VALUES ('walkers', 7, 1, -3)");
$old->sql("UPDATE hadvice.features SET synonyms = synonyms || 'pounds'::text WHERE feature = 'weight_kg'");
$old->sql("INSERT INTO hadvice.features (feature, domain, unit) VALUES ('steps_climbed', 'exercise', 'a day')");
is $old->errors, '', 'and used';

$old->sql('ALTER EXTENSION hadvice UPDATE');
is $old->errors, '', 'ALTER EXTENSION hadvice UPDATE';
is $old->sql("SELECT extversion FROM pg_extension WHERE extname = 'hadvice'"), '1.0', 'it is 1.0 now';
is $old->sql("SELECT version, source, is_current, rows, comment FROM vae_models"), '7|walkers|t|1000|of the old days', 'the model is there';
is $old->sql('SELECT md5(model::bytea::text) FROM hadvice.models'), $new->sql('SELECT md5(model::bytea::text) FROM hadvice.models'), 'with its bytes';
is $old->sql('SELECT count(*) FROM hadvice.training_history'), 1, 'and its history';
is $old->sql($advice =~ s/a::text/(a.advice, a.expected_effect, a.target_value)::text/r),
  $new->sql($advice =~ s/a::text/(a.advice, a.expected_effect, a.target_value)::text/r), 'it advises as a new installation does';
is $old->sql("SELECT synonyms \@> '{pounds}', changed, builtin FROM hadvice.features WHERE feature = 'weight_kg'"),
  't|t|t', 'a changed feature stays changed';
is $old->sql("SELECT unit, changed, builtin FROM hadvice.features WHERE feature = 'steps_climbed'"), 'a day|f|f', 'an added one stays';
is $old->sql("SELECT feature FROM hadvice.column_map"), 'sodium_mg', 'so does a mapping';
is $old->sql("SELECT version FROM vae_train('walkers', epochs => 1, hidden => '{8}')"), 8, 'the next training goes on from there';

# ---- every object, as text ----

my $mine = "pg_depend AS d WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
            AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hadvice')";
my $relations = "SELECT d.objid FROM $mine AND d.classid = 'pg_class'::regclass";
my %views = (
	objects => "SELECT i.type || ' ' || i.identity || ': ' || coalesce(obj_description(d.objid, (SELECT relname FROM pg_class WHERE oid = d.classid)), '')
	            FROM pg_depend AS d, pg_identify_object(d.classid, d.objid, 0) AS i WHERE (d.classid, d.objid) IN (SELECT d.classid, d.objid FROM $mine) AND d.deptype = 'e'",
	functions => "SELECT pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '') FROM pg_proc AS p
	              WHERE p.oid IN (SELECT d.objid FROM $mine AND d.classid = 'pg_proc'::regclass) AND p.prokind = 'f'",
	relations => "SELECT c.oid::regclass || concat_ws(' ', c.relkind, c.relacl::text, c.relrowsecurity, c.reloptions::text) FROM pg_class AS c WHERE c.oid IN ($relations)",
	columns => "SELECT concat_ws(' ', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attacl::text, a.attstorage,
	                   pg_get_expr(f.adbin, f.adrelid), col_description(a.attrelid, a.attnum))
	            FROM pg_attribute AS a LEFT JOIN pg_attrdef AS f ON (f.adrelid, f.adnum) = (a.attrelid, a.attnum)
	            WHERE NOT a.attisdropped AND (a.attrelid IN ($relations)
	               OR a.attrelid IN (SELECT t.typrelid FROM pg_type AS t WHERE t.oid IN (SELECT d.objid FROM $mine AND d.classid = 'pg_type'::regclass)))",
	constraints => "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ($relations)",
	indexes => "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid IN ($relations)",
	policies => "SELECT concat_ws(' ', polrelid::regclass, polname, polcmd, polpermissive, polroles::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
	             FROM pg_policy WHERE polrelid IN ($relations)",
	triggers => "SELECT concat(pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN ($relations)",
	views => "SELECT c.oid::regclass || pg_get_viewdef(c.oid) FROM pg_class AS c WHERE c.relkind = 'v' AND c.oid IN ($relations)",
	casts => "SELECT concat_ws(' ', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod, obj_description(oid, 'pg_cast'))
	          FROM pg_cast WHERE castsource = 'vae_model'::regtype OR casttarget = 'vae_model'::regtype",
	dumped => "SELECT r::regclass || ' ' || c FROM pg_extension, unnest(extconfig, extcondition) AS u (r, c) WHERE extname = 'hadvice'",
	'schema' => "SELECT nspacl::text FROM pg_namespace WHERE nspname = 'hadvice'");
for my $what (sort keys %views)
{
	# one line an object; names are qualified the same way in both
	my ($have, $want) = map {
		$_->sql('SET search_path = public');
		[sort split /\n/, $_->sql("SELECT replace(t, chr(10), ' ') FROM ($views{$what}) AS v (t)")]
	} $old, $new;
	my (%have, %want);
	@have{@$have} = ();
	@want{@$want} = ();
	is $_->errors, '', "$what: no complaint" for $old, $new;
	cmp_ok scalar @$want, '>', 0, "$what: there are some";
	is join("\n", grep { !exists $have{$_} } @$want), '', "$what: nothing is missing";
	is join("\n", grep { !exists $want{$_} } @$have), '', "$what: nothing is left over";
}

# The built-in rows of every table of the catalogue, but the one that was changed.
my @tables = split /\n/, $new->sql("SELECT DISTINCT attrelid::regclass FROM pg_attribute WHERE attrelid IN ($relations) AND attname = 'builtin'");
cmp_ok scalar @tables, '>=', 6, 'tables with built-in rows';
for my $table (@tables)
{
	my $rows = "SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM $table AS t WHERE builtin AND NOT changed"
	  . ($table =~ /features/ ? " AND feature <> 'weight_kg'" : '');
	is $old->sql($rows), $new->sql($rows), "$table: the built-in rows are those of 1.0";
}

$_->close for $old, $new;
$admin->sql("DROP DATABASE $_") for qw(hadvice_new hadvice_old);
$admin->close;
done_testing;
