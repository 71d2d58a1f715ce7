-- Feedback: what is accepted and refused, who sees it, and what it changes at once.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT no_plan();

-- Everybody has raised pressure, and two things to do about it.
SELECT setseed(0.5) \g /dev/null
CREATE FUNCTION pg_temp.normal() RETURNS float8 LANGUAGE sql AS 'SELECT random() + random() + random() + random() + random() + random() - random() - random() - random() - random() - random() - random()';
CREATE TABLE patients AS
SELECT i AS id, age_years, sex, sodium_mg, moderate_exercise_min_week,
       round(145 + (age_years - 50) * 0.2 + (sodium_mg - 3500) * 0.004 - moderate_exercise_min_week * 0.05 + 4 * pg_temp.normal()) AS systolic_mmhg
  FROM (SELECT i, 25 + (random() * 50)::int AS age_years, (ARRAY['female', 'male'])[1 + i % 2] AS sex,
               round(3600 + 700 * pg_temp.normal()) AS sodium_mg, round(greatest(60 + 40 * pg_temp.normal(), 0)) AS moderate_exercise_min_week
          FROM generate_series(1, 2000) AS i) AS p;
ALTER TABLE patients ADD PRIMARY KEY (id);
UPDATE patients SET (age_years, sex, sodium_mg, moderate_exercise_min_week, systolic_mmhg) = (50, 'male', 4600, 50, 157) WHERE id IN (3, 43);
SELECT version FROM vae_train('patients', epochs => 30, hidden => '{32}') \gset
CREATE FUNCTION pg_temp.advised(int, int DEFAULT 3) RETURNS text LANGUAGE sql AS
    $$SELECT string_agg(a.feature, ' ' ORDER BY rank) FROM patients AS p, vae_advise(p, max_actions => $2) AS a WHERE id = $1 AND kind = 'action'$$;
CREATE FUNCTION pg_temp.status(int, text) RETURNS text LANGUAGE sql AS
    $$SELECT c ->> 'status' FROM patients AS p, jsonb_array_elements(vae_advise_explain(p) -> 'considered') AS c WHERE id = $1 AND c ->> 'feature' = $2$$;
CREATE TEMP TABLE before AS SELECT id, a.* FROM patients AS p, vae_advise(p) AS a WHERE id <= 100;
SELECT ok(pg_temp.advised(3) ~ 'sodium_mg' AND pg_temp.advised(3) ~ 'moderate_exercise_min_week', 'both are advised');

-- vae_features: what is stored of a person
SELECT is((SELECT vae_features(p) FROM patients AS p WHERE id = 3),
          (SELECT jsonb_build_object('age_years', age_years, 'sex', sex, 'sodium_mg', sodium_mg, 'systolic_mmhg', systolic_mmhg,
                                     'moderate_exercise_min_week', moderate_exercise_min_week) FROM patients WHERE id = 3), 'vae_features of a row');
SELECT is(vae_features('{"sex": "F", "age_years": 44, "nonsense": 1}'::jsonb, model => 'patients'), '{"sex": "female", "age_years": 44}', 'of a JSON object');
SELECT is((SELECT vae_features(m.model, p) = vae_features(p) FROM patients AS p, hadvice.models AS m WHERE id = 3 AND m.name = 'patients'), true, 'of a row, by a model given by value');

-- what is refused
SELECT throws_ok($$SELECT vae_feedback('patients', '3', 'sodium_mg', 'maybe')$$, '22023', '"maybe" is not a verdict', 'a verdict that is none');
SELECT throws_ok($$SELECT vae_feedback('patients', '3', 'systolic_mmhg', 'done')$$, '42704', NULL, 'a feature that is no action');
SELECT throws_ok($$SELECT vae_feedback('nobody', '3', 'sodium_mg', 'done')$$, '42704', 'there is no current model "nobody"', 'a model that is none');
SELECT throws_ok($$SELECT vae_feedback('patients', NULL, 'sodium_mg', 'done')$$, '22004', NULL, 'no person');
SELECT throws_ok($$SELECT vae_feedback('patients', 'x', 'sodium_mg', 'done')$$, '22P02', NULL, 'a person that cannot be a key');
SELECT is((SELECT count(*)::int FROM hadvice.feedback), 0, 'nothing of it is kept');

