-- The life of a model: who may use it, which versions stay, how its training is shown.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(37);
CREATE ROLE hadvice_owner;
CREATE ROLE hadvice_guest;
CREATE TABLE people AS SELECT i AS no, 20 + i % 60 AS age, 110 + i % 50 AS sbp, 1500 + (i * 37) % 3000 AS sodium FROM generate_series(1, 200) i;
ALTER TABLE people OWNER TO hadvice_owner;
GRANT SELECT ON people TO hadvice_guest;
GRANT USAGE ON SCHEMA public TO hadvice_owner, hadvice_guest;

SET LOCAL ROLE hadvice_owner;
SELECT lives_ok($$ SELECT vae_train('people', exclude => '{no}', epochs => 3, seed => s) FROM generate_series(1, 4) s $$, 'four versions');
SET LOCAL ROLE hadvice_guest;
SELECT is_empty('SELECT FROM vae_models', 'another role sees none');
SELECT throws_ok($$ SELECT vae_anomaly(p) FROM people p LIMIT 1 $$, '42704', NULL, 'and gets no answer');
SELECT throws_ok($$ SELECT vae_grant('people', 'hadvice_guest') $$, '42704', NULL, 'nor may it grant');
SELECT throws_ok($$ INSERT INTO hadvice.model_grants VALUES ('people', 'hadvice_owner', 'hadvice_guest') $$, '42501', NULL, 'nor write the grant itself');
SELECT lives_ok($$ INSERT INTO hadvice.model_grants (model, role) VALUES ('people', 'hadvice_guest') $$, 'a grant of its own');
SELECT is_empty('SELECT FROM vae_models', 'opens nothing');
SET LOCAL ROLE hadvice_owner;
SELECT lives_ok($$ SELECT vae_grant('people', 'hadvice_guest') $$, 'the owner grants');
SELECT lives_ok($$ SELECT vae_grant('people', 'hadvice_guest') $$, 'twice is once');
SET LOCAL ROLE hadvice_guest;
SELECT is(count(*), 4::bigint, 'now it sees them') FROM vae_models;
SELECT ok(vae_anomaly(p) BETWEEN 0 AND 1, 'and gets an answer') FROM people p LIMIT 1;
SELECT throws_ok($$ SELECT vae_promote('people', 1) $$, '42704', NULL, 'but may not promote');
SELECT is(vae_prune('people', 1), 0, 'prune');
SELECT throws_ok($$ SELECT vae_retrain('people') $$, '42501', 'the model name "people" belongs to another role', 'or retrain');
SELECT is(count(*), 4::bigint, 'or measure its drift, which is reading') FROM vae_drift('people');
SELECT is(count(*), 12::bigint, 'read its history') FROM hadvice.training_history;
SELECT lives_ok($$ DELETE FROM hadvice.training_history $$, 'but not delete');
SELECT throws_ok($$ INSERT INTO hadvice.training_history (model, version, epoch) VALUES ('people', 1, 99) $$, '42501', NULL, 'or write it');
SELECT is(count(*), 12::bigint, 'all of it is there') FROM hadvice.training_history;
SELECT lives_ok($$ DELETE FROM hadvice.models $$, 'or delete');
SELECT is(count(*), 4::bigint, 'any of them') FROM vae_models;
SET LOCAL ROLE hadvice_owner;
SELECT ok(vae_revoke('people', 'hadvice_guest'), 'revoked');
SELECT ok(NOT vae_revoke('people', 'hadvice_guest'), 'nothing left to revoke');
SET LOCAL ROLE hadvice_guest;
SELECT is_empty('SELECT FROM vae_models', 'and seen no more');

-- versions
SET LOCAL ROLE hadvice_owner;
SELECT is(vae_promote('people', 1), 1, 'an old version is promoted');
SELECT is(vae_prune('people', keep => 2), 2, 'two are dropped');
SELECT results_eq('SELECT version, is_current FROM vae_models ORDER BY 1', 'VALUES (1, true), (4, false)', 'the current and the newest stay');
SELECT throws_ok($$ SELECT vae_prune('people', 0) $$, '22023', NULL, 'keep 0');

-- the history is capped
SET LOCAL hadvice.history_limit = 5;
SELECT is((SELECT version FROM vae_train('people', exclude => '{no}', epochs => 4, promote => false)), 5, 'a fifth version');
SELECT results_eq($$ SELECT version, array_agg(epoch ORDER BY epoch) FROM hadvice.training_history GROUP BY 1 ORDER BY 1 $$,
                  $$ VALUES (4, '{3}'::int[]), (5, '{1,2,3,4}') $$, 'five rows are left, the newest');
RESET hadvice.history_limit;
SELECT is((SELECT count(*)::int FROM (SELECT vae_train('people', exclude => '{no}', epochs => 2)) AS t), 1, 'a sixth');

-- the curve
SELECT ok(vae_training_plot('people') ~ '\*' AND vae_training_plot('people') ~ 'epoch 2', 'as text');
SELECT ok(xmlparse(document vae_training_plot('people', 'svg')) IS DOCUMENT, 'as SVG');
SELECT throws_ok($$ SELECT vae_training_plot('nonsense') $$, '42704', NULL, 'of no such model');
SELECT throws_ok($$ SELECT vae_training_plot('people', 'jpeg') $$, '22023', NULL, 'in another format');
RESET ROLE;
SELECT is_empty('SELECT FROM pg_stat_progress_vae_train', 'nothing trains now');
SELECT is_empty($$ SELECT FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid
                   WHERE e.extname = 'hadvice' AND obj_description(p.oid, 'pg_proc') IS NULL $$, 'every function has a comment');
SELECT * FROM finish();
ROLLBACK;
