-- New rows: types, given cells, seeds, gaps, derived columns, errors; and where rows lie (pgvector).
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(45);

CREATE TYPE mood AS ENUM ('low', 'fair', 'high');
CREATE DOMAIN share AS numeric(4, 3) CHECK (VALUE BETWEEN 0 AND 1);
CREATE TABLE people (
    k         int PRIMARY KEY,
    "Name it" text,
    height_cm real,
    weight_kg numeric(5, 1),
    bmi       numeric(4, 1),
    systolic  smallint,
    visits    bigint,
    smoker    boolean,
    mood      mood,
    part      share,
    seen      date,
    at        timestamptz,
    took      interval,
    picture   real[]
);
INSERT INTO people
SELECT i, (ARRAY['a', 'b', 'c c'])[1 + i % 3], round(h::numeric, 1), round(w::numeric, 1),
       round((w / (h / 100) ^ 2)::numeric, 1), round(90 + w / 2 + 8 * c), greatest(0, round(3 + 2 * b)), c > 1,
       (ARRAY['low', 'fair', 'high'])[CASE WHEN a < -1 THEN 1 WHEN a < 1 THEN 2 ELSE 3 END]::mood,
       least(1, greatest(0, round((0.5 + b / 8)::numeric, 3))), CASE WHEN i % 4 > 0 THEN date '2024-01-01' + (i * 11 % 300) END,
       timestamptz '2024-01-01 00:00 UTC' + make_interval(hours => i * 7 % 2000), make_interval(mins => 60 + (i * 13) % 500),
       ARRAY[a, b]::real[]
FROM (SELECT i, 170 + 8 * a AS h, 75 + 9 * a + 8 * b AS w, a, b, c
      FROM (SELECT i, sqrt(-2 * ln(((i * 7919) % 1999 + 1) / 2001.0)) * cos(i * 2.399) AS a,
                   sqrt(-2 * ln(((i * 104729) % 1999 + 1) / 2001.0)) * cos(i * 1.3) AS b,
                   sqrt(-2 * ln(((i * 1299709) % 1999 + 1) / 2001.0)) * cos(i * 0.77) AS c
            FROM generate_series(1, 1200) i) r) s;
SELECT lives_ok($$ SELECT vae_train('people', epochs => 80, architecture => 'joint') $$, 'a model');
CREATE TEMP TABLE m AS SELECT model FROM hadvice.models WHERE name = 'people';
CREATE TEMP TABLE fake AS SELECT * FROM vae_sample(NULL::people, 1200, seed => 7);

-- rows of the table's type
SELECT is(count(*), 1200::bigint, 'as many rows as asked for') FROM fake;
SELECT ok(bool_and(k IS NULL), 'a key is left open') FROM fake;
SELECT ok(bool_and(height_cm IS NOT NULL AND weight_kg IS NOT NULL AND systolic IS NOT NULL AND smoker IS NOT NULL
                   AND mood IS NOT NULL AND part IS NOT NULL AND seen IS NOT NULL AND at IS NOT NULL AND took IS NOT NULL),
          'rows are complete') FROM fake;
SELECT ok(bool_and("Name it" IN ('a', 'b', 'c c')), 'words are those of the table') FROM fake;
SELECT ok(bool_and(scale(weight_kg) = 1 AND scale(bmi) = 1 AND part BETWEEN 0 AND 1), 'numerics keep scale and domain') FROM fake;
SELECT ok(bool_and(seen BETWEEN '2023-12-01' AND '2024-12-01'), 'dates are in range') FROM fake;
SELECT ok(bool_and(took > interval '0' AND array_length(picture, 1) = 2), 'intervals and vectors') FROM fake;
SELECT ok(bool_and(systolic BETWEEN (SELECT min(systolic) FROM people) AND (SELECT max(systolic) FROM people)),
          'numbers stay within what was seen') FROM fake;
