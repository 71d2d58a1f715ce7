-- vae_set_kind: kinds chosen by hand, obeyed by vae_profile and trainings; amounts of which many are none.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(38);

CREATE TYPE mood AS ENUM ('low', 'fair', 'high');
CREATE DOMAIN code AS int;
CREATE TABLE visits AS
    SELECT i AS number, 1 + i % 7 AS triage, (1 + i % 6)::code AS ward, (ARRAY['none', 'some', 'much'])[1 + i % 3] AS pain,
           (ARRAY['low', 'fair', 'high'])[1 + i % 3]::mood AS mood, i % 2 = 0 AS smoker, date '2020-01-01' + i AS seen,
           ARRAY[sin(i), cos(i)]::real[] AS vec, 60 + 10 * sin(i) AS weight, '{}'::jsonb AS doc,
           CASE WHEN i % 5 < 2 THEN 0 ELSE exp(1 + sin(i * 0.7) + cos(i * 1.3)) END AS grams,
           i % 4 - 1 AS minus
    FROM generate_series(1, 400) AS i;
ALTER TABLE visits ADD PRIMARY KEY (number);
CREATE FUNCTION pg_temp.kind(name) RETURNS text LANGUAGE sql AS 'SELECT kind FROM vae_profile(''visits'') WHERE column_name = $1';

-- chosen by the data
SELECT is(pg_temp.kind('triage'), 'ordinal', 'few integers are ordinal');
SELECT is(pg_temp.kind('pain'), 'categorical', 'words are categories');
SELECT is(pg_temp.kind('grams'), 'amount', 'two fifths of zeros and the rest continuous: an amount');
SELECT is(pg_temp.kind('number'), NULL, 'a key is left out');

-- chosen by hand
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'triage', 'categorical') $$, 'codes are categories');
SELECT is(pg_temp.kind('triage'), 'categorical', 'vae_profile obeys');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'ward', 'categorical') $$, 'a domain is what is below it');
SELECT is(pg_temp.kind('ward'), 'categorical', 'and obeyed, too');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'pain', 'ordinal', '{none,some,much}') $$, 'words in order');
SELECT is((SELECT kind || levels::text FROM vae_profile('visits') WHERE column_name = 'pain'), 'ordinal{none,some,much}', 'are ordinal');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'mood', 'ordinal') $$, 'an enum has an order');
SELECT is((SELECT kind || levels::text FROM vae_profile('visits') WHERE column_name = 'mood'), 'ordinal{low,fair,high}', 'and is ordinal');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'number', 'real') $$, 'a key that means something');
SELECT is(pg_temp.kind('number'), 'real', 'is learnt from');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'grams', 'real') $$, 'a second choice');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'grams', 'amount') $$, 'replaces the first');
SELECT is(pg_temp.kind('grams'), 'amount', 'which is obeyed');
SELECT lives_ok($$ SELECT vae_set_kind('visits', 'number', NULL) $$, 'NULL takes it back');
SELECT is(pg_temp.kind('number'), NULL, 'as it was');
SELECT vae_set_kind('visits', 'minus', 'positive') \g /dev/null
SELECT matches((SELECT kind || ': ' || note FROM vae_profile('visits') WHERE column_name = 'minus'), '^real: not all values are positive',
               'what the data cannot bear is said');
SELECT vae_set_kind('visits', 'pain', 'ordinal', '{none,some}') \g /dev/null
SELECT matches((SELECT kind || ': ' || note FROM vae_profile('visits') WHERE column_name = 'pain'), '^categorical: not all its words',
               'and so are words without a place');

-- trainings obey
SELECT lives_ok($$ SELECT vae_train('visits', epochs => 5) $$, 'a model');
SELECT ok((vae_info(model) -> 'columns') @> '[{"name": "triage", "kind": "categorical"}, {"name": "grams", "kind": "amount"}]', 'of these kinds')
FROM hadvice.models WHERE name = 'visits';
SELECT ok(bool_and((vae_impute(jsonb_build_object('weight', 60), 'visits') ->> 'grams')::float8 >= 0), 'no amount is below none')
FROM generate_series(1, 1);
SELECT ok(vae_log_likelihood(jsonb_build_object('grams', 0), 50, 'visits') BETWEEN ln(0.3) AND ln(0.5),
          'none has the probability that it has in the table');
SELECT ok(vae_log_likelihood(jsonb_build_object('grams', 4), 50, 'visits') < ln(0.6), 'an amount a density');

-- errors
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'weight', 'embedding') $$, '42804', NULL, 'a number is no embedding');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'seen', 'real') $$, '42804', NULL, 'a date is no real');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'pain', 'count') $$, '42804', NULL, 'words are no count');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'doc', 'real') $$, '42804', NULL, 'jsonb is nothing');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'weight', 'heavy') $$, '22023', NULL, 'a kind that does not exist');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'height', 'real') $$, '42703', NULL, 'a column that does not exist');
SELECT throws_ok($$ SELECT vae_set_kind('visits', NULL, 'real') $$, '22004', NULL, 'no column');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'pain', 'ordinal') $$, '22023', NULL, 'words without a known order');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'triage', 'ordinal', '{1,2}') $$, '22023', NULL, 'numbers have an order');
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'pain', 'ordinal', '{some,some}') $$, '22023', NULL, 'twice the same word');
SELECT throws_ok($$ SELECT vae_set_kind('pg_class_oid_index', 'oid', 'real') $$, '42809', NULL, 'an index has no columns to learn from');
CREATE ROLE kind_guest;
SET LOCAL ROLE kind_guest;
SELECT throws_ok($$ SELECT vae_set_kind('visits', 'weight', 'real') $$, '42501', NULL, 'another''s table');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