-- not possible, harmed: at once, for this person only, until taken back
SELECT vae_feedback('patients', '3', 'sodium_mg', 'not_possible', 'eats at the works canteen');
SELECT is(pg_temp.advised(3), 'moderate_exercise_min_week', 'what is not possible is not advised again');
SELECT is(pg_temp.status(3, 'sodium_mg'), 'not possible, as the person said', 'vae_advise_explain says why');
SELECT is(pg_temp.advised(43) ~ 'sodium_mg', true, 'to others it is');
SELECT is((SELECT string_agg(a.feature, ' ' ORDER BY rank) FROM patients AS p, vae_advise(to_jsonb(p), model => 'patients') AS a WHERE id = 3),
          'moderate_exercise_min_week', 'nor to the person as a JSON object');
SELECT is((SELECT string_agg(a.feature, ' ' ORDER BY rank) FROM patients AS p, vae_advise(to_jsonb(p) - 'id', model => 'patients') AS a WHERE id = 3) ~ 'sodium', true,
          'without the key nobody knows who it is');
SELECT vae_feedback('patients', '3', 'moderate_exercise_min_week', 'harmed');
SELECT is(pg_temp.advised(3), NULL, 'nor what did harm');
SELECT is((SELECT count(*)::int FROM patients AS p, vae_advise(p) AS a WHERE id = 3 AND kind = 'keep'), 1, 'then one row says that nothing is left');
SELECT is(pg_temp.status(3, 'moderate_exercise_min_week'), 'did harm, as the person said', 'and why');
SELECT vae_feedback('patients', '3', 'sodium_mg', 'accepted');
SELECT vae_feedback('patients', '3', 'moderate_exercise_min_week', 'accepted');
SELECT is(pg_temp.advised(3), 'sodium_mg', 'a later answer takes back "not possible", but not harm');
SELECT results_eq($$SELECT feature, verdict, note, person_group, version, record - 'systolic_mmhg' FROM hadvice.feedback WHERE note IS NOT NULL$$,
    $$SELECT 'sodium_mg', 'not_possible', 'eats at the works canteen', 'male 40 to 59', 1,
             jsonb_build_object('sodium_mg', sodium_mg, 'moderate_exercise_min_week', moderate_exercise_min_week) FROM patients WHERE id = 3$$,
    'what is kept of an answer: no context but the kind of person');
DELETE FROM hadvice.feedback;
SELECT is_empty($$(SELECT id, a.* FROM patients AS p, vae_advise(p) AS a WHERE id <= 100 EXCEPT TABLE before) UNION ALL
                  (TABLE before EXCEPT SELECT id, a.* FROM patients AS p, vae_advise(p) AS a WHERE id <= 100)$$,
                'without feedback advice is what it was');

-- ranks: by kind of person
SELECT count(vae_feedback('patients', id::text, f, CASE WHEN (f = 'sodium_mg') = (sex = 'female') THEN 'accepted' ELSE 'declined' END))
  FROM patients, unnest('{sodium_mg,moderate_exercise_min_week}'::text[]) AS f WHERE id BETWEEN 1001 AND 1100 \g /dev/null
CREATE TEMP TABLE pairs AS
SELECT p.id, p.sex, x.feature, x.rank < y.rank AS first, bx.rank < by.rank AS first_before, sx.chance > sy.chance AS likelier
  FROM patients AS p, vae_advise(p) AS x, vae_advise(p) AS y, before AS bx, before AS by, hadvice.feedback_summary AS sx, hadvice.feedback_summary AS sy
 WHERE p.id <= 100 AND x.feature = 'sodium_mg' AND y.feature = 'moderate_exercise_min_week' AND x.outcome IS NOT NULL AND y.outcome IS NOT NULL
   AND bx.id = p.id AND by.id = p.id AND bx.feature = x.feature AND by.feature = y.feature
   AND sx.feature = x.feature AND sy.feature = y.feature AND sx.person_group = sy.person_group AND sx.person_group = hadvice.person_group(vae_features(p));