SELECT ok(bool_and(abs(bmi - round((weight_kg / (height_cm::numeric / 100) ^ 2), 1)) <= 0.11), 'the body mass index does not contradict')
FROM fake WHERE bmi < (SELECT max(bmi) FROM people) AND bmi > (SELECT min(bmi) FROM people);
SELECT ok(abs(avg(weight_kg) - (SELECT avg(weight_kg) FROM people)) < 1.5
          AND abs(stddev(weight_kg) / (SELECT stddev(weight_kg) FROM people) - 1) < 0.15, 'weights are spread as the real ones') FROM fake;
SELECT ok(abs(corr(height_cm, weight_kg) - (SELECT corr(height_cm, weight_kg) FROM people)) < 0.1
          AND abs(corr(weight_kg, systolic) - (SELECT corr(weight_kg, systolic) FROM people)) < 0.12, 'and hang together as they do') FROM fake;
SELECT ok(abs(avg((mood = 'fair')::int) - (SELECT avg((mood = 'fair')::int) FROM people)) < 0.06, 'levels have their shares') FROM fake;
SELECT is_empty($$ SELECT height_cm, weight_kg, systolic, part, at FROM fake INTERSECT SELECT height_cm, weight_kg, systolic, part, at FROM people $$,
                'nobody is copied');

-- seeds
SELECT results_eq($$ SELECT f::text FROM vae_sample(NULL::people, 20, seed => 7) f $$, $$ SELECT f::text FROM fake f LIMIT 20 $$,
                  'the same seed draws the same rows, however many');
SELECT isnt((SELECT string_agg(f::text, '') FROM vae_sample(NULL::people, 5, seed => 8) f),
            (SELECT string_agg(f::text, '') FROM vae_sample(NULL::people, 5, seed => 7) f), 'another seed, others');
SELECT isnt((SELECT string_agg(f::text, '') FROM vae_sample(NULL::people, 5) f),
            (SELECT string_agg(f::text, '') FROM vae_sample(NULL::people, 5) f), 'no seed, others each time');
SELECT results_eq($$ SELECT f::text FROM m, vae_sample(m.model, NULL::people, 5, seed => 7) f $$, $$ SELECT f::text FROM fake f LIMIT 5 $$,
                  'by value the same');
SELECT results_eq($$ SELECT f ->> 'weight_kg' FROM vae_sample(NULL::jsonb, 5, seed => 7, model => 'people') f $$,
                  $$ SELECT round(weight_kg, 1)::float8::text FROM fake LIMIT 5 $$, 'as jsonb, too');
SELECT is((SELECT count(*) FROM vae_sample(NULL::people, 0)), 0::bigint, 'no row of none');
SELECT is((SELECT count(*) FROM (SELECT vae_sample(NULL::people, 3, seed => 1)) s), 3::bigint, 'in the target list');

-- given cells
SELECT ok(bool_and(smoker AND mood = 'high' AND "Name it" = 'c c' AND seen = '2024-03-01'), 'given words, booleans and dates are obeyed')
FROM vae_sample(NULL::people, 200, '{"smoker": true, "mood": "high", "Name it": "c c", "seen": "2024-03-01"}', 1);
SELECT ok(bool_and(weight_kg = 95) AND avg(systolic) > (SELECT avg(systolic) + 6 FROM people) AND avg(height_cm) > (SELECT avg(height_cm) + 5 FROM people),
          'the others follow a given number') FROM vae_sample(NULL::people, 200, '{"weight_kg": 95}', 1);
SELECT ok(bool_and(height_cm = 180 AND bmi = 30 AND abs(weight_kg - 97.2) < 0.06), 'a weight follows height and body mass index')
FROM vae_sample(NULL::people, 20, '{"height_cm": 180, "bmi": 30}', 1);
SELECT ok(bool_and(seen IS NULL AND at IS NOT NULL), 'null asks for a gap') FROM vae_sample(NULL::people, 20, '{"seen": null}', 1);
SELECT ok(bool_and(picture = '{0.5,0.25}'), 'vectors are obeyed') FROM vae_sample(NULL::people, 5, '{"picture": [0.5, 0.25]}', 1);

