-- vae_cohort_advise: the sums are those of vae_advise, nobody is shown alone or can be subtracted out, and the
-- caller's privileges and row security hold.
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
SELECT plan(36);
SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 12) $$, 'a model of the demo');

-- part a: seven people without any advice, so that no cell of it hides the part that is next
CREATE TABLE town AS SELECT *, CASE WHEN n <= 7 THEN 'a' WHEN n <= 60 THEN 'b' WHEN n <= 140 THEN 'c' WHEN n <= 200 THEN 'd' WHEN n <= 270 THEN 'e' ELSE 'f' END AS "Part of town"
FROM (SELECT t.*, row_number() OVER (ORDER BY EXISTS (SELECT FROM vae_advise(t, 'health_records') WHERE kind = 'action'), respondent_id) AS n
      FROM (SELECT * FROM health_records ORDER BY respondent_id LIMIT 500) t) x;
ALTER TABLE town ADD PRIMARY KEY (respondent_id);
CREATE TEMP TABLE single AS
    SELECT "Part of town" AS part, sex, t.respondent_id, a.feature, a.change, a.outcome, a.effects
    FROM town t, vae_advise(t, 'health_records') a WHERE kind = 'action';
CREATE TEMP TABLE everybody AS SELECT * FROM vae_cohort_advise('town', model => 'health_records');
CREATE TEMP TABLE parts AS SELECT * FROM vae_cohort_advise('town', '{"Part of town"}', 'health_records');
CREATE TEMP TABLE crossed AS SELECT * FROM vae_cohort_advise('town', '{sex,"Part of town"}', 'health_records', min_people => 5);

-- the sums
SELECT cmp_ok(count(*), '>=', 5::bigint, 'several features for everybody') FROM everybody;
SELECT ok(bool_and(cohort = '{}' AND people = 500), 'one group without group_by') FROM everybody;
SELECT is_empty($$ SELECT e.feature FROM everybody e LEFT JOIN (SELECT feature, count(*) AS n, avg(change) AS mean FROM single GROUP BY feature) s USING (feature)
                   WHERE s.n IS DISTINCT FROM people_advised OR abs(s.mean - mean_change) IS DISTINCT FROM 0 AND NOT abs(s.mean - mean_change) < 1e-9 * abs(s.mean) $$,
                'numbers and mean changes are those of vae_advise');
SELECT is_empty($$ SELECT p.* FROM parts p JOIN (SELECT part, feature, count(*) AS n FROM single GROUP BY 1, 2) s ON part = cohort ->> 'Part of town' AND s.feature = p.feature
                   WHERE n <> people_advised $$, 'also in groups');
SELECT is_empty($$ SELECT e.feature, e.outcome FROM everybody e,
                   LATERAL (SELECT count(*) AS n, avg((f ->> 'effect')::float8) AS mean, var_samp((f ->> 'effect')::float8) AS var,
                                   avg((f ->> 'high')::float8 - (f ->> 'low')::float8) / 2 AS half
                            FROM single s, jsonb_array_elements(effects) f WHERE s.feature = e.feature AND f ->> 'outcome' = e.outcome) s
                   WHERE e.outcome IS NOT NULL
                     AND (abs(mean - mean_expected_effect) > 1e-9 OR abs((effect_high - effect_low) / 2 - sqrt(half ^ 2 + 1.645 ^ 2 * var / n)) > 1e-9
                          OR abs((effect_high + effect_low) / 2 - mean) > 1e-9) $$, 'mean effects, and their intervals');
CREATE TEMP TABLE named AS SELECT feature, outcome, count(*) AS n FROM single WHERE outcome IS NOT NULL GROUP BY 1, 2;
SELECT is_empty($$ SELECT FROM everybody e JOIN named n USING (feature, outcome)
                   WHERE n.n < (SELECT max(o.n) FROM named o WHERE o.feature = e.feature) $$, 'the outcome is the one that is named most often');
SELECT cmp_ok(count(outcome), '>=', 3::bigint, 'the model stands behind some') FROM everybody;
SELECT ok(bool_and(num_nulls(outcome, mean_expected_effect, effect_low, effect_high) IN (0, 4)
                   AND (mean_expected_effect BETWEEN effect_low AND effect_high) IS NOT FALSE), 'an effect has its interval') FROM (TABLE everybody UNION ALL TABLE parts UNION ALL TABLE crossed) x;
SELECT is_empty($$ SELECT FROM (SELECT abs(mean_expected_effect) * n / scale AS impact, lag(abs(mean_expected_effect) * n / scale) OVER () AS before
                                FROM everybody e, LATERAL (SELECT count(*) AS n FROM single s, jsonb_array_elements(effects) f WHERE s.feature = e.feature AND f ->> 'outcome' = e.outcome) c,
                                     LATERAL (SELECT max(scale) AS scale FROM hadvice.targets t WHERE t.outcome = e.outcome) t WHERE e.outcome IS NOT NULL) x
                   WHERE impact > before * (1 + 1e-9) $$, 'the greatest impact comes first');
SELECT ok(sum(people_advised) BETWEEN 1 AND 500, 'max_actions => 1: nobody is advised twice')
FROM vae_cohort_advise('town', model => 'health_records', max_actions => 1);
SELECT is_empty($$ SELECT c.feature FROM vae_cohort_advise('town', model => 'health_records', programme => 'sleep') c
                   LEFT JOIN (SELECT feature, count(*) AS n FROM town t, vae_advise(t, 'health_records', programme => 'sleep') WHERE kind = 'action' GROUP BY 1) s USING (feature)
                   WHERE n IS DISTINCT FROM people_advised $$, 'a programme');