SELECT cmp_ok((SELECT count(*)::int FROM pairs), '>', 25, 'many have both to do');
SELECT is((SELECT count(*)::int FROM pairs WHERE first <> first_before AND first <> likelier), 0, 'what overtakes is likelier to be taken up by this kind of person');
SELECT cmp_ok((SELECT count(*)::int FROM pairs WHERE first <> first_before), '>', 10, 'and for many something does');
SELECT cmp_ok((SELECT avg((first = likelier)::int) - avg((first_before = likelier)::int) FROM pairs), '>', 0.2, 'so that what they take up comes first more often');
SELECT is((SELECT count(*)::int FROM patients AS p, vae_advise(p) AS a, jsonb_array_elements(vae_advise_explain(p) -> 'considered') AS c
            WHERE id <= 100 AND a.kind = 'action' AND c ->> 'feature' = a.feature
              AND a.target_value::float8 NOT BETWEEN (c ->> 'lowest_target')::float8 AND (c ->> 'highest_target')::float8), 0, 'and no target leaves what the rules allow');

-- the summary, its chances by the formula in the view's comment
CREATE TEMP VIEW expected AS
SELECT feature, person_group, count(*) AS people, count(*) FILTER (WHERE verdict = 'accepted') AS taken_up FROM hadvice.feedback GROUP BY 1, 2;
SELECT results_eq('SELECT feature, person_group, people, taken_up, accepted, declined FROM hadvice.feedback_summary ORDER BY 1, 2',
                  'SELECT feature, person_group, people, taken_up, taken_up, people - taken_up FROM expected ORDER BY 1, 2', 'feedback_summary counts');
SELECT is((SELECT count(*)::int FROM hadvice.feedback_summary WHERE
           abs(chance_all - 0.5) > 1e-9 OR abs(chance_feature - 0.5) > 1e-9 OR abs(chance - (10 * 0.5 + taken_up) / (10 + people)) > 1e-9), 0, 'and shrinks');
SELECT count(vae_feedback('patients', '1001', 'sodium_mg', 'declined')) FROM generate_series(1, 50) \g /dev/null
SELECT is((SELECT sum(people)::int FROM hadvice.feedback_summary), 200, 'fifty answers of one person count once');

-- a savepoint that is rolled back takes its answers back, also from what the session has counted
CREATE TEMP TABLE counted AS SELECT pg_temp.advised(id, 1) AS a, id FROM generate_series(1, 60) AS id;
SAVEPOINT a;
DELETE FROM hadvice.feedback;
SELECT isnt((SELECT string_agg(coalesce(pg_temp.advised(id, 1), '-'), ' ' ORDER BY id) FROM counted), (SELECT string_agg(coalesce(a, '-'), ' ' ORDER BY id) FROM counted), 'answers that are deleted do not count');
ROLLBACK TO a;
SELECT is((SELECT string_agg(coalesce(pg_temp.advised(id, 1), '-'), ' ' ORDER BY id) FROM counted), (SELECT string_agg(coalesce(a, '-'), ' ' ORDER BY id) FROM counted), 'until that is rolled back');

-- roles: the giver and the model's owner see it; who may use the model respects it
CREATE ROLE hadvice_clinic;
CREATE ROLE hadvice_ward;
CREATE ROLE hadvice_other;
GRANT hadvice_clinic TO CURRENT_USER;
GRANT SELECT ON patients TO hadvice_clinic, hadvice_ward, hadvice_other;
SET ROLE hadvice_clinic;
SELECT version FROM vae_train('patients', model => 'clinic', epochs => 2, hidden => '{8}') \gset
SELECT vae_grant('clinic', 'hadvice_ward');
SELECT vae_feedback('clinic', '3', 'sodium_mg', 'not_possible');
RESET ROLE;
SET ROLE hadvice_ward;
SELECT is((SELECT count(*)::int FROM hadvice.feedback), 0, 'a role that may use the model sees no answers of others');
SELECT is((SELECT count(*)::int FROM patients AS p, vae_advise(p, model => 'clinic') AS a WHERE id = 3 AND a.feature = 'sodium_mg'), 0, 'but its advice respects them');
SELECT vae_feedback('clinic', '5', 'sodium_mg', 'harmed');
SELECT is((SELECT string_agg(person, ' ') FROM hadvice.feedback), '5', 'it sees its own');
SELECT throws_ok($$INSERT INTO hadvice.feedback (model, owner, person, feature, verdict, given_by) VALUES ('clinic', 'hadvice_clinic', '7', 'sodium_mg', 'harmed', 'hadvice_clinic')$$,
                 '42501', NULL, 'and writes in its own name only');
