-- For dashboards: the live view, the published table, the population counted, the health of models.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
\i demo/load.sql
SELECT plan(82);
CREATE ROLE hadvice_owner;
CREATE ROLE hadvice_reader;
CREATE ROLE hadvice_analyst;
CREATE SCHEMA "Our Reports";
GRANT ALL ON SCHEMA "Our Reports", public TO hadvice_owner;
GRANT USAGE ON SCHEMA "Our Reports" TO hadvice_reader, hadvice_analyst;
-- 300 people; a column called t, and a key that needs quoting
CREATE TABLE people AS SELECT r.*, 1 AS t FROM health_records r ORDER BY respondent_id LIMIT 300;
ALTER TABLE people RENAME respondent_id TO "Person no";
ALTER TABLE people ADD PRIMARY KEY ("Person no");
COMMENT ON COLUMN people."Person no" IS 'Number of the person';
ALTER TABLE people OWNER TO hadvice_owner;

SET LOCAL ROLE hadvice_owner;
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'v') $$, '42704', NULL, 'without a model: at once');
SELECT lives_ok($$ SELECT vae_train('people', epochs => 5) $$, 'an ordinary role trains');

-- the live view
SELECT is(vae_create_advice_view('people', 'Person no', '"Our Reports"."The Advice"')::text, '"Our Reports"."The Advice"', 'a qualified name that needs quoting');
SELECT columns_are('Our Reports', 'The Advice', ARRAY(SELECT 'Person no'::name UNION ALL
    SELECT attname FROM pg_attribute WHERE attrelid = (SELECT typrelid FROM pg_type WHERE oid = 'vae_advice'::regtype) AND attnum > 0), 'key and advice');
SELECT is(a.attname, 'Person no', 'the key is first') FROM pg_attribute a WHERE attrelid = '"Our Reports"."The Advice"'::regclass AND attnum = 1;
SELECT col_type_is('Our Reports', 'The Advice', 'Person no', 'integer', 'with its type');
SELECT is_empty($$ SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = '"Our Reports"."The Advice"'::regclass AND attnum > 0
                   AND format_type(atttypid, NULL) NOT IN ('integer', 'text', 'double precision') $$, 'plain types');
SELECT is_empty($$ SELECT attname FROM pg_attribute WHERE attrelid = '"Our Reports"."The Advice"'::regclass AND attnum > 0
                   AND coalesce(col_description(attrelid, attnum), '') = '' $$, 'every column has a comment');
SELECT is(col_description('"Our Reports"."The Advice"'::regclass, 1), 'Number of the person', 'the key its own');
SELECT isnt(obj_description('"Our Reports"."The Advice"'::regclass), NULL, 'and so has the view');
SELECT bag_eq($$ SELECT "Person no", plan, rank, kind, feature, change, outcome, expected_effect, effects, model, version FROM "Our Reports"."The Advice" $$,
              $$ SELECT p."Person no", a.plan, a.rank, a.kind, a.feature, a.change, a.outcome, a.expected_effect, a.effects::text, a.model, a.version
                 FROM people p, vae_advise(p.*) a $$, 'it gives what vae_advise gives');
SELECT is((SELECT count(DISTINCT "Person no") FROM "Our Reports"."The Advice"), 300::bigint, 'everybody has a row');
SELECT lives_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'one', max_actions => 1, programme => 'hypertension', lang => 'zh') $$, 'with options');
SELECT cmp_ok(max(rank), '<=', 1, 'which are kept') FROM one;
SELECT ok(bool_and(advice ~ '[一-龥]'), 'the language, too') FROM one WHERE advice IS NOT NULL;
UPDATE people SET sodium_mg = 9000, bp_medication = 'no' WHERE "Person no" = (SELECT min("Person no") FROM people);
SELECT bag_eq($$ SELECT feature, change FROM "Our Reports"."The Advice" WHERE "Person no" = (SELECT min("Person no") FROM people) $$,
              $$ SELECT feature, change FROM people p, vae_advise(p.*) WHERE "Person no" = (SELECT min("Person no") FROM people) $$, 'it is of now');
