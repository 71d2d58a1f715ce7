-- Using a model: anomaly, embedding, reconstruction, imputation, in every form.
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
SELECT plan(38);

SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 25) $$, 'a model of the demo');
CREATE TEMP TABLE ten AS SELECT t FROM health_records t ORDER BY respondent_id LIMIT 10;
CREATE TEMP TABLE m AS SELECT model FROM hadvice.models WHERE name = 'health_records';

-- anomaly
SELECT ok(bool_and(vae_anomaly(t) BETWEEN 0 AND 1), 'scores lie between 0 and 1') FROM health_records t;
SELECT ok(abs(avg(vae_anomaly(t)) - 0.5) < 0.05, 'the training rows are spread evenly') FROM health_records t;
SELECT ok(avg(vae_anomaly(to_jsonb(t), 'health_records'))
          < avg(vae_anomaly(to_jsonb(t) || jsonb_build_object('waist_cm', u.waist_cm, 'weight_kg', u.weight_kg,
                                                              'energy_kcal', u.energy_kcal), 'health_records')) - 0.1,
          'people with another''s waist, weight and energy are stranger')
FROM health_records t JOIN health_records u ON u.respondent_id = t.respondent_id + 1;
SELECT is(vae_anomaly(NULL::health_records), NULL, 'NULL row, NULL score');
SELECT is(vae_anomaly('{}'::jsonb, 'health_records'), NULL, 'nothing known, NULL score');
SELECT ok(bool_and(vae_anomaly(t) = vae_anomaly(m.model, t)), 'by registry and by value the same') FROM ten, m;
-- a real is not the same number as its shortest decimal
SELECT ok(bool_and(abs(vae_anomaly(t) - vae_anomaly(to_jsonb(t), 'health_records')) < 1e-3), 'row and jsonb the same') FROM ten;
SELECT ok(bool_and(vae_anomaly(t) = vae_anomaly(t, version => 1)), 'a version may be named') FROM ten;

-- embedding
SELECT is(array_agg(DISTINCT array_length(vae_embed(t), 1)),
          ARRAY[(SELECT sum(l::int)::int FROM m, jsonb_array_elements_text(vae_info(model) -> 'latent') l)],
          'an embedding has the latent sizes of all stages') FROM ten;
SELECT ok(bool_and(vae_embed(t) = vae_embed(m.model, t)), 'by value the same') FROM ten, m;
SELECT ok(bool_and(abs((vae_embed(t))[1] - (vae_embed(m.model, to_jsonb(t)))[1]) < 1e-3), 'from jsonb, too') FROM ten, m;
SELECT is(vae_embed(NULL::health_records), NULL, 'NULL row, NULL embedding');

-- imputation
CREATE TEMP TABLE gaps AS
    SELECT t, vae_impute(t) AS filled FROM health_records t WHERE systolic_mmhg IS NULL AND waist_cm IS NULL LIMIT 20;
SELECT is_empty($$ SELECT FROM gaps, jsonb_each(to_jsonb(filled)) WHERE value = 'null' $$, 'every gap is filled');
SELECT is_empty($$ SELECT a.key FROM gaps, jsonb_each(to_jsonb(t)) a JOIN LATERAL jsonb_each(to_jsonb(filled)) b USING (key)
                   WHERE a.value <> 'null' AND a.value <> b.value $$, 'nothing else is touched');
SELECT is(pg_typeof(vae_impute(t))::text, 'health_records', 'the row comes back as its type') FROM ten LIMIT 1;
SELECT ok(bool_and((vae_impute(to_jsonb(t) - 'sex', 'health_records') ->> 'sex') IN ('female', 'male')),
          'a missing key is filled in jsonb') FROM ten;
SELECT is(vae_impute(NULL::health_records), NULL, 'NULL row, NULL row');

-- masked cells of people that were not trained on, against mean and mode
CREATE VIEW trained_on AS SELECT * FROM health_records WHERE respondent_id % 5 <> 0;
SELECT lives_ok($$ SELECT vae_train('trained_on', epochs => 40) $$, 'a model of four fifths');
CREATE TEMP TABLE hidden AS SELECT to_jsonb(t) AS person FROM health_records t WHERE respondent_id % 5 = 0;
CREATE TEMP TABLE cells AS
    SELECT c, person ->> c AS truth, vae_impute(person - c, 'trained_on') ->> c AS guess
    FROM hidden, unnest('{weight_kg,waist_cm,systolic_mmhg,sodium_mg,hdl_mg_dl,age_years,
                          sex,hypertension_diagnosed,smoking_status,diabetes_medication}'::text[]) c
    WHERE person ->> c IS NOT NULL;
