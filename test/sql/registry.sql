-- The registry: versions, promotion, and who sees and changes what.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(37);

CREATE TABLE people AS
SELECT 165 + 5 * sin(i) AS height, (ARRAY['female', 'male'])[1 + i % 2] AS sex
  FROM generate_series(1, 50) AS i;
CREATE FUNCTION pg_temp.train(model text, promote boolean DEFAULT true) RETURNS int LANGUAGE sql AS
    'SELECT version FROM vae_train(''people'', model => $1, epochs => 1, hidden => ''{4}'', promote => $2)';
CREATE FUNCTION pg_temp.current(text) RETURNS int LANGUAGE sql AS
    'SELECT version FROM vae_models WHERE model = $1 AND is_current';

-- versions
SELECT is(pg_temp.train('m'), 1, 'versions count from 1');
SELECT is(pg_temp.train('m'), 2, 'and go on');
SELECT is(pg_temp.current('m'), 2, 'the newest is current');
SELECT is(pg_temp.train('m', false), 3, 'promote => false');
SELECT is(pg_temp.current('m'), 2, 'leaves the current one');
SELECT is(pg_temp.train('n', false), 1, 'the first version, not promoted');
SELECT is(pg_temp.current('n'), NULL, 'then none is current');
SELECT is(vae_promote('m', 3), 3, 'vae_promote');
SELECT is(pg_temp.current('m'), 3, 'promotes');
SELECT is(vae_promote('m', 3), 3, 'twice is once');
SELECT is(vae_rollback('m'), 2, 'vae_rollback');
SELECT is(vae_rollback('m'), 1, 'goes back');
SELECT throws_ok($$SELECT vae_rollback('m')$$, '55000', NULL, 'until the first');
SELECT is((SELECT count(*)::int FROM hadvice.models WHERE name = 'm' AND is_current), 1,
          'one is current, always');
SELECT throws_ok($$UPDATE hadvice.models SET is_current = true WHERE name = 'm'$$, '23505', NULL,
                 'an index sees to that');
SELECT throws_ok($$SELECT vae_promote('m', 9)$$, '42704', 'there is no version 9 of a model "m"',
                 'a version that is not there');
SELECT throws_ok($$SELECT vae_rollback('nobody')$$, '42704', 'there is no model "nobody"',
                 'a model that is not there');

-- dropping
SELECT throws_ok($$SELECT vae_drop_model('m', 1)$$, '55006', NULL, 'the current version stays');
SELECT is(vae_drop_model('m', 3), 1, 'another may go');
SELECT is(vae_drop_model('m'), 2, 'or all of them');
SELECT is((SELECT count(*)::int FROM hadvice.training_history WHERE model = 'm'), 0,
          'their history goes with them');
SELECT throws_ok($$SELECT vae_drop_model('m')$$, '42704', NULL, 'nothing is left to drop');

-- the view
SELECT is(pg_temp.train('m'), 1, 'a dropped name can be used again');
SELECT results_eq(
    $$SELECT is_current, source::oid, rows, columns, parameters > 0, architecture, extension_version,
             comment IS NULL FROM vae_models WHERE model = 'm'$$,
    $$SELECT true, 'people'::regclass::oid, 50::bigint, 2, true, 'joint', extversion COLLATE "default", true
        FROM pg_extension WHERE extname = 'hadvice'$$, 'vae_models');

-- roles: a model is its owner's
CREATE ROLE regress_hadvice_doctors;
CREATE ROLE regress_hadvice_ann IN ROLE regress_hadvice_doctors;
CREATE ROLE regress_hadvice_bob IN ROLE regress_hadvice_doctors;
CREATE ROLE regress_hadvice_eve;
GRANT SELECT ON people TO regress_hadvice_doctors;
GRANT ALL ON SCHEMA public TO PUBLIC;
SET ROLE regress_hadvice_ann;
SELECT is((SELECT count(*)::int FROM vae_models), 0, 'others'' models are not to be seen');
SELECT is(pg_temp.train('anns'), 1, 'an ordinary role can train');
SELECT throws_ok($$SELECT pg_temp.train('m')$$, '42501', 'the model name "m" belongs to another role',
                 'but not under a name that is taken');
SELECT throws_ok($$UPDATE hadvice.models SET model = model$$, '42501', NULL, 'the bytes never change');
SELECT lives_ok($$UPDATE hadvice.models SET comment = 'mine'$$, 'a comment may be made');
SELECT throws_ok($$UPDATE hadvice.models SET owner = 'regress_hadvice_bob'$$, '42501', NULL, 'nothing is given away');
RESET ROLE;
SELECT is((SELECT count(*)::int FROM vae_models WHERE comment = 'mine'), 1, 'of one''s own models only');
SET ROLE regress_hadvice_eve;
SELECT throws_ok($$SELECT pg_temp.train('eves')$$, '42501', 'permission denied for table people',
                 'no training on what one may not read');
SELECT throws_ok($$INSERT INTO hadvice.models (name, version, source, model)
                   SELECT 'eves', 1, 'people', vae_fit('others')$$, '42P01', NULL, 'no such table');
CREATE TABLE hers AS SELECT i AS a, i % 3 AS b FROM generate_series(1, 20) AS i;
SELECT throws_ok($$INSERT INTO hadvice.models (name, version, source, model)
                   SELECT 'eves', 1, 'people', vae_fit('hers', epochs => 1)$$, '42501', NULL,
                 'nor a model placed there');
RESET ROLE;

-- a group's model: whoever is a member
SET ROLE regress_hadvice_doctors;
SELECT is(pg_temp.train('common'), 1, 'the group trains');
SET ROLE regress_hadvice_bob;
SELECT is(pg_temp.train('common'), 2, 'a member trains the next version');
SET ROLE regress_hadvice_ann;
SELECT is((SELECT array_agg(version || ' ' || owner ORDER BY version) FROM vae_models WHERE model = 'common'),
          '{1 regress_hadvice_doctors,2 regress_hadvice_doctors}', 'which stays the group''s');
RESET ROLE;

SELECT finish();
ROLLBACK;