SELECT lives_ok('ALTER TABLE people ADD extra int', 'a column more');
SELECT lives_ok('SELECT * FROM one LIMIT 1', 'does not disturb it');

-- what is refused
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'one') $$, '42P07', NULL, 'a name that is taken');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'nobody', 'v') $$, '42703', NULL, 'an unknown key');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'ctid', 'v') $$, '42703', NULL, 'a system column');
SELECT throws_ok($$ SELECT vae_create_advice_view(NULL, 'Person no', 'v') $$, '22004', NULL, 'no source');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', NULL, 'v') $$, '22004', NULL, 'no key');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', NULL) $$, '22004', NULL, 'no name');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'a.b.c') $$, '42602', NULL, 'a name of three parts');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'v; DROP TABLE people') $$, '22023', NULL, 'a name that is none');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', repeat('v', 64)) $$, '42602', NULL, 'one that would be cut');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'nowhere.v') $$, '3F000', NULL, 'an unknown schema');
SELECT throws_ok($$ SELECT vae_create_advice_view('people_pkey', 'Person no', 'v') $$, '42809', NULL, 'an index as source');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'v', model => 'nobody') $$, '42704', NULL, 'an unknown model');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'v', max_actions => 0) $$, '22023', NULL, 'max_actions 0');
SELECT throws_ok($$ SELECT vae_create_advice_view('people', 'Person no', 'v', programme => 'juggling') $$, '42704', NULL, 'an unknown programme');
CREATE VIEW renamed AS SELECT "Person no" AS version, age_years, systolic_mmhg FROM people;
SELECT throws_ok($$ SELECT vae_create_advice_view('renamed', 'version', 'v', model => 'people') $$, '42701', NULL, 'a key that is called like a column of the advice');
CREATE VIEW plainly AS SELECT "Person no" AS id, p.* FROM people p;
SELECT lives_ok($$ SELECT vae_create_advice_view('plainly', 'id', 'of_view', model => 'people') $$, 'a view as source, the model by name');
SELECT is_empty($$ SELECT FROM pg_class WHERE relname = 'v' $$, 'what failed left nothing');
SELECT is(count(*), 300::bigint, 'nor took anything') FROM people;

-- readers of the live view need the table and the model
GRANT SELECT ON "Our Reports"."The Advice" TO hadvice_reader;
SET LOCAL ROLE hadvice_reader;
SELECT throws_ok($$ SELECT * FROM "Our Reports"."The Advice" $$, '42501', NULL, 'without a right on the table');
SET LOCAL ROLE hadvice_owner;
GRANT SELECT ON people TO hadvice_reader;
SET LOCAL ROLE hadvice_reader;
SELECT throws_ok($$ SELECT * FROM "Our Reports"."The Advice" $$, '42704', NULL, 'without the model');
SET LOCAL ROLE hadvice_owner;
SELECT lives_ok($$ SELECT vae_grant('people', 'hadvice_reader') $$, 'the model is granted');
SET LOCAL ROLE hadvice_reader;
SELECT lives_ok($$ SELECT * FROM "Our Reports"."The Advice" $$, 'with both');

-- the published table
SET LOCAL ROLE hadvice_owner;
CREATE TABLE mine (a int);
SELECT throws_ok($$ SELECT vae_publish('people', 'Person no', 'mine') $$, '42P07', NULL, 'somebody''s table is not replaced');
SELECT throws_ok($$ SELECT vae_publish('people', 'Person no', 'people') $$, '42P07', NULL, 'least of all the source');
SELECT throws_ok($$ SELECT vae_publish('people', 'Person no', 'one') $$, '42P07', NULL, 'nor a view');
CREATE TEMP TABLE first AS SELECT * FROM vae_publish('people', 'Person no', '"Our Reports".published');
SELECT results_eq('SELECT target::text, people, model, version FROM first',
                  $$ VALUES ('"Our Reports".published', 300::bigint, 'people', 1) $$, 'the summary');
