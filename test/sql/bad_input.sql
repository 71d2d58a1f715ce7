-- Bad input to profile and training: an error that names the thing, and a session that goes on.
-- (Rows put before models: infer.sql. Bytes of models: type.sql.)
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(71);

CREATE TABLE good AS
SELECT 165 + 5 * sin(i) AS height, 70 + 9 * cos(i) AS weight, (ARRAY['female', 'male'])[1 + i % 2] AS sex
  FROM generate_series(1, 100) AS i;
CREATE FUNCTION pg_temp.fit(source regclass) RETURNS jsonb LANGUAGE sql AS
    'SELECT vae_info(vae_fit($1, epochs => 1, hidden => ''{4}'', latent => 1))';

-- rows
CREATE TABLE empty (LIKE good);
SELECT throws_ok($$SELECT pg_temp.fit('empty')$$, '02000', 'empty has no rows to learn from', 'an empty table');
SELECT is((SELECT count(*)::int FROM vae_profile('empty')), 3, 'can be profiled, though');
CREATE TABLE lonely AS SELECT * FROM good LIMIT 1;
SELECT throws_ok($$SELECT pg_temp.fit('lonely')$$, '02000', NULL, 'one row');
CREATE TABLE few AS SELECT * FROM good LIMIT 9;
SELECT throws_ok($$SELECT pg_temp.fit('few')$$, '02000', 'few has only 9 usable rows, a model needs 10', 'nine rows');
CREATE TABLE enough AS SELECT * FROM good LIMIT 10;
SELECT lives_ok($$SELECT pg_temp.fit('enough')$$, 'ten rows');
CREATE TABLE naught AS SELECT NULL::int AS a, NULL::text AS b FROM good;
SELECT throws_ok($$SELECT pg_temp.fit('naught')$$, '02000', NULL, 'nothing but NULLs');
CREATE TABLE nothing ();
SELECT throws_ok($$SELECT pg_temp.fit('nothing')$$, '02000', NULL, 'no columns');
CREATE TABLE shapes AS SELECT '{}'::jsonb AS a, '(1,2)'::point AS b FROM good;
SELECT throws_ok($$SELECT pg_temp.fit('shapes')$$, '02000', NULL, 'no column of a type that can be learnt');

-- columns
CREATE TABLE odd AS
SELECT height, NULL::float8 AS void, 7 AS same, md5(i::text) AS hash, 'w' || i % 5000 AS word,
       CASE i % 10 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE sin(i) END::float8 AS wild,
       CASE i % 10 WHEN 0 THEN 'infinity' ELSE '2020-01-01' END::date + (i % 10 > 0)::int * i % 300 AS day,
       ('a' || repeat('é', i % 4000)) AS long
  FROM good, generate_series(1, 120) AS i;
CREATE TEMP TABLE odd_profile AS SELECT * FROM vae_profile('odd');
SELECT is((SELECT note FROM odd_profile WHERE column_name = 'void'), 'empty', 'an all-NULL column');
SELECT is((SELECT note FROM odd_profile WHERE column_name = 'same'), 'constant', 'a constant column');
SELECT is((SELECT kind FROM odd_profile WHERE column_name = 'wild'), 'real', 'NaN and infinities');
SELECT ok((SELECT abs(missing_fraction - 0.3) < 1e-9 AND high < 2 FROM odd_profile WHERE column_name = 'wild'),
          'count as missing');
SELECT ok((SELECT abs(missing_fraction - 0.1) < 1e-9 FROM odd_profile WHERE column_name = 'day'), 'as does an infinite date');
SELECT is((SELECT array_agg(c ->> 'name' ORDER BY c ->> 'name')
             FROM jsonb_array_elements(pg_temp.fit('odd') -> 'columns') AS c
            WHERE c ->> 'name' IN ('void', 'same', 'height', 'wild')), '{height,wild}', 'the rest is trained on');
CREATE TABLE texts AS SELECT i AS n, 'text number ' || i AS t, sin(i) AS x FROM generate_series(1, 5000) AS i;
INSERT INTO texts SELECT * FROM texts;
SELECT matches((SELECT note FROM vae_profile('texts') WHERE column_name = 't'), '256 different texts',
               '5,000 distinct texts');
SELECT lives_ok($$SELECT pg_temp.fit('texts')$$, 'are left out');
CREATE TABLE vectors AS SELECT CASE WHEN i < 90 THEN '{1,2}' ELSE '{1,2,3}' END::real[] AS v, sin(i) AS x
  FROM generate_series(1, 100) AS i;
SELECT throws_ok($$SELECT pg_temp.fit('vectors')$$, '22000', 'vectors of different lengths in column "v"',
                 'vectors of different lengths');
CREATE TABLE holes AS SELECT CASE i % 4 WHEN 0 THEN '{1,NULL}' WHEN 1 THEN '{}' WHEN 2 THEN '{{1,2},{3,4}}'
                                       ELSE ARRAY[i, sin(i)] END::real[] AS v, sin(i) AS x
  FROM generate_series(1, 100) AS i;
SELECT is((SELECT missing_fraction FROM vae_profile('holes') WHERE column_name = 'v'), 0.75::float8,
          'arrays that are no vectors count as missing');