SELECT throws_ok($$UPDATE hadvice.feedback SET verdict = 'helped'$$, '42501', NULL, 'an answer is not changed');
DELETE FROM hadvice.feedback;
SELECT is((SELECT count(*)::int FROM hadvice.feedback), 1, 'nor taken away');
RESET ROLE;
SET ROLE hadvice_other;
SELECT throws_ok($$SELECT vae_feedback('clinic', '3', 'sodium_mg', 'done')$$, '42704', NULL, 'who may not use the model cannot answer');
SELECT throws_ok($$INSERT INTO hadvice.feedback (model, owner, person, feature, verdict) VALUES ('clinic', 'hadvice_clinic', '7', 'sodium_mg', 'harmed')$$,
                 '42501', NULL, 'not even by hand');
SELECT is((SELECT count(*)::int FROM hadvice.feedback_summary), 0, 'and sees nothing');
RESET ROLE;
SET ROLE hadvice_clinic;
SELECT is((SELECT string_agg(person, ' ' ORDER BY person) FROM hadvice.feedback), '3 5', 'the owner sees all answers about the model');
SELECT is((SELECT count(*)::int FROM patients AS p, vae_advise(p, model => 'clinic') AS a WHERE id IN (3, 5) AND a.feature = 'sodium_mg'), 0, 'and they count, whoever gave them');
RESET ROLE;
REVOKE SELECT ON patients FROM hadvice_ward;
SET ROLE hadvice_ward;
SET client_min_messages = error;
SELECT vae_feedback('clinic', 'no such person', 'sodium_mg', 'done');
SELECT is((SELECT person_group FROM hadvice.feedback WHERE person = 'no such person'), 'unknown', 'who may not read the source answers for the person alone');
RESET client_min_messages;
RESET ROLE;

-- safety is not feedback's to loosen: a value it favours is still held by the rules
INSERT INTO hadvice.rules (id, feature, effect, reason) VALUES ('no_salt_advice', 'sodium_mg', 'forbid', 'for this test');
SELECT is((SELECT count(*)::int FROM patients AS p, vae_advise(p) AS a WHERE id <= 100 AND a.feature = 'sodium_mg'), 0, 'what a rule forbids no acceptance brings back');

-- a promotion never fails for what cannot be calibrated; a superuser's does not run what is another role's
SET ROLE hadvice_clinic;
CREATE TEMP VIEW watched AS SELECT 1 / (id - id) AS bad, id, age_years, sex, sodium_mg, systolic_mmhg FROM patients;
RESET ROLE;
UPDATE hadvice.models SET source = 'watched' WHERE name = 'clinic';
INSERT INTO hadvice.models (name, version, source, owner, model, metrics) SELECT name, 2, source, owner, model, '{"left_out": {"id": "key"}}' FROM hadvice.models WHERE name = 'clinic';
SET client_min_messages = error;
SET ROLE hadvice_clinic;
SELECT lives_ok($$SELECT vae_promote('clinic', 2)$$, 'a source that fails');
SELECT throws_ok($$SELECT vae_calibrate('clinic')$$, '22012', NULL, 'is an error when it is asked for');
RESET ROLE;
RESET client_min_messages;
SELECT throws_ok($$SELECT vae_calibrate('nobody')$$, '42704', NULL, 'a model that is none');

-- a source whose rows have no name
CREATE VIEW nameless AS SELECT age_years, sex, sodium_mg, systolic_mmhg FROM patients;
SELECT version FROM vae_train('nameless', epochs => 1, hidden => '{8}') \gset
SELECT throws_ok($$SELECT vae_feedback('nameless', '3', 'sodium_mg', 'done')$$, '55000', 'public.nameless has no column that names a person', 'a source without a key');

SELECT * FROM finish();
ROLLBACK;
