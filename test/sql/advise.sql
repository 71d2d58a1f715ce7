-- vae_advise and vae_advise_explain: forms, options, red flags, and what they say when they cannot.
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
SELECT plan(47);

SELECT throws_ok($$ SELECT vae_advise(t) FROM health_records t LIMIT 1 $$, '42704', NULL, 'without any model');
SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 30) $$, 'a model of the demo');
CREATE TEMP TABLE ill AS SELECT t FROM health_records t
    WHERE systolic_mmhg BETWEEN 145 AND 165 AND bmi_kg_m2 > 31 AND age_years BETWEEN 40 AND 60
      AND moderate_exercise_min_week = 0 AND depression_phq9 < 10 AND hba1c_percent < 6.5 AND diabetes_diagnosed = 'no'
    ORDER BY respondent_id LIMIT 8;
CREATE TEMP TABLE m AS SELECT model FROM hadvice.models WHERE name = 'health_records';

-- forms
SELECT cmp_ok(count(*), '>', 8::bigint, 'advice for ill people') FROM ill, vae_advise(t);
SELECT bag_eq('SELECT feature, target_value, rank FROM ill, vae_advise(t)',
              'SELECT feature, target_value, rank FROM ill, m, vae_advise(m.model, t)', 'by value the same');
SELECT bag_eq('SELECT feature, target_value, rank FROM ill, vae_advise(t)',
              $$SELECT feature, target_value, rank FROM ill, vae_advise(to_jsonb(t), 'health_records')$$, 'from jsonb the same');
SELECT bag_eq('SELECT feature, target_value, rank FROM ill, vae_advise(t)',
              'SELECT feature, target_value, rank FROM ill, vae_advise(t)', 'twice the same');
SELECT ok(bool_and(model = 'health_records' AND version = 1), 'the model is named') FROM ill, vae_advise(t);
SELECT is_empty($$ SELECT * FROM vae_advise(NULL::health_records) $$, 'NULL row, no row');
SELECT is(vae_advise_explain(NULL::health_records), NULL, 'NULL row, no explanation');
SELECT ok(count(*) FILTER (WHERE jsonb_array_length(effects) > 1) > 0, 'effects on all outcomes') FROM ill, vae_advise(t);
SELECT ok(bool_and(e ?& '{outcome,effect,low,high,probability,unit}'::text[]), 'with all that belongs to an effect')
FROM ill, vae_advise(t), jsonb_array_elements(effects) e;

-- options
SELECT is(max(n), 1::bigint, 'max_actions => 1')
FROM (SELECT count(*) AS n FROM ill, vae_advise(t, max_actions => 1) WHERE kind = 'action' GROUP BY t) x;
SELECT is_empty($$ SELECT FROM ill, vae_advise(t, max_actions => 8, locked => '["exercise", "weight_kg"]')
                   WHERE domain = 'exercise' OR feature = 'weight_kg' $$, 'what is locked is left alone');
SELECT is_empty($$ SELECT FROM ill, vae_advise(t, max_actions => 8, wishes => '{"diet": 0}') WHERE domain = 'diet' $$,
                'a wish of 0 is a lock');
SELECT cmp_ok(max(plan), '>', 1, 'alternatives') FROM ill, vae_advise(t, alternatives => 3);
SELECT is_empty($$ SELECT FROM (SELECT t, plan, min(feature) FILTER (WHERE rank = 1) AS first FROM ill, vae_advise(t, alternatives => 3)
                                GROUP BY t, plan) a JOIN (SELECT t, plan, feature FROM ill, vae_advise(t, alternatives => 3)) b
                   ON (a.t).respondent_id = (b.t).respondent_id AND b.plan > a.plan AND b.feature = a.first $$,
                'a later plan does without the first action of an earlier one');
SELECT is(vae_advise_explain(t, programme => 'diabetes') ->> 'programme', 'diabetes', 'a programme by name') FROM ill LIMIT 1;
SELECT ok(bool_and(advice ~ '[一-龥]'), 'in Chinese') FROM ill, vae_advise(t, lang => 'zh');
SELECT throws_ok($$ SELECT vae_advise(t, max_actions => 0) FROM ill $$, '22023', NULL, 'max_actions 0');
SELECT throws_ok($$ SELECT vae_advise(t, max_actions => 100) FROM ill $$, '22023', NULL, 'max_actions 100');
SELECT throws_ok($$ SELECT vae_advise(t, alternatives => 0) FROM ill $$, '22023', NULL, 'alternatives 0');
SELECT throws_ok($$ SELECT vae_advise(t, programme => 'juggling') FROM ill $$, '42704', NULL, 'an unknown programme');
SELECT throws_ok($$ SELECT vae_advise(t, lang => 'xx') FROM ill $$, '42704', NULL, 'an unknown language');
SELECT throws_ok($$ SELECT vae_advise(t, locked => '{}') FROM ill $$, '22023', NULL, 'locked is an array');
SELECT throws_ok($$ SELECT vae_advise(t, locked => '["juggling"]') FROM ill $$, '22023', NULL, 'of known names');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '[]') FROM ill $$, '22023', NULL, 'wishes is an object');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '{"juggling": 1}') FROM ill $$, '22023', NULL, 'of known names');
SET LOCAL hadvice.min_probability = 1;
SELECT is_empty($$ SELECT FROM ill, vae_advise(t) WHERE basis LIKE 'model%' AND probability < 1 $$, 'hadvice.min_probability');
RESET hadvice.min_probability;

