-- Rows that mean harm or are half understood: what is no row is refused, what is not understood counts
-- on the careful side, what is implausible is still a red flag, and who may not see a model gets no answer.
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
SELECT plan(45);
SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 8) $$, 'a model of the demo');

-- values that are no rows
SELECT throws_ok(format('SELECT vae_%s(%s)', f, v), '42804', NULL, f || ' of ' || v)
FROM unnest('{impute,reconstruct}'::text[]) f,
     unnest(ARRAY['5', '8::bigint', 'current_date', 'decode(''ff000000'', ''hex'')', '''x''::text', 'ARRAY[1]', 'int4range(1, 2)']) v;
SELECT throws_ok($$ SELECT vae_impute(model, 42) FROM hadvice.models WHERE name = 'health_records' $$, '42804', NULL, 'by value, too');

-- one person, and what is said of them
CREATE FUNCTION pg_temp.said(more jsonb) RETURNS TABLE (kind text, feature text, change float8) LANGUAGE sql AS $$
    SELECT a.kind, a.feature, a.change FROM vae_advise('{"age_years": 30, "sex": "female", "weight_kg": 95, "height_cm": 165,
        "systolic_mmhg": 128, "diastolic_mmhg": 79, "hba1c_percent": 5.4, "sodium_mg": 4000, "fiber_g": 10, "sleep_hours": 6,
        "moderate_exercise_min_week": 0, "alcohol_days_year": 50, "drinks_per_drinking_day": 2, "diabetes_medication": "no",
        "bp_medication": "no", "diabetes_diagnosed": "no"}'::jsonb || more, 'health_records', max_actions => 8) a $$;
SELECT ok(bool_or(feature = 'weight_kg'), 'as recorded she is advised to lose weight') FROM pg_temp.said('{}');

-- words that are not understood count as yes
SELECT is_empty(format('SELECT FROM pg_temp.said(%L) WHERE feature = ''weight_kg''', more), 'no weight loss: ' || more)
FROM unnest('{"{\"pregnant\": \"ja\"}","{\"pregnant\": \"yes \"}","{\"pregnant\": 2}","{\"eating_disorder\": \"anorexia\"}",
              "{\"is_pregnant\": \"no\", \"pregnant\": \"yes\"}","{\"pregnancy\": \"yes\", \"pregnant\": \"no\"}"}'::text[]) more;
SELECT results_eq($$ SELECT DISTINCT kind FROM pg_temp.said('{"chest_pain": "oui"}') $$, $$ VALUES ('refer') $$, 'chest pain in French');
SELECT throws_ok($$ SELECT pg_temp.said('{"chest_pain": ["yes"]}') $$, '42804', NULL, 'a list is no value');

-- implausible values are no numbers to compute with, but flags they are
SELECT ok(bool_or(kind = 'refer'), 'a flag: ' || more)
FROM unnest('{"{\"systolic_mmhg\": 270}","{\"fasting_glucose_mg_dl\": 850}","{\"hba1c_percent\": 21}","{\"pulse_bpm\": \"150\"}",
              "{\"fasting_glucose_mg_dl\": \"500\"}","{\"depression_phq9\": 30}"}'::text[]) more, pg_temp.said(more::jsonb) GROUP BY more ORDER BY more;
SELECT is_empty($$ SELECT FROM pg_temp.said('{"age_years": -1}') WHERE kind = 'action' $$, 'an age of -1 is a child''s');
SELECT is_empty($$ SELECT FROM pg_temp.said('{"age_years": null}') WHERE kind = 'action' $$, 'so is an age that is not recorded');
SELECT is_empty($$ SELECT FROM pg_temp.said('{"sodium_mg": 1e400}') WHERE feature = 'sodium_mg' $$, 'nothing is said on infinity');

-- heavy drinking by any measure
SELECT is_empty($$ SELECT FROM pg_temp.said('{"alcohol_days_year": 365, "drinks_per_drinking_day": 10, "drinks_per_week": 5}')
                   WHERE feature ~ 'alcohol|drinks' AND kind = 'action' $$, 'one measure above is enough');
SELECT is_empty($$ SELECT FROM pg_temp.said('{"drinks_per_week": 20}') WHERE feature ~ 'alcohol|drinks' AND kind = 'action' $$, 'whichever');
SELECT throws_ok($$ SELECT pg_temp.said('{"sbp": 150}') $$, '42702', NULL, 'two columns that are one feature and differ');

-- units of the model's own columns hold wherever the row comes from
CREATE TABLE visits (person int, age int, glucose float8, sodium_mg float8, systolic_mmhg float8) PARTITION BY RANGE (person);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (1000000);
INSERT INTO visits SELECT i, 30 + i % 40, 4 + (i % 30) / 10.0, 2000 + i % 3000, 110 + i % 50 FROM generate_series(1, 400) i;
CREATE VIEW visits_view AS SELECT * FROM visits;
SELECT vae_map_column('visits', 'glucose', 'fasting_glucose_mg_dl', 18) IS NULL AS mapped \gset
SELECT lives_ok($$ SELECT vae_train('visits', epochs => 3) $$, 'a table in mmol/l');
UPDATE visits SET glucose = 25 WHERE person = 7;
SELECT ok(bool_and(advice ~ '126'), 'a partition''s row') FROM visits_1 v, vae_advise(v) WHERE person = 7 AND kind = 'refer';
SELECT ok(bool_and(advice ~ '126'), 'a view''s row') FROM visits_view v, vae_advise(v, 'visits') WHERE person = 7 AND kind = 'refer';
SELECT ok(bool_and(advice ~ '126'), 'jsonb, by value') FROM visits v, hadvice.models m, vae_advise(m.model, to_jsonb(v))
WHERE person = 7 AND kind = 'refer' AND m.name = 'visits';

-- a rule counts at once, in one transaction and one call site; a model is not another role's
CREATE FUNCTION pg_temp.sodium() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT e ->> 'status' FROM jsonb_array_elements(vae_advise_explain('{"age_years": 50, "sodium_mg": 4000}'::jsonb, 'health_records')
                                                            -> 'considered') e WHERE e ->> 'feature' = 'sodium_mg');
END $$;
SELECT isnt(pg_temp.sodium(), 'forbidden by a rule', 'before a new rule');
INSERT INTO hadvice.rules (id, feature, effect, reason, source) VALUES ('test_all', '*', 'forbid', 'test', 'test');
SELECT is(pg_temp.sodium(), 'forbidden by a rule', 'after it');
CREATE ROLE hadvice_test_guest;
CREATE FUNCTION pg_temp.guest_asks() RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    RETURN vae_anomaly('{"age_years": 50}'::jsonb, 'health_records');
END $$;
SELECT isnt(pg_temp.guest_asks(), NULL, 'the owner gets an answer');
SET LOCAL ROLE hadvice_test_guest;
SELECT throws_ok('SELECT pg_temp.guest_asks()', '42704', NULL, 'another role in the same session does not');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
