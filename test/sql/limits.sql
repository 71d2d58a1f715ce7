-- How far advice may go: the intervals of vae_advise_explain are those of the catalogue, evaluated in SQL a second time; and
-- what decides them one by one: steps, plausible ranges, undecided rules, recommendations met otherwise, trials. Then the
-- clinicians' own changes: nothing they add to features, targets and programmes loosens a rule.
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
\i test/data/safe_ranges.sql
\i test/data/adversarial.sql
SELECT plan(41);
SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 12) $$, 'a model of the demo');

-- the same intervals, twice
CREATE TEMP TABLE people AS
    SELECT row_number() OVER (ORDER BY n) AS n, person FROM (
        SELECT respondent_id AS n, jsonb_strip_nulls(to_jsonb(t)) AS person FROM health_records t WHERE respondent_id % 20 = 0
        UNION ALL SELECT -respondent_id, replace(replace(test_plausible(test_adversarial(to_jsonb(t), respondent_id))::text, '"maybe"', '"yes"'), ' true', ' "yes"')::jsonb FROM health_records t WHERE respondent_id % 20 = 1) x;
CREATE TEMP TABLE explained AS
    SELECT n, e ->> 'feature' AS feature, (e ->> 'current')::float8 AS c, (e ->> 'lowest_target')::float8 AS low, (e ->> 'highest_target')::float8 AS high
    FROM people, jsonb_array_elements(vae_advise_explain(person, 'health_records') -> 'considered') e;
CREATE TEMP TABLE again AS SELECT * FROM test_catalogue_intervals((SELECT array_agg(person ORDER BY n) FROM people));
SELECT cmp_ok(count(*), '>', 5000::bigint, 'thousands of intervals') FROM again;
SELECT is_empty('SELECT n, feature FROM explained WHERE c IS NOT NULL EXCEPT SELECT person_no, action FROM again', 'on the same values');
SELECT is_empty($$ SELECT a.* FROM again a LEFT JOIN explained e ON (e.n, e.feature) = (a.person_no, a.action)
                   LEFT JOIN (SELECT feature, 10.0 ^ -digits AS digit FROM hadvice.features) f ON f.feature = a.action
                   WHERE NOT coalesce(e.low BETWEEN a.low - 1e-9 AND least(a.c, a.low + digit) AND e.high BETWEEN greatest(a.c, a.high - digit) AND a.high + 1e-9, false) $$,
                'as far as the catalogue says, rounded towards the present value');
SELECT is_empty($$ SELECT a.* FROM again a, test_safe_interval((SELECT person FROM people p WHERE p.n = a.person_no), a.action) s (low, high)
                   WHERE s.low IS NOT NULL AND NOT (a.low >= s.low - 1e-9 AND a.high <= s.high + 1e-9) $$, 'and inside the safe ones');

