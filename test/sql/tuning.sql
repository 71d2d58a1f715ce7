-- vae_tune: options found within a time, judged on held-out rows.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(15);

CREATE TABLE points AS
    SELECT i AS id, x, sin(2 * x) + 0.1 * cos(i * 17) AS y, x * x + 0.1 * sin(i * 31) AS z, CASE WHEN x > 0 THEN 'up' ELSE 'down' END AS w
    FROM (SELECT i, 2 * sin(i * 12.9898) AS x FROM generate_series(1, 300) i) s;

CREATE TEMP TABLE tuned AS SELECT *, row_number() OVER () AS n FROM vae_tune('points', '2 s', exclude => '{id}', epochs => 10);
SELECT ok(count(*) > 1, 'some trials') FROM tuned;
SELECT ok(bool_or(options = '{}'), 'the defaults are among them') FROM tuned;
SELECT is(count(DISTINCT options), count(*), 'none twice') FROM tuned;
SELECT ok(bool_and(validation_elbo <= before), 'best first') FROM (SELECT validation_elbo, lag(validation_elbo) OVER (ORDER BY n) AS before FROM tuned) x;
SELECT ok(bool_and(k IN ('hidden', 'latent', 'learning_rate', 'batch_size')), 'options are arguments of vae_train')
FROM tuned, jsonb_object_keys(options) k;
SELECT ok(bool_and(epochs = 10), 'what is given is kept') FROM tuned WHERE complete;

-- the best one, trained: the same held-out rows, so the same figure
SELECT ok(abs(t.validation_elbo - b.validation_elbo) < 1e-9, 'a training with them gives what was promised')
FROM (SELECT * FROM tuned WHERE complete ORDER BY n LIMIT 1) b,
     LATERAL vae_train('points', exclude => '{id}', epochs => 10,
                       hidden => (SELECT array_agg(h::int) FROM jsonb_array_elements_text(options -> 'hidden') h),
                       latent => (options ->> 'latent')::int, learning_rate => (options ->> 'learning_rate')::float8,
                       batch_size => (options ->> 'batch_size')::int) t;

SELECT ok(bool_and(options - '{learning_rate,batch_size}'::text[] = '{}'), 'given options are not searched')
FROM vae_tune('points', '1 s', exclude => '{id}', epochs => 5, hidden => '{16}', latent => 2);
SELECT is(count(*), 1::bigint, 'hardly any time: the defaults') FROM vae_tune('points', '1 ms', exclude => '{id}');
SELECT is(count(*), 1::bigint, 'only points is in the registry') FROM vae_models WHERE source = 'points'::regclass;

SELECT throws_ok($$ SELECT vae_tune('points', NULL) $$, '22004', NULL, 'no budget');
SELECT throws_ok($$ SELECT vae_tune('points', '0 s') $$, '22023', NULL, 'an empty one');
SELECT throws_ok($$ SELECT vae_tune('points', '1 s', validation_fraction => 0) $$, '22023', NULL, 'no rows to judge by');
SELECT throws_ok($$ SELECT vae_tune('points', '1 s', columns => '{nope}') $$, '42703', NULL, 'no such column');
CREATE FUNCTION pg_temp.cancelled() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM vae_tune('points', '1 hour', exclude => '{id}');
    RETURN false;
EXCEPTION WHEN query_canceled THEN
    RETURN true;
END $$;
SET LOCAL statement_timeout = '500ms';
SELECT ok(pg_temp.cancelled(), 'can be cancelled');
SELECT * FROM finish();
ROLLBACK;