SELECT is(count(*), (SELECT rows FROM first), 'its rows') FROM "Our Reports".published;
SELECT bag_eq($$ SELECT "Person no", plan, rank, kind, feature, change, outcome, effects, advice FROM "Our Reports".published $$,
              $$ SELECT "Person no", plan, rank, kind, feature, change, outcome, effects, advice FROM "Our Reports"."The Advice" $$, 'it holds what the view shows');
SELECT ok(bool_and(p.published_at = f.published_at), 'published_at') FROM "Our Reports".published p, first f;
SELECT is(pg_get_indexdef(indexrelid, 1, false), '"Person no"', 'an index on the key') FROM pg_index WHERE indrelid = '"Our Reports".published'::regclass;
SELECT is_empty($$ SELECT attname FROM pg_attribute WHERE attrelid = '"Our Reports".published'::regclass AND attnum > 0
                   AND coalesce(col_description(attrelid, attnum), '') = '' $$, 'every column has a comment');
SELECT is_empty($$ SELECT FROM pg_class WHERE relname = 'hadvice_publication' $$, 'nothing is left behind');

-- published again: what hangs on the table stays
GRANT SELECT ON "Our Reports".published TO hadvice_reader;
CREATE VIEW on_it AS SELECT count(*) AS n FROM "Our Reports".published;
COMMENT ON COLUMN "Our Reports".published.advice IS 'Our own words';
CREATE TEMP TABLE before AS SELECT '"Our Reports".published'::regclass::oid AS oid;
DELETE FROM people WHERE "Person no" IN (SELECT "Person no" FROM people ORDER BY 1 LIMIT 100);
SELECT is((vae_publish('people', 'Person no', '"Our Reports".published', max_actions => 2)).people, 200::bigint, 'the second time');
SELECT is('"Our Reports".published'::regclass::oid, oid, 'it is the same table') FROM before;
SELECT is(n, (SELECT count(*) FROM "Our Reports".published), 'a view on it goes on') FROM on_it;
SELECT is_empty($$ SELECT FROM "Our Reports".published WHERE "Person no" NOT IN (SELECT "Person no" FROM people) $$, 'who is gone is gone');
SELECT is(count(DISTINCT published_at), 1::bigint, 'no old row is left') FROM "Our Reports".published;
SELECT cmp_ok(max(rank), '<=', 2, 'max_actions') FROM "Our Reports".published;
SELECT is(col_description('"Our Reports".published'::regclass, (SELECT attnum FROM pg_attribute
          WHERE attrelid = '"Our Reports".published'::regclass AND attname = 'advice')), 'Our own words', 'comments stay');
SELECT results_eq($$ SELECT (vae_publish('people', 'Person no', '"Our Reports".published')).rows $$,
                  $$ SELECT count(*) FROM "Our Reports"."The Advice" $$, 'a third time');
SET LOCAL ROLE hadvice_reader;
SELECT lives_ok($$ SELECT * FROM "Our Reports".published $$, 'grants stay');
SELECT throws_ok($$ SELECT vae_publish('people', 'Person no', '"Our Reports".published') $$, '42501', NULL, 'who may only read cannot publish');
SET LOCAL ROLE hadvice_owner;
SELECT throws_ok($$ SELECT vae_publish('plainly', 'id', '"Our Reports".published', model => 'people') $$, '42804', NULL, 'another key is another table');
SELECT is(count(DISTINCT "Person no"), 200::bigint, 'a failure leaves it as it was') FROM "Our Reports".published;
SELECT throws_ok($$ SELECT vae_publish('people', 'Person no', '"Our Reports".published', model => 'nobody') $$, '42704', NULL, 'an unknown model');
CREATE TABLE nobody (LIKE people);
SELECT is((vae_publish('nobody', 'Person no', 'of_nobody', model => 'people')).rows, 0::bigint, 'of nobody, nothing');

