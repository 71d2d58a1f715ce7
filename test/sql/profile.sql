-- vae_profile: what kind each column is, what is left out and why, what the catalogue adds.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(39);

CREATE TYPE mood AS ENUM ('low', 'fair', 'high');
CREATE DOMAIN kilos AS numeric(5, 1) CHECK (value > 0);
CREATE TABLE people (
    id         serial PRIMARY KEY,
    gone       int,
    code       uuid UNIQUE,
    label      text,
    height     float8,
    weight     kilos,
    visits     int,
    ticks      bigint,
    stars      smallint,
    sex        text,
    city       varchar(20),
    pad        char(8),
    mood       mood,
    smoker     boolean,
    born       date,
    seen       timestamptz,
    wakes      time,
    sleeps     interval,
    vec        real[],
    dvec       float8[],
    doc        jsonb,
    raw        bytea,
    one        int,
    nothing    text,
    "Mixed ""x" real,
    flag       int,
    gaps       float8
);
INSERT INTO people
SELECT i, i, ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, 'person ' || i,
       170 + 10 * sin(i), 70 + 12 * cos(i), CASE WHEN i % 9 = 0 THEN i % 40 ELSE i % 3 END,
       100000 + i % 1000, 1 + i % 5, (ARRAY['female', 'male'])[1 + i % 2],
       (ARRAY['Basel', 'Bern', 'Chur'])[1 + i % 3], (ARRAY['a', 'b'])[1 + i % 2],
       (ARRAY['high', 'low', 'fair'])[1 + i % 3]::mood, i % 4 = 0, date '1950-01-01' + i * 20,
       timestamptz '2020-01-01 UTC' + i * interval '1 hour', time '06:00' + i * interval '1 minute',
       interval '7 hours' + i * interval '1 minute', ARRAY[sin(i), cos(i)]::real[],
       ARRAY[sin(i), cos(i), 1 / (1 + i)], '{}', '\x00', 7, NULL, sin(i * i),
       CASE WHEN i % 2 = 0 THEN 1 ELSE 0 END, CASE WHEN i % 4 = 0 THEN NULL ELSE cos(3 * i) END
  FROM generate_series(1, 200) AS i;
ALTER TABLE people DROP COLUMN gone;

CREATE TEMP TABLE seen AS SELECT * FROM vae_profile('people');

-- which columns
SELECT is((SELECT count(*)::int FROM seen), 26, 'one row a column, none for a dropped one');
SELECT results_eq(
    'SELECT column_name FROM seen',
    $$SELECT attname FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0
         AND NOT attisdropped ORDER BY attnum$$,
    'in the order of the table');

-- kinds
CREATE FUNCTION pg_temp.kind(name) RETURNS text LANGUAGE sql
    AS 'SELECT kind FROM seen WHERE column_name = $1';
SELECT is(pg_temp.kind('height'), 'real', 'float8 is real');
SELECT is(pg_temp.kind('weight'), 'real', 'a domain is what is below it');
SELECT is(pg_temp.kind('visits'), 'count', 'small skewed integers are a count');
SELECT is(pg_temp.kind('ticks'), 'real', 'many integers are real');
SELECT is(pg_temp.kind('stars'), 'ordinal', 'few integers are ordinal');
SELECT is(pg_temp.kind('sex'), 'binary', 'two texts are binary');
SELECT is(pg_temp.kind('city'), 'categorical', 'three texts are categorical');
SELECT is(pg_temp.kind('pad'), 'binary', 'char(n) is text');
SELECT is(pg_temp.kind('mood'), 'categorical', 'an enum is categorical');
SELECT is(pg_temp.kind('smoker'), 'binary', 'a boolean is binary');
SELECT is(pg_temp.kind('flag'), 'binary', '0 and 1 are binary');
SELECT is(pg_temp.kind('born'), 'date/time', 'date');
SELECT is(pg_temp.kind('seen'), 'date/time', 'timestamptz');
SELECT is(pg_temp.kind('wakes'), 'date/time', 'time');
SELECT is(pg_temp.kind('sleeps'), 'date/time', 'interval');
SELECT is(pg_temp.kind('vec'), 'embedding', 'real[] is an embedding');
SELECT is(pg_temp.kind('dvec'), 'embedding', 'float8[] is an embedding');
SELECT is(pg_temp.kind('Mixed "x'), 'real', 'a column with quotes in its name');

