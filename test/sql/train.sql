-- vae_train and vae_fit: what is trained, with which options, and that it repeats.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(38);

CREATE TABLE people (id serial PRIMARY KEY, height float8, weight numeric, sex text, smoker boolean,
                     born date, vec real[]);
INSERT INTO people (height, weight, sex, smoker, born, vec)
SELECT 165 + 10 * (i % 2) + 5 * sin(i), 60 + 15 * (i % 2) + 8 * sin(i + 1),
       (ARRAY['female', 'male'])[1 + i % 2], CASE WHEN i % 7 <> 0 THEN i % 3 = 0 END,
       date '1960-01-01' + i * 30, ARRAY[sin(i), cos(i)]::real[]
  FROM generate_series(1, 400) AS i;
CREATE VIEW tall AS SELECT height, weight, sex FROM people WHERE height > 165;

-- the result row
CREATE TEMP TABLE trained AS
SELECT * FROM vae_train('people', model => 'm', epochs => 3, hidden => '{8}', latent => 2);
SELECT results_eq('SELECT model, version, source, columns, epochs, is_current FROM trained',
                  $$VALUES ('m', 1, 'people'::regclass, 6, 3, true)$$, 'the row of vae_train');
SELECT is((SELECT rows FROM trained), 400::bigint, 'all rows, held-out ones included');
SELECT ok((SELECT train_elbo < 0 AND validation_elbo < 0 AND seconds > 0 FROM trained),
          'ELBOs and seconds');
SELECT is((SELECT parameters FROM trained),
          (SELECT sum((t ->> 'rows')::bigint * (t ->> 'cols')::bigint)::bigint
             FROM hadvice.models, jsonb_array_elements(vae_info(models.model) -> 'tensors') AS t
            WHERE name = 'm'), 'parameters are the elements of the tensors');

-- the registry
SELECT ok((SELECT is_current AND owner = quote_ident(current_user)::regrole AND rows = 400
              AND source = 'people'::regclass FROM hadvice.models WHERE name = 'm' AND version = 1),
          'the registry row');
SELECT is((SELECT options - 'hidden' FROM hadvice.models WHERE name = 'm'),
          '{"columns": null, "exclude": null, "latent": 2, "beta": 1, "epochs": 3, "batch_size": null,
            "learning_rate": null, "validation_fraction": 0.1, "seed": 0, "max_seconds": null,
            "architecture": "auto"}', 'its options');
SELECT is((SELECT array_agg(epoch ORDER BY epoch) FROM hadvice.training_history WHERE model = 'm'),
          '{1,2,3}', 'its history has every epoch');
SELECT ok((SELECT bool_and(abs(elbo - (reconstruction - kl)) < 1e-6 AND validation IS NOT NULL)
             FROM hadvice.training_history WHERE model = 'm'), 'ELBO = reconstruction - KL');

-- same rows, options, seed: same bytes
CREATE FUNCTION pg_temp.fit(seed bigint, beta float8 DEFAULT 1) RETURNS bytea LANGUAGE sql
    AS 'SELECT vae_fit(''people'', epochs => 3, hidden => ''{8}'', latent => 2, seed => $1, beta => $2)::bytea';
SELECT ok(pg_temp.fit(0) = (SELECT model::bytea FROM hadvice.models WHERE name = 'm'),
          'vae_fit and vae_train give the same bytes');
SET LOCAL synchronize_seqscans = on;
SET LOCAL max_parallel_workers_per_gather = 4;
SELECT ok(pg_temp.fit(0) = pg_temp.fit(0), 'twice the same');
SELECT ok(pg_temp.fit(0) <> pg_temp.fit(1), 'another seed gives other bytes');
SELECT ok(pg_temp.fit(0) <> pg_temp.fit(0, 2), 'another beta gives other bytes');
SELECT ok((vae_fit('people', epochs => 3, hidden => '{8}', latent => 2, seed => -5)::bytea
             = vae_fit('people', epochs => 3, hidden => '{8}', latent => 2, seed => -5)::bytea),
          'a negative seed is a seed');
SELECT is((vae_info(vae_fit('people', epochs => 1, seed => -5)) ->> 'seed')::bigint, -5::bigint,
          'and is shown as given');

-- options arrive
CREATE TEMP TABLE info AS SELECT vae_info(vae_fit('people', epochs => 2, hidden => '{16,8}', latent => 3,
    beta => 0.5, validation_fraction => 0, columns => '{height,weight,sex}', exclude => '{sex}')) AS i;
