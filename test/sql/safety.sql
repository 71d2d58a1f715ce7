-- Safety of advice is absolute: over all 5,500 people of the demo, and over rows made to break it, no
-- advice leaves the safe intervals of test/data/safe_ranges.sql, which know nothing of the catalogue.
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
SELECT plan(18);

SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 12) $$, 'a model of the demo');
CREATE TEMP TABLE advice AS
    SELECT t.respondent_id, to_jsonb(t) AS person, a.*
    FROM health_records t, vae_advise(t, max_actions => 8) a;

-- A target as it is printed, and as the change says, with the slack of a float4 that is printed.
CREATE TEMP TABLE outside AS
    SELECT a.respondent_id, feature, target_value, change, low, high
    FROM advice a, test_safe_interval(person, feature) i (low, high),
         LATERAL (VALUES (target_value::float8),
                         ((person ->> feature)::float8 + change)) targets (target)
    WHERE kind = 'action'
      AND (low IS NULL OR target < low - 1e-6 * abs(low) OR target > high + 1e-6 * abs(high));

SELECT is(count(DISTINCT respondent_id), 5500::bigint, 'everybody gets an answer') FROM advice;
SELECT is_empty('SELECT * FROM outside', 'no target outside its safe interval');
SELECT is_empty($$ SELECT feature FROM advice JOIN (SELECT feature, role, safe_direction FROM hadvice.features) f USING (feature)
                   WHERE kind = 'action' AND f.role <> 'action' $$, 'only actions are changed');
SELECT is_empty($$ SELECT feature, change FROM advice JOIN (SELECT feature, role, safe_direction FROM hadvice.features) f USING (feature)
                   WHERE kind = 'action' AND (safe_direction = 'up' AND change <= 0
                                              OR safe_direction = 'down' AND change >= 0 OR change = 0) $$,
                'no change against its safe direction');
SELECT is_empty($$ SELECT FROM advice WHERE kind = 'action' AND person -> feature = 'null' $$,
                'nothing is said on a value that is missing');
SELECT is_empty($$ SELECT respondent_id FROM advice WHERE kind = 'action'
                   GROUP BY respondent_id, plan HAVING count(*) > 8 OR count(DISTINCT feature) < count(*)
                                                    OR max(rank) <> count(*) OR min(rank) <> 1 $$,
                'at most max_actions items, each feature once, ranks 1, 2, ...');
SELECT is_empty($$ SELECT FROM advice WHERE kind = 'refer' AND (rank <> 0 OR expected_effect IS NOT NULL OR change IS NOT NULL) $$,
                'a referral has rank 0 and promises nothing');
SELECT is_empty($$ SELECT FROM advice WHERE kind = 'action' AND (person ->> 'systolic_mmhg')::int >= 180 $$,
                'no exercise, no diet before a doctor has seen a blood pressure of 180');
SELECT is_empty($$ SELECT FROM advice WHERE basis = 'model+guideline' AND (probability < 0.8 OR expected_effect IS NULL
                          OR NOT expected_effect BETWEEN effect_low AND effect_high OR outcome IS NULL) $$,
                'the model stands behind an item only with an effect, its interval, and probability enough');
SELECT is_empty($$ SELECT FROM advice WHERE basis = 'guideline' AND kind = 'action' AND (expected_effect IS NOT NULL OR effects IS NOT NULL) $$,
                'a guideline item claims no effect');
SELECT is_empty($$ SELECT FROM advice WHERE kind = 'action' AND (source IS NULL OR advice IS NULL OR unit IS NULL) $$,
                'every item has a sentence, a unit and a source');

-- Rows made to break it, with random programmes, wishes and locks.
CREATE TEMP TABLE hostile AS
    SELECT n, person, locked, wishes, most,
           ARRAY(SELECT a FROM vae_advise(person, 'health_records', max_actions => most, programme => programme, locked => locked,
                                          wishes => wishes, alternatives => 1 + n % 2) a) AS advice
    FROM (SELECT n, test_adversarial(to_jsonb(t), n) AS person, test_locked('' || n) AS locked, test_wishes('' || n) AS wishes, 1 + n % 8 AS most,
                 (ARRAY['general', 'diabetes', 'hypertension', 'weight', 'sleep', 'heart', NULL])[1 + n % 7] AS programme
          FROM (SELECT t, row_number() OVER (ORDER BY respondent_id)::int AS n FROM health_records t WHERE respondent_id % 8 = 0) numbered) cases;
SELECT cmp_ok(count(*), '>=', 600::bigint, 'hundreds of rows') FROM hostile;
SELECT cmp_ok(count(*), '>=', 400::bigint, 'many of them may still be advised') FROM hostile, unnest(advice) a WHERE a.kind = 'action';
SELECT is_empty('SELECT person FROM hostile WHERE cardinality(advice) = 0', 'contradictory and empty rows get an answer, too');
SELECT is_empty($$ SELECT n, v, a.feature, a.target_value FROM hostile, unnest(advice) a, test_violation(person, a, locked, wishes) v
                   WHERE v IS NOT NULL $$, 'nothing leaves its safe interval, its direction, the wishes and the locks');
SELECT is_empty($$ SELECT n FROM hostile, unnest(advice) a WHERE a.kind = 'action' GROUP BY n, a.plan, most
                   HAVING count(*) > most OR count(DISTINCT a.feature) < count(*) $$, 'max_actions holds, each feature once');
SELECT set_has($$ SELECT DISTINCT a.kind FROM hostile, unnest(advice) a $$, $$ VALUES ('action'), ('refer'), ('keep') $$, 'all kinds occur');
SELECT * FROM finish();
ROLLBACK;
