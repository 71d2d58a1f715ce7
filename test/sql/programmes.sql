-- Programmes: who gets which by the record, the targets of the person, the actions preferred; medicines are never touched, and
-- every red flag sends to a doctor, at its threshold and not before.
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
SELECT plan(92);
SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 12) $$, 'a model of the demo');

CREATE FUNCTION pg_temp.explain(more jsonb, programme text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
    SELECT vae_advise_explain('{"age_years": 50, "sex": "male", "systolic_mmhg": 126, "diastolic_mmhg": 78, "hba1c_percent": 5.5, "hdl_mg_dl": 48, "total_cholesterol_mg_dl": 190,
        "weight_kg": 80, "height_cm": 178, "bmi_kg_m2": 25.2, "waist_cm": 96, "depression_phq9": 2, "sleep_hours": 7.5}'::jsonb || more, 'health_records', programme => programme) $$;

-- by the record, the more serious first; a programme by name
SELECT is(pg_temp.explain(more) ->> 'programme', programme, format('%s: %s', programme, more)) FROM (VALUES
    ('{}'::jsonb, 'general'), ('{"sleep_hours": 5.5}', 'sleep'), ('{"sleep_hours": 6.5}', 'general'), ('{"sleep_hours": 6.5, "sleep_trouble": "yes"}', 'sleep'),
    ('{"sleep_hours": 5.5, "bmi_kg_m2": 31}', 'weight'), ('{"bmi_kg_m2": 31, "hypertension_diagnosed": "yes"}', 'hypertension'),
    ('{"systolic_mmhg": 141}', 'hypertension'), ('{"diastolic_mmhg": 90}', 'hypertension'), ('{"systolic_mmhg": 139, "diastolic_mmhg": 89}', 'general'),
    ('{"systolic_mmhg": 150, "diabetes_diagnosed": "yes"}', 'diabetes'), ('{"diabetes_medication": "yes"}', 'diabetes'), ('{"hba1c_percent": 6.5}', 'diabetes'),
    ('{"diabetes_diagnosed": "borderline"}', 'general'), ('{"hba1c_percent": 8, "diabetes_diagnosed": "yes", "cardiovascular_disease": "yes"}', 'heart'),
    ('{"cardiovascular_disease": null, "diabetes_diagnosed": null, "hypertension_diagnosed": null}', 'general')) v (more, programme);
SELECT is(pg_temp.explain('{"systolic_mmhg": 150}', p) ->> 'programme', p, 'by name: ' || p) FROM unnest('{general,diabetes,hypertension,weight,sleep,heart}'::text[]) p;

-- the domains that a programme prefers: programmes that are the general one but for that
SELECT is_empty($$ SELECT programme FROM hadvice.programmes WHERE domains = '{}' AND programme <> 'general' $$, 'every programme prefers some domains');
INSERT INTO hadvice.programmes (programme, label, outcomes, domains, precedence, source, year)
SELECT 'only ' || d, d, outcomes, ARRAY[d], -1, 'test', 2025 FROM hadvice.programmes, unnest('{diet,exercise}'::text[]) d WHERE programme = 'general';
CREATE TEMP TABLE first AS
    SELECT p AS programme, a.domain FROM health_records t, unnest('{general,only diet,only exercise}'::text[]) p, vae_advise(t, programme => p, max_actions => 1) a
    WHERE respondent_id % 14 = 5 AND kind = 'action';
SELECT cmp_ok(count(*) FILTER (WHERE programme = 'only ' || domain), '>', count(*) FILTER (WHERE programme = 'general'), 'they come first more often')
FROM first WHERE domain IN ('diet', 'exercise');
DELETE FROM hadvice.programmes WHERE programme LIKE 'only %';

-- targets of the person
CREATE FUNCTION pg_temp.goal(outcome text, more jsonb, programme text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', g ->> 'low', '-', g ->> 'high') FROM jsonb_array_elements(pg_temp.explain(more, programme) -> 'goals') g WHERE g ->> 'outcome' = goal.outcome $$;
SELECT is(pg_temp.goal(outcome, more), goal, format('%s %s: %s', outcome, goal, more)) FROM (VALUES
    ('hba1c_percent', '{}'::jsonb, '- 5.7'), ('hba1c_percent', '{"diabetes_diagnosed": "yes"}', '- 7'), ('hba1c_percent', '{"diabetes_diagnosed": "borderline"}', '- 5.7'),
    ('hba1c_percent', '{"diabetes_diagnosed": null}', '- 5.7'), ('hba1c_percent', '{"diabetes_diagnosed": "yes", "frail": "yes"}', '- 8'), ('hba1c_percent', '{"frail": "yes"}', '- 5.7'),
    ('systolic_mmhg', '{}', '- 130'), ('systolic_mmhg', '{"hypertension_diagnosed": "yes"}', '- 130'), ('diastolic_mmhg', '{"hypertension_diagnosed": "yes"}', '- 80'),
    ('systolic_mmhg', '{"diabetes_diagnosed": "yes"}', '- 130'), ('hdl_mg_dl', '{}', '40 -'), ('hdl_mg_dl', '{"sex": "female"}', '50 -'), ('hdl_mg_dl', '{"sex": null}', '40 -'),
    ('bmi_kg_m2', '{}', '18.5 - 25'), ('bmi_kg_m2', '{"race_ethnicity": "asian"}', '18.5 - 23'), ('bmi_kg_m2', '{"race_ethnicity": "asian", "age_years": 76}', '22 - 30'),
    ('bmi_kg_m2', '{"age_years": 19}', NULL), ('waist_cm', '{}', '- 102'), ('waist_cm', '{"sex": "female"}', '- 88'), ('waist_cm', '{"race_ethnicity": "asian"}', '- 90'),
    ('waist_cm', '{"race_ethnicity": "asian", "sex": "female"}', '- 80'), ('depression_phq9', '{}', '- 5'), ('total_cholesterol_mg_dl', '{}', '- 200'),
    ('systolic_mmhg', '{"systolic_mmhg": null}', NULL)) v (outcome, more, goal);
INSERT INTO hadvice.targets (outcome, high, scale, applies_when, source, year) VALUES ('systolic_mmhg', 120, 10, '$.cardiovascular_disease == "yes"', 'test', 2025);
INSERT INTO hadvice.targets (outcome, high, scale, programme, source, year) VALUES ('systolic_mmhg', 125, 10, 'sleep', 'test', 2025);
SELECT is(pg_temp.goal('systolic_mmhg', '{"cardiovascular_disease": "yes"}'), '- 120', 'a target of one''s own counts before the built-in one');
SELECT is(pg_temp.goal('systolic_mmhg', '{}'), '- 130', 'for those whom it is for');
SELECT is(pg_temp.goal('systolic_mmhg', '{}', 'sleep'), '- 125', 'and in the programme that it is for');
UPDATE hadvice.programmes SET outcomes = '{hba1c_percent}' WHERE programme = 'sleep';
SELECT is(pg_temp.goal('systolic_mmhg', '{}', 'sleep'), NULL, 'a programme counts its own outcomes only');
UPDATE hadvice.programmes p SET outcomes = (SELECT outcomes FROM hadvice.programmes g WHERE g.programme = 'general') WHERE programme = 'sleep';

-- the focus counts double
CREATE FUNCTION pg_temp.weight(outcome text, programme text) RETURNS numeric LANGUAGE sql AS $$
    SELECT round((g ->> 'weight')::numeric, 3) FROM jsonb_array_elements(pg_temp.explain('{}', programme) -> 'goals') g WHERE g ->> 'outcome' = weight.outcome $$;
SELECT is(pg_temp.weight(o, programme), 2 * pg_temp.weight(o, 'general'), format('%s counts double in %s', o, programme))
FROM hadvice.programmes, unnest(focus) o WHERE o NOT IN ('fasting_glucose_mg_dl', 'ldl_mg_dl', 'anxiety_gad7') ORDER BY programme, o;
SELECT is(pg_temp.weight('systolic_mmhg', 'diabetes'), pg_temp.weight('systolic_mmhg', 'general'), 'the rest does not');

-- medicines stay with the doctor, whatever the catalogue is made to say
UPDATE hadvice.features SET role = 'action', safe_direction = 'range', step = 1, max_step = 1 WHERE feature ~ 'medication|warfarin';
SELECT is_empty($$ SELECT a.feature FROM health_records t, vae_advise(to_jsonb(t) || '{"warfarin": "yes", "cholesterol_medication": "no"}', 'health_records', max_actions => 8) a
                   WHERE respondent_id % 40 = 1 AND a.feature ~ 'medication|warfarin' $$, 'no medicine is advised');
SELECT is_empty($$ SELECT sentence FROM hadvice.texts WHERE direction IN ('up', 'down') AND sentence ~* 'medicine|tablet|pill|insulin|statin|dose' $$, 'nor in words');

-- red flags: at the threshold, and not before
CREATE FUNCTION pg_temp.flags(more jsonb) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT r.id FROM vae_advise('{"age_years": 50, "sex": "male", "systolic_mmhg": 126, "diastolic_mmhg": 78, "hba1c_percent": 5.5}'::jsonb || more, 'health_records') a
                 JOIN hadvice.rules r ON r.effect = 'refer' AND r.reason = a.advice WHERE a.kind = 'refer' AND a.rank = 0) $$;
CREATE TEMP TABLE flags (id text, yes jsonb, no jsonb);
INSERT INTO flags VALUES
    ('refer_chest_pain', '{"chest_pain": "yes"}', '{"chest_pain": "no"}'), ('refer_self_harm', '{"self_harm_thoughts": "yes"}', '{"self_harm_thoughts": null}'),
    ('refer_bp_crisis', '{"systolic_mmhg": 180}', '{"systolic_mmhg": 179}'), ('refer_bp_crisis', '{"diastolic_mmhg": 120}', '{"diastolic_mmhg": 119}'),
    ('refer_bp_160', '{"systolic_mmhg": 160}', '{"systolic_mmhg": 159}'), ('refer_bp_160', '{"diastolic_mmhg": 100}', '{"diastolic_mmhg": 99}'),
    ('refer_bmi_16', '{"bmi_kg_m2": 15.9}', '{"bmi_kg_m2": 16}'), ('refer_phq9_15', '{"depression_phq9": 15}', '{"depression_phq9": 14}'),
    ('refer_phq9_10', '{"depression_phq9": 10}', '{"depression_phq9": 9}'), ('refer_gad7_15', '{"anxiety_gad7": 15}', '{"anxiety_gad7": 14}'),
    ('refer_glucose_low', '{"fasting_glucose_mg_dl": 53}', '{"fasting_glucose_mg_dl": 54}'), ('refer_hba1c_new', '{"hba1c_percent": 6.5}', '{"hba1c_percent": 6.4}'),
    ('refer_hba1c_new', '{"hba1c_percent": 9, "diabetes_diagnosed": "no"}', '{"hba1c_percent": 9, "diabetes_diagnosed": "yes"}'),
    ('refer_glucose_new', '{"fasting_glucose_mg_dl": 126}', '{"fasting_glucose_mg_dl": 126, "diabetes_diagnosed": "yes"}'),
    ('refer_hba1c_10', '{"hba1c_percent": 10, "diabetes_diagnosed": "yes"}', '{"hba1c_percent": 9.9, "diabetes_diagnosed": "yes"}'),
    ('refer_triglycerides_500', '{"triglycerides_mg_dl": 500}', '{"triglycerides_mg_dl": 499}'), ('refer_ldl_190', '{"ldl_mg_dl": 190}', '{"ldl_mg_dl": 189}'),
    ('refer_egfr_30', '{"egfr_ml_min": 29}', '{"egfr_ml_min": 30}'), ('refer_pulse_131', '{"pulse_bpm": 131}', '{"pulse_bpm": 130}'),
    ('refer_heavy_drinking', '{"drinks_per_week": 15}', '{"drinks_per_week": 14}'), ('refer_heavy_drinking', '{"drinks_per_week": 8, "sex": "female"}', '{"drinks_per_week": 8}'),
    ('refer_heavy_drinking', '{"alcohol_days_year": 260, "drinks_per_drinking_day": 3}', '{"alcohol_days_year": 259, "drinks_per_drinking_day": 3}'),
    ('refer_eating_disorder', '{"eating_disorder": true}', '{"eating_disorder": false}'), ('refer_sleep_apnoea', '{"sleep_apnoea": "yes"}', '{}'),
    ('refer_pregnant', '{"pregnant": "yes", "sex": "female"}', '{"sex": "female"}'), ('refer_under_18', '{"age_years": 17}', '{"age_years": 18}');
SELECT set_eq($$ SELECT id FROM flags $$, $$ SELECT id FROM hadvice.rules WHERE effect = 'refer' AND active $$, 'every red flag is tried');
SELECT ok(id = ANY (pg_temp.flags(yes)) AND id <> ALL (pg_temp.flags(no)), format('%s: %s, not %s', id, yes, no)) FROM flags;
SELECT is_empty($$ SELECT id FROM flags, vae_advise('{"age_years": 50}'::jsonb || yes, 'health_records') WHERE kind = 'action' AND id IN
                   ('refer_chest_pain', 'refer_self_harm', 'refer_bp_crisis', 'refer_pregnant', 'refer_under_18') $$, 'and where it must stop, nothing else is said');
SELECT ok(bool_and(advice ~ '[一-龥]'), 'each in Chinese, too') FROM flags, vae_advise('{"age_years": 50, "sex": "male"}'::jsonb || yes, 'health_records', lang => 'zh') WHERE kind = 'refer';
SELECT * FROM finish();
ROLLBACK;