-- levels
SELECT is((SELECT levels FROM seen WHERE column_name = 'mood'), '{low,fair,high}',
          'levels of an enum keep its order');
SELECT is((SELECT levels FROM seen WHERE column_name = 'smoker'), '{no,yes}',
          'levels of a boolean');
SELECT is((SELECT levels FROM seen WHERE column_name = 'pad'), '{a,b}',
          'char(n) loses its padding');
SELECT is((SELECT levels FROM seen WHERE column_name = 'height'), NULL,
          'a number has no levels');

-- left out, and why
SELECT is((SELECT array_agg(column_name ORDER BY column_name) FROM seen WHERE kind IS NULL),
          '{code,doc,id,label,nothing,one,raw}', 'what is left out');
SELECT is((SELECT note FROM seen WHERE column_name = 'id'), 'key', 'a primary key is a key');
SELECT is((SELECT note FROM seen WHERE column_name = 'code'), 'key', 'a unique uuid is a key');
SELECT matches((SELECT note FROM seen WHERE column_name = 'label'), 'identifier',
               'texts that all differ are an identifier');
SELECT is((SELECT note FROM seen WHERE column_name = 'one'), 'constant', 'a constant');
SELECT is((SELECT note FROM seen WHERE column_name = 'nothing'), 'empty', 'an empty column');
SELECT is((SELECT note FROM seen WHERE column_name = 'doc'), 'type jsonb is not supported',
          'a type that cannot be learnt');

-- numbers
SELECT is((SELECT missing_fraction FROM seen WHERE column_name = 'gaps'), 0.25::float8,
          'missing cells are counted');
SELECT ok((SELECT abs(mean - (SELECT avg(height) FROM people)) < 1e-9
              AND abs(stddev - (SELECT stddev_samp(height) FROM people)) < 1e-9
              AND low = (SELECT min(height) FROM people) AND high = (SELECT max(height) FROM people)
             FROM seen WHERE column_name = 'height'), 'moments and range are those of SQL');
SELECT is((SELECT distinct_values FROM seen WHERE column_name = 'stars'), 5, 'distinct values');

-- the catalogue: names, synonyms and mappings, plausible ranges in the column's own unit
CREATE TABLE body AS
SELECT 20 + i % 60 AS age_years, 15 + sin(i) AS sbp_kpa, (ARRAY['Very good', 'Poor', 'Fair'])[1 + i % 3]
       AS "General_Health", (ARRAY['good', 'awful', 'fair'])[1 + i % 3] AS self_rated_health
  FROM generate_series(1, 100) AS i;
INSERT INTO body VALUES (40, 500, 'Poor', 'good'); -- 500 kPa cannot be
SELECT vae_map_column('body', 'sbp_kpa', 'systolic_mmhg', 7.50062) \g /dev/null
SELECT results_eq(
    $$SELECT role, feature, unit FROM vae_profile('body') WHERE column_name IN ('age_years', 'sbp_kpa')$$,
    $$VALUES ('context', 'age_years', (SELECT unit FROM hadvice.features WHERE feature = 'age_years')),
             ('outcome', 'systolic_mmhg', 'mmHg')$$,
    'a column is the feature of its name or of its mapping');
SELECT ok((SELECT high < 20 AND missing_fraction > 0 FROM vae_profile('body')
            WHERE column_name = 'sbp_kpa'), 'implausible values count as missing, whatever the unit');
SELECT results_eq(
    $$SELECT kind, levels FROM vae_profile('body') WHERE column_name = 'General_Health'$$,
    $$VALUES ('ordinal', '{Poor,Fair,"Very good"}'::text[])$$,
    'words of an ordinal feature are in its order, as the table spells them');
SELECT is((SELECT kind FROM vae_profile('body') WHERE column_name = 'self_rated_health'),
          'categorical', 'other words than those of the feature have no order');

-- what is no table
SELECT throws_ok($$SELECT vae_profile('people_id_seq')$$, '42809', NULL, 'a sequence is not a source');

SELECT finish();
ROLLBACK;