-- nobody alone: few people, few advised, and what could be subtracted
SELECT is_empty($$ SELECT FROM parts WHERE people < 10 OR people_advised < 10 $$, 'no small group, no small cell');
SELECT is_empty($$ SELECT FROM crossed WHERE people < 5 OR people_advised < 5 $$, 'with another bound as well');
SELECT set_has($$ SELECT DISTINCT cohort ->> 'Part of town' FROM parts $$, $$ VALUES ('c'), ('d'), ('e'), ('f') $$, 'large parts are shown');
SELECT is_empty($$ SELECT FROM parts WHERE cohort ->> 'Part of town' IN ('a', 'b') $$,
                'seven people are hidden, and the next smallest part with them: the total would give them away');
SELECT is_empty($$ SELECT part FROM (SELECT part, s.feature, count(*) AS n, bool_or(p.feature IS NOT NULL) AS shown
                                     FROM single s LEFT JOIN parts p ON s.part = p.cohort ->> 'Part of town' AND s.feature = p.feature GROUP BY 1, 2) x
                   WHERE part IN (SELECT cohort ->> 'Part of town' FROM parts)
                   GROUP BY part HAVING sum(n) FILTER (WHERE NOT shown) BETWEEN 1 AND 9 $$, 'what is hidden in a group cannot be one small cell');
SELECT is_empty($$ SELECT feature FROM (SELECT part, s.feature, count(*) AS n, bool_or(p.feature IS NOT NULL) AS shown
                                        FROM single s LEFT JOIN parts p ON s.part = p.cohort ->> 'Part of town' AND s.feature = p.feature GROUP BY 1, 2) x
                   GROUP BY feature HAVING bool_or(shown) AND sum(n) FILTER (WHERE NOT shown) BETWEEN 1 AND 9 $$,
                'nor, of a feature over all groups, a few people');
SELECT is_empty($$ SELECT FROM crossed WHERE outcome IS NOT NULL AND 5 > (SELECT count(*) FROM single s, jsonb_array_elements(effects) f
                   WHERE s.feature = crossed.feature AND s.sex = cohort ->> 'sex' AND s.part = cohort ->> 'Part of town' AND f ->> 'outcome' = crossed.outcome) $$,
                'no mean effect of a few');
SELECT is_empty($$ SELECT * FROM vae_cohort_advise('town', '{n}', 'health_records') $$, 'groups of one give nothing');

-- arguments
SELECT throws_ok($$ SELECT vae_cohort_advise('town', '{nonsense}', 'health_records') $$, '42703', NULL, 'an unknown column');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', '{ctid}', 'health_records') $$, '42703', NULL, 'a system column');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', '{sex,respondent_id}', 'health_records') $$, '22023', NULL, 'a key');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', '{sex,sex}', 'health_records') $$, '42701', NULL, 'a column twice');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', '{sex,NULL}', 'health_records') $$, '22004', NULL, 'NULL for a column');
SELECT throws_ok($$ SELECT vae_cohort_advise(NULL) $$, '22004', NULL, 'NULL for the source');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', model => 'health_records', min_people => 4) $$, '22023', NULL, 'a bound under the floor');
SELECT throws_ok($$ SELECT vae_cohort_advise('town_pkey', model => 'health_records') $$, '42809', NULL, 'an index');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', model => 'health_records', max_actions => 0) $$, '22023', NULL, 'max_actions 0');
SELECT throws_ok($$ SELECT vae_cohort_advise('town', model => 'no such model') $$, '42704', NULL, 'an unknown model');
SELECT throws_ok($$ SELECT vae_cohort_advise('town') $$, '42704', NULL, 'a table without a model of its own');

-- names that are in the way, views, NULL as a group
CREATE VIEW "Odd view" AS SELECT t.*, sex AS person, nullif(sex, 'male') AS k1, 1 AS feature FROM town t;
SELECT results_eq($$ SELECT DISTINCT people FROM vae_cohort_advise('"Odd view"', '{person,k1,feature}', 'health_records') WHERE cohort ->> 'k1' IS NULL $$,
                  $$ SELECT count(*) FROM town WHERE sex = 'male' $$, 'a view with names like ours, NULL as a value');

-- the caller's own rights
CREATE ROLE hadvice_test_planner;
SELECT lives_ok($$ SELECT vae_grant('health_records', 'hadvice_test_planner') $$, 'a grant of the model');
SET LOCAL ROLE hadvice_test_planner;
SELECT throws_ok($$ SELECT vae_cohort_advise('town', model => 'health_records') $$, '42501', NULL, 'a table without privilege');
RESET ROLE;
GRANT SELECT ON town TO hadvice_test_planner;
ALTER TABLE town ENABLE ROW LEVEL SECURITY;
CREATE POLICY women ON town USING (sex = 'female');
SET LOCAL ROLE hadvice_test_planner;
SELECT results_eq($$ SELECT DISTINCT people FROM vae_cohort_advise('town', model => 'health_records') $$, $$ SELECT count(*) FROM town $$, 'row security');
SELECT ok((SELECT count(*) FROM town) < 300, 'hides the men');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