-- one by one
CREATE FUNCTION pg_temp.room(feature text, person jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT round((e ->> 'lowest_target')::numeric, 2)::float8 || ' ... ' || round((e ->> 'highest_target')::numeric, 2)::float8
    FROM jsonb_array_elements(vae_advise_explain('{"age_years": 40, "sex": "male", "systolic_mmhg": 150, "diastolic_mmhg": 95}'::jsonb || person, 'health_records') -> 'considered') e
    WHERE e ->> 'feature' = room.feature $$;
SELECT is(pg_temp.room('sodium_mg', '{"sodium_mg": 4000}'), '1500 ... 4000', 'down to 1500 mg');
SELECT is(pg_temp.room('sodium_mg', '{"sodium_mg": 6000}'), '1500 ... 6000', 'from 6000 mg as well');
SELECT is(pg_temp.room('sodium_mg', '{"sodium_mg": 2400}'), '1500 ... 2400', 'a floor of 1500 mg');
SELECT is(pg_temp.room('sedentary_min_day', '{"sedentary_min_day": 660}'), '120 ... 660', 'sitting at two hours');
SELECT is(pg_temp.room('sodium_mg', '{"sodium_mg": 1200}'), '1200 ... 1200', 'below the floor: no way, and never up');
SELECT is(pg_temp.room('sodium_mg', '{"sodium_mg": 30000}'), NULL, 'an implausible value is none');
SELECT is(pg_temp.room('fiber_g', '{"fiber_g": 10}'), '10 ... 30', 'a largest step of 20 g');
SELECT is(pg_temp.room('fiber_g', '{"fiber_g": 40}'), '40 ... 45', 'a cap of 45 g');
SELECT is(pg_temp.room('potassium_mg', '{"potassium_mg": 2000, "bp_medication": "no", "diabetes_medication": "no", "diabetes_diagnosed": "no", "cardiovascular_disease": "no"}'),
          '2000 ... 3500', 'potassium where nothing speaks against it');
SELECT is(pg_temp.room('potassium_mg', '{"potassium_mg": 2000, "bp_medication": "no", "diabetes_medication": "no", "diabetes_diagnosed": "no"}'),
          '2000 ... 2000', 'a rule that cannot be decided applies');
SELECT is(pg_temp.room('weight_kg', '{"weight_kg": 80, "bmi_kg_m2": 31}'), '80 ... 80', 'a bound that cannot be computed (no height) closes its direction');
SELECT is(pg_temp.room('weight_kg', '{"weight_kg": 100, "height_cm": 180}'), '90 ... 100', 'a tenth of the weight');
SELECT is(pg_temp.room('weight_kg', '{"weight_kg": 75, "height_cm": 180}'), '71.3 ... 75', 'down to BMI 22');
SELECT is(pg_temp.room('weight_kg', '{"weight_kg": 35, "height_cm": 170, "bmi_kg_m2": 17}'), '35 ... 35', 'of a recorded BMI and a computed one the lower forbids');
SELECT is(pg_temp.room('energy_kcal', '{"weight_kg": 35, "height_cm": 170, "bmi_kg_m2": 17, "energy_kcal": 1000}'), '1000 ... 1000', 'for energy, too');
SELECT is(pg_temp.room('vigorous_exercise_min_week', '{"vigorous_exercise_min_week": 0, "cardiovascular_disease": "no"}'), '0 ... 150', 'vigorous exercise');
SELECT is(pg_temp.room('vigorous_exercise_min_week', '{"vigorous_exercise_min_week": 0, "cardiovascular_disease": "no", "age_years": 76}'), '0 ... 0', 'not above 75');
INSERT INTO hadvice.features (feature, label, domain, role, unit, plausible_low, plausible_high, recommended_low, safe_direction, step, source, year)
VALUES ('juggling_min_week', 'juggling', 'exercise', 'action', 'min/week', 0, 100, 90, 'range', 10, 'test', 2025);
INSERT INTO hadvice.texts (feature, direction, lang, sentence) VALUES ('juggling_min_week', 'up', 'en', 'Juggle.');
SELECT is(pg_temp.room('juggling_min_week', '{"juggling_min_week": 50}'), '50 ... 50', 'a feature that nothing bounds does not move');
UPDATE hadvice.features SET max_step = 70 WHERE feature = 'juggling_min_week';
SELECT is(pg_temp.room('juggling_min_week', '{"juggling_min_week": 50}'), '0 ... 100', 'nor, with a step, beyond its plausible range');
SELECT is(pg_temp.room('juggling_min_week', '{"juggling_min_week": 101}'), NULL, 'outside it nothing is said');

-- recommendations met otherwise
CREATE FUNCTION pg_temp.exercise(person jsonb) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM vae_advise('{"age_years": 40, "sex": "male", "systolic_mmhg": 110, "diastolic_mmhg": 70, "hba1c_percent": 5.2, "bmi_kg_m2": 23,
        "moderate_exercise_min_week": 0, "walk_bike_min_week": 0, "vigorous_exercise_min_week": 0, "cardiovascular_disease": "no"}'::jsonb || person, 'health_records')
    WHERE domain = 'exercise' $$;
SELECT cmp_ok(pg_temp.exercise('{}'), '>', 0::bigint, 'a healthy person who does not move is told so');
SELECT is(pg_temp.exercise('{"vigorous_exercise_min_week": 80}'), 0::bigint, 'a vigorous minute counts as two moderate ones');
SELECT is(pg_temp.exercise('{"walk_bike_min_week": 150}'), 0::bigint, 'ways on foot count');
SELECT cmp_ok(pg_temp.exercise('{"vigorous_exercise_min_week": 70}'), '>', 0::bigint, '140 minutes are not 150');

-- trials: a figure moves the expected effect to its side, per unit and sign of the change; of several the one of the highest
-- precedence that holds for the person counts
CREATE FUNCTION pg_temp.effects() RETURNS TABLE (n int, feature text, change float8, effect float8) LANGUAGE sql AS $$
    SELECT t.respondent_id, a.feature, a.change, (e ->> 'effect')::float8
    FROM health_records t, vae_advise(t, max_actions => 6, locked => '["weight", "alcohol", "smoking", "sleep"]') a, jsonb_array_elements(effects) e
    WHERE systolic_mmhg BETWEEN 140 AND 170 AND respondent_id % 4 = 0 AND e ->> 'outcome' = 'systolic_mmhg' AND a.feature IN ('sodium_mg', 'moderate_exercise_min_week') $$;
INSERT INTO hadvice.effect_priors (action, outcome, precedence, per, effect, sd, source, year) VALUES
('sodium_mg', 'systolic_mmhg', 1000, -1000, -4, 0.1, 'test', 2025), ('moderate_exercise_min_week', 'systolic_mmhg', 1000, 30, -3, 0.1, 'test', 2025);
CREATE TEMP TABLE helped AS SELECT * FROM pg_temp.effects();
INSERT INTO hadvice.effect_priors (action, outcome, precedence, per, effect, sd, applies_when, source, year) VALUES
('sodium_mg', 'systolic_mmhg', 999, 1000, -4, 0.1, NULL, 'test', 2025), ('moderate_exercise_min_week', 'systolic_mmhg', 2000, 30, 3, 0.1, '$.age_years > 200', 'test', 2025);
SELECT bag_eq('SELECT * FROM pg_temp.effects()', 'TABLE helped', 'lower precedence and conditions that do not hold change nothing');
UPDATE hadvice.effect_priors SET per = -per WHERE precedence = 1000;
CREATE TEMP TABLE harmed AS SELECT * FROM pg_temp.effects();
SELECT cmp_ok(count(DISTINCT feature), '=', 2::bigint, 'both are advised') FROM helped JOIN harmed USING (n, feature, change);
SELECT is_empty('SELECT * FROM helped a JOIN harmed b USING (n, feature, change) WHERE a.effect >= b.effect', 'a trial of the other sign speaks for the other side');

-- an item names an outcome that is out of range, and moves it towards it
CREATE TEMP TABLE named AS SELECT t.respondent_id, vae_advise_explain(t) AS explained, ARRAY(SELECT a FROM vae_advise(t) a WHERE outcome IS NOT NULL) AS items
    FROM health_records t WHERE respondent_id % 20 = 3;
SELECT is_empty($$ SELECT a.outcome, a.expected_effect FROM named, unnest(items) a, jsonb_array_elements(explained -> 'goals') g
                   WHERE g ->> 'outcome' = a.outcome AND NOT coalesce(((g ->> 'value')::float8 >= (g ->> 'high')::float8 AND a.expected_effect < 0)
                                                                      OR ((g ->> 'value')::float8 < (g ->> 'low')::float8 AND a.expected_effect > 0), false) $$,
                'the outcome named is missed, and comes nearer');
SELECT cmp_ok(count(*) FILTER (WHERE expected_effect > 0), '>', 0::bigint, 'one that should rise is among them (HDL)') FROM named, unnest(items) a;

SET LOCAL hadvice.min_probability = 0;
SELECT is_empty($$ SELECT a.outcome, a.expected_effect FROM health_records t, vae_advise(t) a, jsonb_array_elements(vae_advise_explain(t) -> 'goals') g
                   WHERE respondent_id % 40 = 3 AND g ->> 'outcome' = a.outcome
                     AND ((g ->> 'high' IS NOT NULL AND (g ->> 'value')::float8 >= (g ->> 'high')::float8) <> (a.expected_effect < 0)) $$,
                'also where the model need not be sure of it');
RESET hadvice.min_probability;

-- own changes, as wild as can be: nothing of them loosens a rule
CREATE FUNCTION pg_temp.violations() RETURNS TABLE (n int, violation text, feature text) LANGUAGE sql AS $$
    SELECT n, v, a.feature FROM (SELECT respondent_id AS n, CASE respondent_id % 2 WHEN 0 THEN to_jsonb(t) ELSE test_adversarial(to_jsonb(t), 4 + 3 * respondent_id) END AS person
                                 FROM health_records t WHERE respondent_id % 15 = 4) p,
         vae_advise(person, 'health_records', max_actions => 8) a, test_violation(person, a, NULL, NULL) v
    WHERE v IS NOT NULL $$;
SELECT lives_ok($$ UPDATE hadvice.features SET safe_direction = 'range', max_step = NULL, recommended_low = NULL, recommended_high = CASE WHEN domain = 'exercise' THEN 10 END
                   WHERE role = 'action' AND feature <> 'juggling_min_week' $$, 'features without direction, step and aim');
SELECT is_empty('SELECT * FROM pg_temp.violations()', 'the rules alone hold');
SELECT lives_ok($$ UPDATE hadvice.features SET recommended_low = 1e6, recommended_high = 2e6 WHERE role = 'action' $$, 'recommended without end');
SELECT is_empty('SELECT * FROM pg_temp.violations()', 'the rules alone hold again');
SELECT lives_ok($$ INSERT INTO hadvice.targets (outcome, low, high, precedence, priority, scale, source, year)
                   SELECT feature, plausible_low, plausible_low + 0.01, 1000, 1000, 1e-6, 'test', 2025 FROM hadvice.features WHERE role = 'outcome';
                   UPDATE hadvice.programmes SET applies_when = NULL, precedence = 5000, domains = '{weight,diet,exercise,alcohol,smoking,sleep}' $$,
                'targets that kill and programmes for everyone');
SELECT is_empty('SELECT * FROM pg_temp.violations()', 'the rules alone hold then, too');
SELECT * FROM finish();
ROLLBACK;
