-- What a person may answer: alternatives, what is locked, what is wished for. What is obeyed on rows made to
-- break it is in safety.sql.
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
SELECT no_plan();
SELECT lives_ok($$ SELECT vae_train('health_records', epochs => 30) $$, 'a model of the demo');
CREATE TEMP TABLE ill AS SELECT respondent_id AS id, t FROM health_records t
    WHERE systolic_mmhg BETWEEN 135 AND 165 AND bmi_kg_m2 > 30 AND age_years BETWEEN 30 AND 60 AND depression_phq9 < 10 AND hba1c_percent < 6.5
    ORDER BY respondent_id LIMIT 40;

-- alternatives
CREATE TEMP TABLE plans AS SELECT id, a.* FROM ill, vae_advise(t, alternatives => 3) a;
CREATE TEMP TABLE sets AS SELECT id, plan, count(*) AS items, max(rank) AS last, count(DISTINCT rank) AS ranks, min(rank) AS first,
    count(DISTINCT feature) AS features, array_agg(feature || sign(change) ORDER BY feature) AS set FROM plans WHERE kind = 'action' GROUP BY id, plan;
SELECT is(max(plan), 3, 'three plans') FROM plans;
SELECT is_empty($$ SELECT id FROM plans GROUP BY id HAVING min(plan) <> 1 OR max(plan) <> count(DISTINCT plan) $$, 'plans are numbered from 1');
SELECT is_empty($$ SELECT id, plan FROM sets WHERE first <> 1 OR last <> items OR ranks <> items $$, 'the items of each from 1');
SELECT is_empty($$ SELECT id, plan FROM sets WHERE items > 3 OR features < items $$, 'three at most, no feature twice');
SELECT is_empty($$ SELECT FROM sets a JOIN sets b USING (id) WHERE a.plan < b.plan AND a.set = b.set $$, 'no plan is another one again');
SELECT cmp_ok(count(*) FILTER (WHERE plans > 1)::numeric, '>=', 0.9 * count(*), 'nine in ten have a choice')
FROM (SELECT count(*) AS plans FROM sets GROUP BY id) n;
SELECT bag_eq('SELECT id, rank, feature, target_value FROM plans WHERE plan = 1',
              'SELECT id, rank, feature, target_value FROM ill, vae_advise(t)', 'the first is what is advised without alternatives');
SELECT ok(bool_and(plan = 1), 'which is plan 1') FROM ill, vae_advise(t);
SELECT is_empty($$ SELECT id, plan, feature FROM ill, vae_advise(t, alternatives => 5, max_actions => 1) WHERE kind = 'action' AND rank > 1 $$, 'with max_actions, too');
SELECT is_empty($$ SELECT id FROM ill, vae_advise(t, alternatives => 5, max_actions => 1) WHERE kind = 'action' GROUP BY id, feature HAVING count(*) > 1 $$,
                'a plan of one item is another item each time');
SELECT is(jsonb_agg(DISTINCT plan), '[1]', 'who has nothing to change has one row of plan 1') FROM vae_advise('{"age_years": 30}'::jsonb, 'health_records', alternatives => 3);
SELECT throws_ok($$ SELECT vae_advise(t, alternatives => 6) FROM ill $$, '22023', 'alternatives must be between 1 and 5', 'six are too many');

-- locked: a feature, a domain, in every plan and in the trace
CREATE TEMP TABLE usual AS SELECT id, a.* FROM ill, vae_advise(t, max_actions => 8) a WHERE kind = 'action';
SELECT set_has('SELECT feature FROM usual', $$ VALUES ('sodium_mg'), ('weight_kg') $$, 'salt and weight are advised otherwise');
SELECT isnt_empty($$ SELECT FROM usual WHERE domain = 'exercise' $$, 'and exercise');
CREATE TEMP TABLE kept AS SELECT id, a.* FROM ill, vae_advise(t, max_actions => 8, alternatives => 3, locked => '["sodium_mg", "weight", "exercise"]') a;
SELECT is_empty($$ SELECT FROM kept WHERE feature = 'sodium_mg' OR domain IN ('weight', 'exercise') $$, 'what is locked is in no plan');
SELECT isnt_empty($$ SELECT FROM kept WHERE kind = 'action' AND domain = 'diet' $$, 'the rest of diet is');
SELECT is_empty($$ SELECT FROM ill, jsonb_array_elements(vae_advise_explain(t, locked => '["sodium_mg"]') -> 'considered') c
                   WHERE (c ->> 'feature' = 'sodium_mg' AND c -> 'current' <> 'null') <> (c ->> 'status' LIKE 'locked%') $$, 'the trace says so, of that feature only');
