-- vae_retrain: a warm start, champion and challenger on the same rows, and what becomes of them.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(56);

CREATE TABLE people (age int, height float8, weight float8, sex text, city text, steps float8);
CREATE FUNCTION pg_temp.fill(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO people (age, height, weight, sex, city, steps)
    SELECT 20 + (i * 7) % 60, 165 + 12 * (i % 2) + 6 * sin(i), 60 + 15 * (i % 2) + 8 * sin(i + 0.5),
           (ARRAY['female', 'male'])[1 + i % 2], (ARRAY['Bern', 'Chur', 'Genf'])[1 + i % 3],
           5000 + 2000 * sin(i * 0.3) + 1000 * cos(i) FROM generate_series($1, $2) AS i $$;
SELECT pg_temp.fill(1, 600);

CREATE TEMP TABLE first AS
SELECT * FROM vae_train('people', model => 'm', epochs => 40, hidden => '{16}', latent => 3, beta => 0.9,
                        seed => 11, batch_size => 64, exclude => '{steps}');

-- is it due
SELECT results_eq($$SELECT model, version, epochs, is_current, promoted, champion_elbo, challenger_elbo
                      FROM vae_retrain('m', if_new_rows => 0.1)$$,
                  $$VALUES ('m', 1, 0, true, false, NULL::float8, NULL::float8)$$, 'no new rows: nothing is done');
SELECT matches(reason, 'not retrained: 0.0 % more rows.* 10.0 %') FROM hadvice.retrainings;
SELECT is((SELECT count(*)::int FROM vae_models WHERE model = 'm'), 1, 'and there is no new version');
SELECT pg_temp.fill(601, 700);

-- a warm start
CREATE TEMP TABLE second AS SELECT * FROM vae_retrain('m', if_new_rows => 0.1);
SELECT results_eq('SELECT model, version, source, rows, columns, is_current, promoted FROM second',
                  $$VALUES ('m', 2, 'people'::regclass, 700::bigint, 5, true, true)$$, 'enough new rows: the next version');
SELECT cmp_ok((SELECT epochs FROM second), '<=', 12, 'in 30 % of the epochs');
SELECT ok(challenger_elbo > champion_elbo, 'better than the one before') FROM second;
SELECT matches(reason, '^promoted: .* held-out rows; started from the weights') FROM second;
SELECT is((SELECT parameters FROM second), (SELECT parameters FROM first), 'the same network');
SELECT results_eq($$SELECT DISTINCT options FROM hadvice.models WHERE name = 'm'$$,
                  $$SELECT options FROM hadvice.models WHERE name = 'm' AND version = 1$$, 'of the same options');
SELECT is((SELECT vae_info(model) - '{rows,validation_rows,fingerprint,epochs,best_epoch,train_elbo,validation_elbo,baseline_elbo}'::text[]
             -> 'hidden' FROM hadvice.models WHERE name = 'm' AND version = 2), '[16]', 'hidden layers');
SELECT is((SELECT (vae_info(model) ->> 'beta')::float8 FROM hadvice.models WHERE name = 'm' AND version = 2), 0.9::float8, 'beta');
SELECT is((SELECT (vae_info(model) ->> 'seed')::int FROM hadvice.models WHERE name = 'm' AND version = 2), 11, 'seed');
SELECT results_eq($$SELECT c ->> 'center' FROM hadvice.models, jsonb_array_elements(vae_info(model) -> 'columns') c
                     WHERE name = 'm' AND version = 2 ORDER BY 1$$,
                  $$SELECT c ->> 'center' FROM hadvice.models, jsonb_array_elements(vae_info(model) -> 'columns') c
                     WHERE name = 'm' AND version = 1 ORDER BY 1$$, 'cells are encoded as before');
SELECT ok(vae_anomaly(p, model => 'm') BETWEEN 0 AND 1, 'it is of use') FROM people AS p LIMIT 1;
SELECT is((SELECT metrics -> 'retraining' ->> 'from_version' FROM hadvice.models WHERE name = 'm' AND version = 2), '1',
          'the registry says where it comes from');

-- nothing changed: the start itself is a candidate, so it is never worse
CREATE TEMP TABLE again AS SELECT * FROM vae_retrain('m');
SELECT ok(promoted AND challenger_elbo >= champion_elbo - 0.05, 'on the same rows') FROM again;
SELECT ok((SELECT a.champion_elbo = s.challenger_elbo FROM again a, second s),
          'held-out rows and noise are the same: the same model has the same ELBO to the bit');
SELECT is(vae_promote('m', 2), 2, 'back to version 2');
SELECT is((SELECT version FROM vae_retrain('m')), 4, 'which is retrained again');
SELECT is((SELECT model::bytea FROM hadvice.models WHERE name = 'm' AND version = 4),
          (SELECT model::bytea FROM hadvice.models WHERE name = 'm' AND version = 3), 'to the same bytes');

-- time
CREATE TEMP TABLE short AS SELECT * FROM vae_retrain('m', max_duration => '1 millisecond');
SELECT cmp_ok((SELECT epochs FROM short), '<=', 2, 'max_duration ends it');
SELECT ok(promoted, 'with the best so far, which is at least the start') FROM short;
SELECT is((SELECT options ->> 'max_seconds' FROM hadvice.models WHERE name = 'm' AND version = 5), NULL,
          'and is not an option of the model');
CREATE TEMP TABLE timed AS
SELECT * FROM vae_train('people', model => 'timed', epochs => 100000, hidden => '{16}', max_duration => '300 milliseconds');
SELECT ok((SELECT abs(t.validation_elbo - max(h.validation)) < 1e-3 FROM hadvice.training_history AS h
            WHERE h.model = 'timed' AND h.epoch <= t.epochs), 'vae_train, too, keeps the best so far') FROM timed AS t;

-- columns and categories come and go
ALTER TABLE people DROP COLUMN weight, ADD COLUMN pulse float8, ADD COLUMN pet text;
UPDATE people SET pulse = 70 + 10 * sin(height), pet = CASE WHEN age % 3 = 0 THEN 'cat' ELSE 'dog' END,
                  city = CASE WHEN age % 10 = 0 THEN 'Davos' ELSE city END;
CREATE TEMP TABLE changed AS SELECT * FROM vae_retrain('m');
SELECT matches(reason, 'started from the weights.*; compared without columns .*: city, pulse, pet') FROM changed;
SELECT is((SELECT columns FROM changed), 6, 'new columns are learnt');
SELECT ok(promoted, 'and it is not worse on the others') FROM changed;
SELECT is((SELECT c -> 'levels' FROM hadvice.models, jsonb_array_elements(vae_info(model) -> 'columns') c
            WHERE name = 'm' AND version = 6 AND c ->> 'name' = 'city'), '["Bern", "Chur", "Davos", "Genf"]', 'a new category');
SELECT is((SELECT metrics -> 'retraining' -> 'warm' FROM hadvice.models WHERE name = 'm' AND version = 6), 'true', 'warm');
SELECT is((vae_impute(p, model => 'm')).height, p.height, 'it is of use') FROM people AS p LIMIT 1;

-- a column moves far away: it is encoded anew, and not compared
UPDATE people SET height = height / 2.54;
SELECT matches(reason, 'started from the weights.*; compared without columns .*: height$') FROM vae_retrain('m');

-- another kind: a cold start
ALTER TABLE people ALTER COLUMN sex TYPE float8 USING height + age * 0.1;
CREATE TEMP TABLE cold AS SELECT * FROM vae_retrain('m');
SELECT matches(reason, 'started anew, since column "sex" is of another kind; compared without columns .*: sex') FROM cold;
SELECT cmp_ok((SELECT epochs FROM cold), '>', 12, 'of as many epochs as the first training');

-- a worse challenger is kept, but not used
SELECT is((SELECT is_current FROM vae_train('people', model => 'w', epochs => 150, hidden => '{16}')), true, 'a good one');
UPDATE hadvice.models SET options = options || '{"epochs": 1}' WHERE name = 'w';
ALTER TABLE people ALTER COLUMN pet TYPE float8 USING age * 1.5 + height;
CREATE TEMP TABLE worse AS SELECT * FROM vae_retrain('w');
SELECT results_eq('SELECT version, is_current, promoted FROM worse', 'VALUES (2, false, false)', 'is not promoted');
SELECT ok(challenger_elbo < champion_elbo, 'since it is worse') FROM worse;
SELECT matches(reason, '^kept as a candidate: ') FROM worse;
SELECT results_eq($$SELECT version, is_current FROM vae_models WHERE model = 'w' ORDER BY version$$,
                  'VALUES (1, true), (2, false)', 'version 1 stays current');
SELECT is(vae_promote('w', 2), 2, 'the candidate can be promoted by hand');

-- nothing to compare by
SELECT is((SELECT is_current FROM vae_train('people', model => 'all', epochs => 2, validation_fraction => 0)), true, 'nothing held out');
SELECT matches(reason, '^kept as a candidate: no row is held out') FROM vae_retrain('all');
SELECT is((SELECT is_current FROM vae_models WHERE model = 'all' AND version = 2), false, 'a candidate');

-- the other architectures
SELECT is((SELECT version FROM vae_train('people', model => 'seed', epochs => 5, architecture => 'seed')), 1, 'seed');
SELECT matches(reason, '; started from the weights') FROM vae_retrain('seed');
CREATE TABLE records AS
SELECT 20 + i % 60 AS age_years, 2000 + 1500 * sin(i) AS sodium_mg, 125 + 15 * sin(i) AS systolic_mmhg FROM generate_series(1, 400) AS i;
SELECT is((SELECT version FROM vae_train('records', epochs => 10)), 1, 'ordered');
SELECT ok(promoted AND reason ~ 'started from the weights', 'ordered, warm') FROM vae_retrain('records');

-- errors
SELECT throws_ok($$SELECT vae_retrain(NULL)$$, '22004', 'model must not be NULL', 'no name');
SELECT throws_ok($$SELECT vae_retrain('nobody')$$, '42704', 'there is no current model "nobody"', 'no such model');
SELECT throws_ok($$SELECT vae_retrain('m', if_new_rows => -1)$$, '22023', NULL, 'a negative share');
SELECT throws_ok($$SELECT vae_retrain('m', if_drift => 'NaN')$$, '22023', NULL, 'no number');
SELECT throws_ok($$SELECT vae_retrain('m', max_duration => '-1 s')$$, '22023', NULL, 'a negative time');

-- the log
SELECT is((SELECT count(vae_retrain('m', if_new_rows => 5))::int FROM generate_series(1, 101)), 101, 'often');
SELECT is((SELECT count(*)::int FROM hadvice.retrainings WHERE model = 'm'), 100, 'the last 100 are kept');
SELECT cmp_ok(vae_drop_model('m'), '>', 0, 'dropped');
SELECT is_empty($$SELECT FROM hadvice.retrainings WHERE model = 'm'$$, 'it goes with the model');

-- without its table
DROP TABLE records;
SELECT throws_ok($$SELECT vae_retrain('records')$$, '55000', NULL, 'the table is gone');

SELECT finish();
ROLLBACK;
