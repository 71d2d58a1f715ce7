-- vae_impute_cells: each missing cell with its interval and probability, on people not trained on.
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
SELECT plan(16);

CREATE VIEW trained_on AS SELECT * FROM health_records WHERE respondent_id % 5 <> 0;
SELECT lives_ok($$ SELECT vae_train('trained_on', epochs => 30) $$, 'a model of four fifths');
CREATE TEMP TABLE hidden AS
    SELECT c, person ->> c AS truth, person - c AS person
    FROM (SELECT to_jsonb(t) AS person FROM health_records t WHERE respondent_id % 5 = 0) x,
         unnest('{weight_kg,waist_cm,systolic_mmhg,sodium_mg,hdl_mg_dl,cigarettes_per_day,sex,hypertension_diagnosed}'::text[]) c
    WHERE person ->> c IS NOT NULL;
CREATE TEMP TABLE guessed AS
    SELECT h.c, h.truth, g.* FROM hidden h, vae_impute_cells(h.person, 'trained_on') g WHERE g.column_name = h.c;
SELECT is(count(*), (SELECT count(*) FROM hidden), 'a row for every hidden cell') FROM guessed;

-- numbers
CREATE TEMP TABLE numbers AS
    SELECT c, truth::float8, value::float8, low::float8, high::float8 FROM guessed WHERE probability IS NULL;
SELECT is(count(DISTINCT c), 6::bigint, 'numbers have no probability') FROM numbers;
SELECT ok(bool_and(low <= value AND value <= high), 'a value lies in its interval') FROM numbers;
SELECT ok(avg((truth BETWEEN low AND high)::int) BETWEEN 0.86 AND 0.95, 'about 90 % are in theirs') FROM numbers;
SELECT ok(min(share) > 0.8, 'of each column, too')
FROM (SELECT avg((truth BETWEEN low AND high)::int) AS share FROM numbers GROUP BY c) x;
SELECT ok(avg(high - low) < 0.6 * (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY weight_kg) -
                                          percentile_cont(0.05) WITHIN GROUP (ORDER BY weight_kg) FROM trained_on),
          'an interval is worth more than the column''s own') FROM numbers WHERE c = 'weight_kg';
SELECT ok(avg(abs(value - truth)) < 0.5 * (SELECT avg(abs(weight_kg - m)) FROM trained_on, (SELECT avg(weight_kg) m FROM trained_on) x),
          'and a value more than the mean') FROM numbers WHERE c = 'weight_kg';

-- words
CREATE TEMP TABLE words AS SELECT c, (value = truth)::int AS hit, probability, low, high FROM guessed WHERE probability IS NOT NULL;
SELECT ok(bool_and(low IS NULL AND high IS NULL AND probability BETWEEN 0.5 AND 1), 'two words: no interval, the likelier one') FROM words;
SELECT ok(max(gap) < 0.06, 'as sure as right')
FROM (SELECT abs(avg(hit) - avg(probability)) AS gap FROM words GROUP BY c) x;

-- coverage
CREATE TEMP TABLE half AS
    SELECT h.c, h.truth::float8, g.low::float8, g.high::float8, w.low::float8 AS wide_low, w.high::float8 AS wide_high
    FROM (SELECT * FROM hidden WHERE c = 'waist_cm') h, vae_impute_cells(h.person, 'trained_on', coverage => 0.5) g,
         vae_impute_cells(h.person, 'trained_on') w
    WHERE g.column_name = h.c AND w.column_name = h.c;
SELECT ok(avg((truth BETWEEN low AND high)::int) BETWEEN 0.42 AND 0.58, 'coverage 0.5: about half are in it') FROM half;
SELECT ok(bool_and(wide_low <= low AND high <= wide_high), 'and it lies within that of 0.9') FROM half;
SELECT throws_ok($$ SELECT vae_impute_cells('{}'::jsonb, 'trained_on', coverage => 1) $$, '22023', NULL, 'no interval holds all');
SELECT throws_ok($$ SELECT vae_impute_cells('{}'::jsonb, 'trained_on', coverage => 'NaN') $$, '22023', NULL, 'nor NaN');

-- a row whose type is whole where the model's column had decimals
CREATE TABLE whole AS SELECT respondent_id, NULL::int AS waist_cm, age_years, weight_kg FROM health_records LIMIT 5;
SELECT ok(bool_and((vae_impute(t, model => 'trained_on')).waist_cm > 40), 'is filled with a whole number') FROM whole t;
SELECT ok(bool_and((SELECT low::float8 <= high::float8 FROM vae_impute_cells(m.model, to_jsonb(t), 0.8) WHERE column_name = 'waist_cm')),
          'by a model given by value') FROM whole t, hadvice.models m WHERE m.name = 'trained_on';
SELECT * FROM finish();
ROLLBACK;