SELECT is((SELECT i -> 'hidden' FROM info), '[16, 8]', 'hidden');
SELECT is((SELECT i -> 'latent' FROM info), '[3]', 'latent');
SELECT is((SELECT i -> 'beta' FROM info), '0.5', 'beta');
SELECT is((SELECT i -> 'epochs' FROM info), '2', 'epochs');
SELECT is((SELECT i -> 'validation_rows' FROM info), '0', 'validation_fraction 0 holds nothing out');
SELECT is((SELECT i -> 'validation_elbo' FROM info), 'null', 'and there is no ELBO of nothing');
SELECT is((SELECT i -> 'rows' FROM info), '400', 'and all rows are trained on');
SELECT is((SELECT jsonb_path_query_array(i, '$.columns[*].name') FROM info), '["height", "weight"]',
          'columns and exclude');
SELECT is((SELECT validation_elbo FROM vae_train('people', model => 'm', epochs => 1, validation_fraction => 0,
                                                 promote => false)), NULL,
          'NULL in the row, too');

-- architectures
SELECT is(vae_info(vae_fit('people', epochs => 1)) ->> 'architecture', 'joint',
          'without actions and outcomes it is joint');
SELECT is(vae_info(vae_fit('people', epochs => 1, architecture => 'seed')) ->> 'architecture', 'seed',
          'seed');
SELECT is((SELECT array_agg((c ->> 'low')::float8 = (c ->> 'center')::float8)
             FROM jsonb_array_elements(vae_info(vae_fit('people', epochs => 1, architecture => 'seed',
                                                        columns => '{height,weight}')) -> 'columns') AS c),
          '{t,t}', 'seed scales from the minimum');
CREATE TABLE records AS
SELECT 20 + i % 60 AS age_years, 2000 + 1500 * sin(i) AS sodium_mg, 125 + 15 * sin(i) AS systolic_mmhg
  FROM generate_series(1, 200) AS i;
CREATE TEMP TABLE ordered AS SELECT vae_info(vae_fit('records', epochs => 1)) AS i;
SELECT is((SELECT i ->> 'architecture' FROM ordered), 'ordered', 'with them it is ordered');
SELECT is((SELECT jsonb_path_query_array(i, '$.columns[*].stage') FROM ordered), '[0, 0, 1]',
          'outcomes come after behaviour');
SELECT is(jsonb_path_query_array(vae_info(vae_fit('records', epochs => 1, architecture => 'joint')),
                                 '$.columns[*].stage'), '[0, 0, 0]', 'joint has one stage');

-- stopping
SELECT cmp_ok((SELECT epochs FROM vae_train('people', model => 'm', epochs => 100000,
                                            max_duration => '100 milliseconds')), '<', 100000,
              'max_duration ends a training');
SELECT cmp_ok((SELECT count(*)::int FROM hadvice.training_history WHERE model = 'm' AND version = 3), '<=', 1000,
              'the history is capped');

-- sources
SELECT is((SELECT model FROM vae_train('tall', epochs => 1)), 'tall', 'a view, named after itself');
CREATE MATERIALIZED VIEW tallest AS SELECT * FROM tall WHERE height > 168;
SELECT is((SELECT columns FROM vae_train('tallest', epochs => 1)), 3, 'a materialized view');
CREATE TABLE parts (LIKE people) PARTITION BY LIST (sex);
CREATE TABLE parts_f PARTITION OF parts FOR VALUES IN ('female');
CREATE TABLE parts_m PARTITION OF parts FOR VALUES IN ('male');
INSERT INTO parts SELECT * FROM people;
SELECT is((SELECT rows FROM vae_train('parts', epochs => 1)), 400::bigint, 'a partitioned table');
CREATE SCHEMA "Odd Place";
CREATE TABLE "Odd Place"."My ""Table" AS SELECT height AS "Height (cm)", sex AS "select" FROM people;
SELECT is((SELECT model FROM vae_train('"Odd Place"."My ""Table"', epochs => 1)),
          '"Odd Place"."My ""Table"', 'odd names, qualified where the search_path does not lead');
CREATE TEMP TABLE passing AS SELECT height, sex FROM people;
SELECT is((SELECT model FROM vae_train('passing', epochs => 1)), 'passing', 'a temporary table');

-- rows without any value are no rows
INSERT INTO people DEFAULT VALUES;
SELECT is((SELECT rows FROM vae_train('people', model => 'gap', epochs => 1)), 400::bigint,
          'a row without any value does not count');

-- a function the planner may not touch
SELECT is((SELECT array_agg(DISTINCT provolatile::text || proparallel::text) FROM pg_proc
            WHERE proname IN ('vae_train', 'vae_fit')), '{vu}', 'training is volatile and unsafe');

SELECT finish();
ROLLBACK;