-- gaps
SELECT ok(abs(avg((seen IS NULL)::int) - 0.25) < 0.06 AND bool_and(at IS NOT NULL), 'gaps as real rows have them')
FROM vae_sample(NULL::people, 600, seed => 1, missing => true);
SELECT ok(bool_and(seen = '2024-03-01'), 'but not where a cell is given')
FROM vae_sample(NULL::people, 50, '{"seen": "2024-03-01"}', 1, missing => true);

-- an ordered model: a behaviour given an outcome
CREATE TABLE chain AS
SELECT round((a * 40 + 150)::numeric) AS moderate_exercise_min_week, round((50 + 10 * b)::numeric) AS age_years,
       round((125 - 12 * a + 4 * b + 4 * c)::numeric) AS systolic_mmhg
FROM (SELECT sqrt(-2 * ln(((i * 7919) % 1999 + 1) / 2001.0)) * cos(i * 2.399) AS a,
             sqrt(-2 * ln(((i * 104729) % 1999 + 1) / 2001.0)) * cos(i * 1.3) AS b,
             sqrt(-2 * ln(((i * 1299709) % 1999 + 1) / 2001.0)) * cos(i * 0.77) AS c FROM generate_series(1, 1500) i) s;
SELECT lives_ok($$ SELECT vae_train('chain', epochs => 60, architecture => 'ordered') $$, 'an ordered model');
SELECT ok(bool_and(systolic_mmhg = 149) AND avg(moderate_exercise_min_week) < 110, 'who has a high pressure moves little')
FROM vae_sample(NULL::chain, 100, '{"systolic_mmhg": 149}', 1);
SELECT lives_ok($$ SELECT vae_train('chain', 'plain', epochs => 5, architecture => 'seed', promote => false) $$, 'the seed''s model');
SELECT ok(bool_and(age_years BETWEEN 0 AND 120), 'draws, too') FROM vae_sample(NULL::chain, 50, model => 'plain', version => 1);

-- what cannot be
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::people, -1) $$, '22023', NULL, 'a negative number');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::people, NULL) $$, '22004', NULL, 'no number');
SELECT throws_ok($$ SELECT * FROM vae_sample(1, 5) $$, '42804', NULL, 'a type that is no row');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::people, 5, '{"weight": 70}') $$, '42703', NULL, 'a column that the model does not know');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::people, 5, '{"mood": "grim"}') $$, '22023', NULL, 'an unknown level');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::people, 5, '{"weight_kg": "a"}') $$, '42804', NULL, 'a value of a wrong type');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::people, 5, '[1]') $$, '22023', NULL, 'given that is no object');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::m, 5) $$, '42704', NULL, 'a table without a model');
SELECT throws_ok($$ SELECT * FROM vae_sample(NULL::jsonb, 5) $$, '42704', NULL, 'jsonb needs a model''s name');

-- embeddings and pgvector, where it can be installed
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS vector \gset
\if :vector
CREATE EXTENSION IF NOT EXISTS vector;
SELECT is((SELECT p.k FROM people p ORDER BY vae_embed(p)::vector <-> vae_embed(q)::vector LIMIT 1), 17, 'nearest to a person is that person')
FROM people q WHERE k = 17;
SELECT ok(bool_and(vector_dims(vae_embed(p)::vector) = array_length(vae_embed(p), 1)), 'an embedding casts to a vector') FROM people p WHERE k < 20;
\else
SELECT pass('nearest to a person is that person');
SELECT pass('an embedding casts to a vector');
\endif

-- two diagnoses that go together, drawn by a network that has hardly learned anything
CREATE TABLE agree AS SELECT (i % 13)::float8 AS x, (i * 7919) % 100 < 30 AS ill, ((i * 7919) % 100 < 30) <> (i % 20 = 7) AS treated
                      FROM generate_series(1, 2000) i;
SELECT lives_ok($$ SELECT vae_train('agree', epochs => 2) $$, 'two epochs');
SELECT ok(corr(ill::int, treated::int) > 0.6, 'levels are drawn together')
FROM vae_sample(NULL::agree, 4000, seed => 1);

SELECT * FROM finish();
ROLLBACK;
