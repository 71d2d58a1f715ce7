-- What a session keeps between statements, the catalogue and decoded models, never outlives a change;
-- and functions over rows run in parallel plans.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(12);

CREATE TABLE walkers AS
SELECT i AS id, 30 + i % 50 AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
       1500 + (i * 7 % 20) * 200 AS sodium_mg, 110 + (i * 7 % 20) * 2 + i % 9 AS systolic_mmhg
  FROM generate_series(1, 2000) AS i;
SELECT version FROM vae_train('walkers', model => 'walk', epochs => 2, hidden => '{64,64}') \gset

-- the catalogue
CREATE TEMP TABLE before AS SELECT vae_advise_explain(w)::text AS e FROM walkers AS w WHERE id <= 20;
SAVEPOINT a;
UPDATE hadvice.targets SET high = 100 WHERE outcome = 'systolic_mmhg';
SELECT isnt((SELECT string_agg(vae_advise_explain(w)::text, '') FROM walkers AS w WHERE id <= 20),
            (SELECT string_agg(e, '') FROM before), 'a target that changes counts at once, for who changes it');
ROLLBACK TO a;
SELECT is((SELECT string_agg(vae_advise_explain(w)::text, '') FROM walkers AS w WHERE id <= 20),
          (SELECT string_agg(e, '') FROM before), 'and no longer when that is rolled back');
UPDATE hadvice.texts SET sentence = 'Please: ' || sentence;
SELECT isnt((SELECT string_agg(vae_advise_explain(w)::text, '') FROM walkers AS w WHERE id <= 20),
            (SELECT string_agg(e, '') FROM before), 'so does a text');
ROLLBACK TO a;
CREATE ROLE hadvice_nobody;
GRANT SELECT ON walkers TO hadvice_nobody;
REVOKE SELECT ON hadvice.targets FROM PUBLIC;
CREATE TEMP TABLE given AS SELECT model FROM hadvice.models WHERE name = 'walk';
GRANT SELECT ON given TO hadvice_nobody;
SET ROLE hadvice_nobody;
SELECT throws_ok('SELECT count(*) FROM walkers AS w, given, LATERAL vae_advise(model, w)', '42501', NULL,
                 'who may not read the catalogue gets no advice from a kept one');
RESET ROLE;
ROLLBACK TO a;

-- models
SELECT ok(pg_column_size(model) > 10000, 'the model is large enough to be toasted') FROM hadvice.models WHERE name = 'walk';
CREATE TEMP TABLE first AS SELECT vae_anomaly(w) AS a, vae_embed(w) AS e FROM walkers AS w WHERE id <= 100;
SELECT is((SELECT array_agg(vae_embed(w)) FROM walkers AS w WHERE id <= 100), (SELECT array_agg(e) FROM first), 'a kept model answers the same');
SELECT version FROM vae_train('walkers', model => 'walk', epochs => 1, hidden => '{64,64}', seed => 9) \gset
SELECT isnt((SELECT array_agg(vae_embed(w)) FROM walkers AS w WHERE id <= 100), (SELECT array_agg(e) FROM first), 'the new version answers as soon as it is there');
SELECT is((SELECT array_agg(vae_embed(w, version => 1)) FROM walkers AS w WHERE id <= 100), (SELECT array_agg(e) FROM first), 'the old one when it is asked for');
SELECT is((SELECT array_agg(vae_embed(model, w)) FROM walkers AS w, (SELECT model FROM hadvice.models WHERE name = 'walk' AND version = 1) AS m WHERE id <= 100),
          (SELECT array_agg(e) FROM first), 'also by value');
SELECT vae_drop_model('walk') \gset
SELECT throws_ok('SELECT vae_anomaly(w) FROM walkers AS w LIMIT 1', '42704', NULL, 'a model that was dropped does not answer');
ROLLBACK TO a;

-- parallel plans
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql
    AS 'BEGIN RETURN QUERY EXECUTE ''EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) '' || query; END';
SELECT ok((SELECT string_agg(p, E'\n') ~ 'Workers Launched: [12]' FROM pg_temp.plan_of('SELECT sum(vae_anomaly(w)) FROM walkers AS w') AS p),
          'vae_anomaly runs in parallel workers');
SELECT set_config('max_parallel_workers_per_gather', '2', true) AS two, round(sum(vae_anomaly(w))::numeric, 6) AS parallel FROM walkers AS w \gset
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT is((SELECT round(sum(vae_anomaly(w))::numeric, 6) FROM walkers AS w), :parallel, 'with the same result');
SELECT * FROM finish();
ROLLBACK;
