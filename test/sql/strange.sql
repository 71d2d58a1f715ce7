-- Strange rows, and what is strange about them, in every form.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(23);

-- x and y go together, u and v are on their own, k is a key; learned from are only rows 20 and more: of the others the
-- first ten are broken in their dependence, the next ten are far out
CREATE TABLE made AS
SELECT i AS k, round((50 + 10 * a)::numeric, 1) AS x,
       round((20 + 4 * (CASE WHEN i < 10 THEN -a ELSE a END) + 0.3 * e)::numeric, 2) AS y,
       round((CASE WHEN i BETWEEN 10 AND 19 THEN 60 ELSE 0 END + 5 * b)::numeric, 1)::float8 AS u,
       chr(97 + (i % 3)) AS v, i % 11 = 0 AS w, date '2020-01-01' + (i * 7 % 365) AS d
FROM (SELECT i, CASE WHEN i < 10 THEN 2 ELSE sqrt(-2 * ln(((i * 7919) % 1999 + 1) / 2001.0)) * cos(i * 2.399) END AS a,
             sqrt(-2 * ln(((i * 104729) % 1999 + 1) / 2001.0)) * cos(i * 1.3) AS b, cos(i * 0.7) AS e
      FROM generate_series(0, 1499) i) s;
CREATE TABLE odd AS SELECT * FROM made WHERE k < 20;
DELETE FROM made WHERE k < 20;
SELECT lives_ok($$ SELECT vae_train('made', epochs => 60) $$, 'a model');
INSERT INTO made SELECT * FROM odd;
CREATE TEMP TABLE m AS SELECT model FROM hadvice.models WHERE name = 'made';

SELECT ok(avg(vae_anomaly(t)) > 0.9, 'broken dependence is strange') FROM made t WHERE k < 10;
SELECT ok(avg(vae_anomaly(t)) > 0.9, 'so is being far out') FROM made t WHERE k BETWEEN 10 AND 19;
SELECT ok(abs(avg(vae_anomaly(t)) - 0.5) < 0.05, 'the training rows are spread evenly') FROM made t WHERE k >= 20;
SELECT ok(vae_anomaly('{"x": 62, "y": 15.2}'::jsonb, 'made') > 0.9, 'a few cells are judged by themselves');
SELECT ok(vae_anomaly('{"x": 62}'::jsonb, 'made') < 0.9, 'half of an odd pair is no odd pair');
SELECT ok(vae_anomaly('{"u": 1000}'::jsonb, 'made') >= vae_anomaly('{"u": 20}'::jsonb, 'made'), 'further out is stranger');

-- causes
SELECT ok(bool_and(c.column_name IN ('x', 'y')), 'the cause is in the broken pair')
FROM made t, LATERAL (SELECT * FROM vae_anomaly_causes(t) LIMIT 1) c WHERE k < 10;
SELECT ok(bool_and(c.column_name = 'u' AND c.surprise > 3), 'the cause is the cell far out')
FROM made t, LATERAL (SELECT * FROM vae_anomaly_causes(t) LIMIT 1) c WHERE k BETWEEN 10 AND 19;
SELECT ok(bool_and(rest >= before), 'first comes what the row is least strange without')
FROM (SELECT rest, coalesce(lag(rest) OVER (ORDER BY n), rest) AS before
      FROM made t, LATERAL vae_anomaly_causes(t) WITH ORDINALITY AS c (a, b, e, surprise, n),
           LATERAL vae_anomaly(to_jsonb(t) - c.a::text, 'made') rest WHERE k = 3) s;
SELECT set_eq($$ SELECT column_name::text FROM made t, vae_anomaly_causes(t) WHERE k = 3 $$, ARRAY['x', 'y', 'u', 'v', 'w', 'd'],
              'a cause for every column that the model knows');
SELECT ok(bool_and(CASE column_name WHEN 'x' THEN value::numeric = t.x WHEN 'v' THEN value = t.v WHEN 'd' THEN value::date = t.d
                                    WHEN 'w' THEN value::boolean = t.w ELSE true END), 'values are the row''s')
FROM made t, vae_anomaly_causes(t) WHERE k BETWEEN 20 AND 29;
SELECT ok(bool_and(abs(expected::float8 - 20 - 0.4 * (t.x::float8 - 50)) < 2.5), 'what is expected follows from the other cells')
FROM made t, vae_anomaly_causes(t) WHERE k BETWEEN 20 AND 39 AND column_name = 'y';
SELECT ok(bool_and(surprise >= 0 AND surprise < 'infinity' AND expected IS NOT NULL), 'all of them are there')
FROM made t, vae_anomaly_causes(t) WHERE k < 40;
SELECT results_eq($$ SELECT c.* FROM made t, vae_anomaly_causes(t) c WHERE k = 3 $$,
                  $$ SELECT c.* FROM made t, m, vae_anomaly_causes(m.model, t) c WHERE k = 3 $$, 'by value the same');
SELECT results_eq($$ SELECT c.column_name, round(c.surprise) FROM made t, vae_anomaly_causes(to_jsonb(t), 'made') c WHERE k = 3 $$,
                  $$ SELECT c.column_name, round(c.surprise) FROM made t, m, vae_anomaly_causes(m.model, to_jsonb(t)) c WHERE k = 3 $$,
                  'from jsonb, too');
SELECT results_eq($$ SELECT column_name FROM vae_anomaly_causes('{"x": 70, "y": null}'::jsonb, 'made') $$, $$ VALUES ('x'::name) $$,
                  'a missing cell is no cause');
SELECT is_empty($$ SELECT * FROM vae_anomaly_causes(NULL::made) $$, 'NULL row, no causes');
SELECT is_empty($$ SELECT * FROM vae_anomaly_causes('{}'::jsonb, 'made') $$, 'nothing known, no causes');
SELECT throws_ok($$ SELECT * FROM vae_anomaly_causes('{"x": "a"}'::jsonb, 'made') $$, '42804', NULL, 'a value of a wrong type is named');
SELECT throws_ok($$ SELECT * FROM vae_anomaly_causes('{"x": 1}'::jsonb) $$, '42704', NULL, 'jsonb needs a model''s name');

-- without a copula and a forest: a single column
CREATE TABLE alone AS SELECT (i % 37)::float8 * 1.5 AS x FROM generate_series(1, 200) i;
SELECT lives_ok($$ SELECT vae_train('alone', epochs => 5) $$, 'a table of one column');
SELECT ok(bool_and(vae_anomaly(t) BETWEEN 0 AND 1), 'has scores, too') FROM alone t;

SELECT * FROM finish();
ROLLBACK;