-- the population
SELECT is(vae_create_population_view('"Our Reports".published', '"Our Reports".population')::text, '"Our Reports".population', 'the population view');
SELECT bag_eq($$ SELECT kind, domain, feature, people FROM "Our Reports".population $$,
              $$ SELECT kind, domain, feature, count(DISTINCT "Person no") FROM "Our Reports".published WHERE plan = 1
                 GROUP BY 1, 2, 3 HAVING count(DISTINCT "Person no") >= 10 $$, 'counts people, ten or more');
SELECT isnt_empty($$ SELECT FROM "Our Reports".published WHERE plan = 1 GROUP BY kind, domain, feature HAVING count(*) < 10 $$, 'and there were smaller cells');
SELECT is_empty($$ SELECT FROM "Our Reports".population c WHERE c.outcome IS NOT NULL AND abs(c.mean_expected_effect -
                   (SELECT avg(expected_effect) FROM "Our Reports".published p WHERE p.kind = 'action' AND plan = 1 AND p.feature = c.feature AND p.outcome = c.outcome)) > 1e-9 $$,
                'the mean expected effect is that of the outcome named');
SELECT ok(bool_and(people_with_outcome BETWEEN 10 AND people AND people_total = 200 AND abs(share - people / 200.0) < 1e-9), 'which ten or more people have, too')
FROM "Our Reports".population WHERE outcome IS NOT NULL;
SELECT is_empty($$ SELECT attname FROM pg_attribute WHERE attrelid = '"Our Reports".population'::regclass AND attnum > 0
                   AND coalesce(col_description(attrelid, attnum), '') = '' $$, 'every column has a comment');
GRANT SELECT ON "Our Reports".population TO hadvice_analyst;
SET LOCAL ROLE hadvice_analyst;
SELECT isnt_empty('SELECT FROM "Our Reports".population', 'its reader sees the counts');
SELECT throws_ok('SELECT FROM "Our Reports".published', '42501', NULL, 'and no person');
SET LOCAL ROLE hadvice_owner;
SELECT throws_ok($$ SELECT vae_create_population_view('mine', 'v') $$, '42809', NULL, 'of a publication only');
SELECT throws_ok($$ SELECT vae_create_population_view('"Our Reports".published', 'v', 0) $$, '22023', NULL, 'minimum 0');

-- the models
SELECT lives_ok($$ SELECT vae_train('people', epochs => 1, promote => false) $$, 'a second version');
SELECT results_eq($$ SELECT model, version, source, owner, rows, versions, newest_version, previous_version, abs(age_days) < 1 FROM hadvice.model_health $$,
                  $$ VALUES ('people', 1, 'people', 'hadvice_owner', 300::bigint, 2, 2, NULL::int, true) $$, 'the health of the model');
SELECT is(vae_promote('people', 2), 2, 'promoted');
SELECT lives_ok($$ SELECT vae_feedback('people', max("Person no")::text, 'sodium_mg', 'harmed') FROM people $$, 'somebody answers');
SELECT results_eq('SELECT answers, harmed, retrained_at FROM hadvice.model_health', 'VALUES (1::bigint, 1::bigint, NULL::timestamptz)', 'which shows; no retraining yet');
SELECT is(previous_version, 1, 'and the version before') FROM hadvice.model_health;
SET LOCAL ROLE hadvice_analyst;
SELECT is_empty('SELECT FROM hadvice.model_health', 'of one''s own models only');
RESET ROLE;
SELECT is_empty($$ SELECT attname FROM pg_attribute WHERE attrelid = 'hadvice.model_health'::regclass AND attnum > 0
                   AND coalesce(col_description(attrelid, attnum), '') = '' $$, 'every column has a comment');
SELECT * FROM finish();