CREATE TEMP TABLE known AS SELECT key AS c, value AS v FROM trained_on t, jsonb_each_text(to_jsonb(t));
CREATE TEMP TABLE numeric_error AS
    SELECT c, sqrt(avg(power(truth::float8 - guess::float8, 2)) / avg(power(truth::float8 - mean, 2))) AS ratio
    FROM cells JOIN (SELECT c, avg(v::float8) AS mean FROM known WHERE v ~ '^[0-9.]+$' GROUP BY c) m USING (c) GROUP BY c;
SELECT ok(count(*) = 6 AND max(ratio) < 0.97 AND avg(ratio) < 0.75, 'numbers: clearly nearer than the mean') FROM numeric_error;
CREATE TEMP TABLE word_error AS
    SELECT c, avg((truth <> guess)::int) AS error, avg((truth <> mode)::int) AS of_mode
    FROM cells JOIN (SELECT c, mode() WITHIN GROUP (ORDER BY v) AS mode FROM known WHERE v ~ '^[a-z]' GROUP BY c) m USING (c) GROUP BY c;
SELECT ok(count(*) = 4 AND avg(error / of_mode) < 0.7, 'words: clearly better than the mode') FROM word_error;

-- reconstruction
SELECT ok(bool_and((vae_reconstruct(t)).respondent_id = t.respondent_id), 'columns left out stay') FROM health_records t LIMIT 1;
SELECT ok(corr((vae_reconstruct(t)).weight_kg, t.weight_kg) > 0.8, 'a reconstruction is near its row') FROM health_records t;
SELECT ok(bool_and(vae_reconstruct(to_jsonb(t), 'health_records') ? 'weight_kg'), 'from jsonb, too') FROM ten;

-- rows that are not quite the table's
SELECT is(vae_anomaly(s, 'health_records'), vae_anomaly(t), 'a column more is passed over')
FROM (SELECT t.*, 1 AS extra FROM health_records t ORDER BY respondent_id LIMIT 1) s,
     (SELECT ten.t FROM ten LIMIT 1) ten(t);
CREATE TABLE other (systolic_mmhg text, sex text);
INSERT INTO other VALUES ('high', 'female');
SELECT throws_ok($$ SELECT vae_anomaly(o, 'health_records') FROM other o $$, '42804', NULL, 'a column of a wrong type is named');
SELECT throws_ok($$ SELECT vae_anomaly(o) FROM other o $$, '42704', NULL, 'a row of another table has no model');
SELECT throws_ok($$ SELECT vae_anomaly(o, 'nonsense') FROM other o $$, '42704', NULL, 'no such model');
SELECT throws_ok($$ SELECT vae_anomaly(ROW(1, 2)) $$, '42704', NULL, 'an anonymous row needs a model''s name');
SELECT throws_ok($$ SELECT vae_anomaly('{"age_years": 50}'::jsonb) $$, '42704', NULL, 'so does jsonb');
SELECT throws_ok($$ SELECT vae_anomaly('[1]'::jsonb, 'health_records') $$, '22023', NULL, 'jsonb must be an object');
ALTER TABLE health_records DROP COLUMN sodium_mg CASCADE, ADD COLUMN note text;
SELECT ok(vae_anomaly(t) BETWEEN 0 AND 1, 'after a column was dropped and one added') FROM health_records t LIMIT 1;
ALTER TABLE health_records RENAME COLUMN sex TO gender;
SELECT ok(vae_anomaly(t) BETWEEN 0 AND 1, 'after a column was renamed it counts as missing') FROM health_records t LIMIT 1;
ALTER TABLE health_records RENAME TO records;
SELECT ok(vae_anomaly(t) BETWEEN 0 AND 1, 'after the table was renamed') FROM records t LIMIT 1;

-- another architecture
SELECT lives_ok($$ SELECT vae_train('records', 'seed', architecture => 'seed', epochs => 3) $$, 'a seed model');
SELECT ok(bool_and(vae_anomaly(t, 'seed') BETWEEN 0 AND 1 AND vae_embed(t, 'seed') IS NOT NULL
                   AND (vae_impute(t, 'seed')).age_years > 0 AND (vae_reconstruct(t, 'seed')).age_years > 0),
          'all of it works with a seed model') FROM records t WHERE respondent_id % 50 = 0;
SELECT lives_ok($$ SELECT vae_train('records', 'joint', architecture => 'joint', epochs => 3) $$, 'a joint model');
SELECT ok(bool_and(vae_anomaly(t, 'joint') BETWEEN 0 AND 1 AND vae_embed(t, 'joint') IS NOT NULL
                   AND (vae_impute(t, 'joint')).age_years > 0 AND (vae_reconstruct(t, 'joint')).age_years > 0),
          'and with a joint one') FROM records t WHERE respondent_id % 50 = 0;
SELECT * FROM finish();
ROLLBACK;