CREATE TABLE huge AS SELECT 1e300 * sin(i) AS x, 1e-300 * cos(i) AS y, i % 2 AS z FROM generate_series(1, 100) AS i;
SELECT lives_ok($$SELECT pg_temp.fit('huge')$$, 'numbers at the ends of float8');
ALTER TABLE good ADD COLUMN later int;
ALTER TABLE good DROP COLUMN weight;
ALTER TABLE good RENAME COLUMN sex TO "Se""x";
SELECT is((SELECT array_agg(column_name ORDER BY column_name) FROM vae_profile('good')), '{"Se\"x",height,later}',
          'dropped and renamed columns');
SELECT lives_ok($$SELECT pg_temp.fit('good')$$, 'are no trouble');

-- names of columns
SELECT throws_ok($$SELECT vae_fit('good', columns => '{heigth}')$$, '42703',
                 'column "heigth" in columns does not exist in "good"', 'an unknown column');
SELECT throws_ok($$SELECT vae_fit('good', exclude => '{weight}')$$, '42703', NULL, 'a dropped column');
SELECT throws_ok($$SELECT vae_fit('good', exclude => '{NULL}')$$, '22004', NULL, 'NULL is no column');
SELECT throws_ok($$SELECT vae_fit('good', exclude => '{height,"Se\"x",later}')$$, '02000', NULL, 'all excluded');
SELECT throws_ok($$SELECT vae_fit('good', columns => '{}')$$, '02000', NULL, 'none chosen');

-- options
SELECT throws_ok($$SELECT vae_fit(NULL)$$, '22004', 'source must not be NULL', 'source');
SELECT throws_ok($$SELECT vae_train(NULL)$$, '22004', NULL, 'source of vae_train');
SELECT throws_ok($$SELECT vae_profile(NULL)$$, '22004', NULL, 'source of vae_profile');
SELECT throws_ok($$SELECT vae_fit('nowhere')$$, '42P01', 'relation "nowhere" does not exist', 'no such table');
SELECT throws_ok($$SELECT vae_fit(1::oid::regclass)$$, '42P01', NULL, 'no such oid');
SELECT throws_ok(format('SELECT vae_fit(''good'', %s)', option), '22023', NULL, option)
  FROM (VALUES ($$hidden => '{}'$$),
               ($$hidden => '{0}'$$),
               ($$hidden => '{5000}'$$),
               ($$hidden => '{4,4,4,4,4}'$$),
               ($$hidden => '{NULL}'$$),
               ($$latent => 0$$),
               ($$latent => 100000$$),
               ($$beta => -1$$),
               ($$beta => 'NaN'$$),
               ($$beta => 'Infinity'$$),
               ($$epochs => 0$$),
               ($$epochs => -3$$),
               ($$batch_size => 0$$),
               ($$learning_rate => 0$$),
               ($$learning_rate => 2$$),
               ($$validation_fraction => -0.1$$),
               ($$validation_fraction => 1$$),
               ($$max_duration => '0'$$),
               ($$max_duration => '-1 hour'$$),
               ($$architecture => 'gan'$$)) AS bad (option);
SELECT throws_ok($$SELECT vae_train('good', model => '')$$, '22023', NULL, 'a model without a name');

-- memory
SET LOCAL maintenance_work_mem = '1MB';
SELECT throws_ok($$SELECT vae_fit('texts', hidden => '{1000,1000}')$$, '53200', NULL, 'maintenance_work_mem bounds a training');
RESET maintenance_work_mem;

-- privileges
CREATE ROLE regress_hadvice_guest;
CREATE VIEW closed AS SELECT * FROM good;
CREATE TABLE filed (LIKE texts);
ALTER TABLE filed ENABLE ROW LEVEL SECURITY;
INSERT INTO filed SELECT * FROM texts WHERE n <= 100;
CREATE POLICY half ON filed FOR SELECT USING (n <= 50);
GRANT SELECT ON filed TO regress_hadvice_guest;
SET ROLE regress_hadvice_guest;
SELECT throws_ok($$SELECT vae_fit('closed', epochs => 1)$$, '42501', 'permission denied for view closed',
                 'a view without privilege');
SELECT throws_ok($$SELECT vae_profile('closed')$$, '42501', NULL, 'nor a profile of it');
SELECT is((SELECT i -> 'row_security' || (i -> 'rows') FROM
             (SELECT vae_info(vae_fit('filed', epochs => 1, validation_fraction => 0)) AS i) AS x), '[true, 100]',
          'row security is noted, and obeyed');
RESET ROLE;

-- whoever is refused is told what to do
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN nullif(hint, '');
END $$;
SELECT vae_train('good', 'good', epochs => 1, hidden => '{4}', latent => 1) IS NULL AS trained \gset
SELECT isnt(pg_temp.hint('SELECT ' || call), NULL, 'a hint for ' || call) FROM unnest(ARRAY[
    $$vae_fit('good', latent => 0)$$, $$vae_fit('good', epochs => -1)$$, $$vae_fit('good', beta => -1)$$, $$vae_fit('good', learning_rate => 'NaN')$$,
    $$vae_fit('good', hidden => '{}')$$, $$vae_fit('good', hidden => '{0}')$$, $$vae_fit('good', max_duration => '-1 day')$$, $$vae_fit('good', columns => '{sex,NULL}')$$,
    $$vae_fit('good', exclude => '{sex,height,weight}')$$, $$vae_fit('pg_class_oid_index')$$, $$vae_train(NULL)$$, $$vae_train('good', '')$$,
    $$vae_rollback('good')$$, $$vae_anomaly('[1]'::jsonb, 'good')$$, $$vae_anomaly('{"height": "tall"}'::jsonb, 'good')$$]) call;

SELECT finish();
ROLLBACK;