SELECT bag_eq('SELECT id, feature, target_value FROM usual',
              $$ SELECT id, feature, target_value FROM ill, vae_advise(t, max_actions => 8, locked => '[]', wishes => '{}') WHERE kind = 'action' $$, 'nothing is nothing');
CREATE TEMP TABLE everything AS SELECT jsonb_agg(feature) AS locked FROM hadvice.features WHERE role = 'action';
SELECT ok(bool_and(kind IN ('keep', 'refer')), 'everything locked leaves nothing to do') FROM ill, everything e, vae_advise(t, locked => e.locked);
SELECT ok(bool_and(vae_advise_explain(t, locked => e.locked) ->> 'reason' IS NOT NULL), 'and a reason')
FROM ill, everything e, vae_advise(t, locked => e.locked) WHERE kind = 'keep';

-- wishes: a domain, a feature against its domain, none
CREATE TEMP TABLE first AS SELECT id, a.* FROM ill, vae_advise(t, max_actions => 1) a;
CREATE TEMP TABLE wished AS SELECT id, a.* FROM ill, vae_advise(t, max_actions => 1, wishes => '{"exercise": 1000}') a;
SELECT cmp_ok(count(*) FILTER (WHERE domain = 'exercise')::numeric, '>=', 0.9 * count(*), 'who would rather move is told to move')
FROM wished WHERE kind = 'action' AND id IN (SELECT id FROM usual WHERE domain = 'exercise' AND basis LIKE 'model%');
SELECT cmp_ok((SELECT count(*) FROM wished WHERE domain = 'exercise'), '>', (SELECT count(*) FROM first WHERE domain = 'exercise'), 'more than without the wish');
SELECT is_empty($$ SELECT FROM ill, vae_advise(t, max_actions => 8, alternatives => 3, wishes => '{"diet": 0, "weight_kg": -1}') WHERE domain = 'diet' OR feature = 'weight_kg' $$,
                'wishes of 0 and less are locks, in every plan');
SELECT set_eq($$ SELECT DISTINCT feature FROM ill, vae_advise(t, max_actions => 8, wishes => '{"diet": 0, "fiber_g": 1}') WHERE domain = 'diet' $$,
              ARRAY['fiber_g'], 'a feature''s own wish goes before its domain''s');
SELECT is_empty($$ SELECT FROM ill, vae_advise(t, max_actions => 8, locked => '["weight_kg"]', wishes => '{"weight_kg": 1000}') WHERE feature = 'weight_kg' $$,
                'a lock goes before a wish');

-- names and shapes that are none
SELECT throws_ok($$ SELECT vae_advise(t, locked => '["sodium_mg", "juggling"]') FROM ill $$, '22023',
                 '"juggling" in locked is neither a feature nor a domain', 'locked: an unknown name is named');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '{"sleep": 1, "juggling": 2}') FROM ill $$, '22023',
                 '"juggling" in wishes is neither a feature nor a domain', 'and so in wishes');
SELECT throws_ok($$ SELECT vae_advise(t, locked => '["Sodium_mg"]') FROM ill $$, '22023', NULL, 'names have no capitals');
SELECT throws_ok($$ SELECT vae_advise(t, locked => '"sodium_mg"') FROM ill $$, '22023', 'locked must be a JSON array', 'a word is no array');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '2') FROM ill $$, '22023', 'wishes must be a JSON object', 'a number is no object');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '{"exercise": "lots"}') FROM ill $$, '22023', 'every value in wishes must be a number', 'a wish is a number');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '{"exercise": null}') FROM ill $$, '22023', NULL, 'null is none');
SELECT throws_ok($$ SELECT vae_advise(t, wishes => '{"exercise": {"a": 1}}') FROM ill $$, '22023', NULL, 'nor an object');
SELECT throws_ok($$ SELECT vae_advise(t, locked => '[1, ["sodium_mg"]]') FROM ill $$, '22023', 'every element of locked must be a string', 'a lock is a name');
SELECT throws_ok($$ SELECT vae_advise(t, locked => '[["sodium_mg"]]') FROM ill $$, '22023', NULL, 'no list of lists');
SELECT throws_ok($$ SELECT vae_advise_explain(t, locked => '["juggling"]') FROM ill $$, '22023', NULL, 'vae_advise_explain refuses the same');
SELECT throws_ok($$ SELECT vae_advise(m.model, t, wishes => '{"juggling": 1}') FROM ill, hadvice.models m $$, '22023', NULL, 'and so does the model by value');
SELECT throws_ok($$ SELECT vae_advise(to_jsonb(t), 'health_records', locked => '["juggling"]') FROM ill $$, '22023', NULL, 'and the form of jsonb');
SELECT * FROM finish();
ROLLBACK;