-- red flags, healthy people, and nothing to say
SELECT results_eq($$ SELECT kind, rank FROM ill, vae_advise(to_jsonb(t) || '{"systolic_mmhg": 195}', 'health_records') LIMIT 1 $$,
                  $$ VALUES ('refer', 0) $$, 'a blood pressure of 195 goes to a doctor');
SELECT is_empty($$ SELECT FROM ill, vae_advise(to_jsonb(t) || '{"systolic_mmhg": 195}', 'health_records') WHERE kind = 'action' $$,
                'and nothing else before');
SELECT is_empty($$ SELECT FROM ill, vae_advise(to_jsonb(t) || '{"age_years": 16}', 'health_records') WHERE kind = 'action' $$,
                'no adult targets for children');
SELECT is_empty($$ SELECT FROM ill, vae_advise(to_jsonb(t) || '{"pregnant": "yes"}', 'health_records') WHERE feature IN ('weight_kg', 'energy_kcal') $$,
                'a column that the model never saw counts: no weight loss in pregnancy');
SELECT is_empty($$ SELECT FROM ill, vae_advise(to_jsonb(t) || '{"eating_disorder": true}', 'health_records') WHERE feature IN ('weight_kg', 'energy_kcal') AND kind = 'action' $$,
                'a boolean true is a yes');
SELECT results_eq($$ SELECT kind, rank, count(*) FROM vae_advise('{"age_years": 30}'::jsonb, 'health_records') GROUP BY 1, 2 $$,
                  $$ VALUES ('keep', 1, 1::bigint) $$, 'one row when there is nothing to change');
SELECT ok(vae_advise_explain('{"age_years": 30}'::jsonb, 'health_records') ->> 'reason' IS NOT NULL, 'with its reason');
SELECT ok(bool_and(e ->> 'status' IS NOT NULL), 'every action considered has a status')
FROM ill, jsonb_array_elements(vae_advise_explain(t) -> 'considered') e;
SELECT ok(bool_or(r ->> 'rule' = 'energy_floor'), 'and the rules that hold for it')
FROM ill, jsonb_array_elements(vae_advise_explain(t) -> 'considered') e, jsonb_array_elements(e -> 'rules') r;

-- units: the same person in pounds, under other names
CREATE TABLE imperial AS SELECT respondent_id, age_years AS age, sex AS gender, height_cm / 2.54 AS height_in, weight_kg / 0.45359237 AS pounds,
    bmi_kg_m2 AS bmi, systolic_mmhg AS sbp, sodium_mg, fiber_g, moderate_exercise_min_week FROM health_records;
SELECT lives_ok($$ SELECT vae_map_column('imperial', 'pounds', 'weight_kg', 0.45359237),
                          vae_map_column('imperial', 'height_in', 'height_cm', 2.54) $$, 'a table in pounds');
SELECT lives_ok($$ SELECT vae_train('imperial', epochs => 30) $$, 'its model');
CREATE TEMP TABLE imperial_advice AS SELECT i.respondent_id, a.* FROM imperial i, vae_advise(i, max_actions => 8) a WHERE bmi > 30;
SELECT cmp_ok(count(*), '>', 100::bigint, 'advice on weight') FROM imperial_advice WHERE feature = 'weight_kg';
SELECT ok(bool_and(target_value::float8 >= 0.9 * h.weight_kg - 1e-3 AND target_value::float8 < h.weight_kg AND unit = 'kg'), 'in kilograms')
FROM imperial_advice a JOIN health_records h USING (respondent_id) WHERE a.feature = 'weight_kg' AND a.kind = 'action';

-- models that cannot advise, and one of a single block that can
CREATE VIEW no_outcomes AS SELECT age_years, sex, sodium_mg FROM health_records;
SELECT lives_ok($$ SELECT vae_train('no_outcomes', epochs => 1) $$, 'a model without outcomes');
SELECT throws_ok($$ SELECT vae_advise(t) FROM no_outcomes t LIMIT 1 $$, '55000', NULL, 'says that it cannot advise');
SELECT lives_ok($$ SELECT vae_train('health_records', 'joint', architecture => 'joint', epochs => 10) $$, 'a joint model');
SELECT cmp_ok(count(*), '>', 0::bigint, 'advises, too') FROM ill, vae_advise(t, 'joint') WHERE kind = 'action';

-- what is new to the trace and to alternatives
SELECT ok(bool_and(jsonb_typeof(e -> 'model_disagrees') = 'array'), 'the trace says where the model disagrees')
FROM ill, jsonb_array_elements(vae_advise_explain(t) -> 'considered') e;
SELECT cmp_ok(avg(distance), '>=', 0.5, 'alternatives are different plans') FROM (
    SELECT 1 - count(*) FILTER (WHERE one AND two)::numeric / count(*) AS distance FROM (
        SELECT (t).respondent_id, a.feature, bool_or(plan = 1) AS one, bool_or(plan = 2) AS two
        FROM ill, vae_advise(t, alternatives => 2) a WHERE kind = 'action' GROUP BY 1, 2) f
    GROUP BY respondent_id HAVING bool_or(two)) d;
SELECT * FROM finish();
ROLLBACK;
