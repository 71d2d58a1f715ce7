-- vae_schedule where pg_cron has no jobs in this database: what is refused, and in which order. With a real
-- pg_cron: test/t/schedule.pl.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(14);
DROP EXTENSION IF EXISTS pg_cron;

CREATE TABLE people AS SELECT 20 + i % 60 AS age, sin(i) AS wave FROM generate_series(1, 50) AS i;
SELECT is((SELECT version FROM vae_train('people', epochs => 1, hidden => '{4}')), 1, 'a model');
SELECT throws_ok($$SELECT vae_schedule(NULL, '* * * * *')$$, '22004', NULL, 'no model');
SELECT throws_ok($$SELECT vae_schedule('people', NULL)$$, '22004', NULL, 'no schedule');
SELECT throws_ok($$SELECT vae_schedule('people', '* * * * *', if_drift => -0.1)$$, '22023', NULL, 'a negative index');
SELECT throws_ok($$SELECT vae_schedule('people', '* * * * *', if_new_rows => 'NaN')$$, '22023', NULL, 'no number');
SELECT throws_ok($$SELECT vae_schedule('people', '* * * * *', max_duration => '0')$$, '22023', NULL, 'no time');
SELECT throws_ok($$SELECT vae_schedule('nobody', '* * * * *')$$, '42704', 'you own no model "nobody"', 'no such model');
SELECT throws_ok($$SELECT vae_schedule('people', '* * * * *')$$, '55000', NULL, 'no pg_cron here');
CREATE SCHEMA cron;
CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 666::bigint';
SELECT throws_ok($$SELECT vae_schedule('people', '* * * * *')$$, '55000', NULL, 'nor is a schema of that name pg_cron');
SELECT is(vae_unschedule('people'), false, 'nothing to end');
SELECT throws_ok('SELECT vae_unschedule(NULL)', '22004', NULL, 'no model to end');
SELECT is_empty('SELECT FROM hadvice.schedules', 'the view is empty');
SELECT is(hadvice.job_name('people'), 'hadvice: people', 'jobs have names');
SELECT ok(octet_length(hadvice.job_name(repeat('ä', 100))) <= 63 AND hadvice.job_name(repeat('ä', 100)) <> hadvice.job_name(repeat('ä', 99)),
          'of a length that fits');

SELECT finish();
ROLLBACK;
