-- Derived columns: found in the table, and never contradicted by what the model returns.
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
SELECT plan(10);

CREATE VIEW trained_on AS SELECT *, round((weight_kg / 0.45359237)::numeric, 1) AS pounds FROM health_records WHERE respondent_id % 5 <> 0;
SELECT lives_ok($$ SELECT vae_train('trained_on', epochs => 5) $$, 'a model of four fifths');
CREATE FUNCTION pg_temp.off(jsonb) RETURNS float8 LANGUAGE sql
    AS $$ SELECT abs(($1 ->> 'bmi_kg_m2')::float8 - 10000 * ($1 ->> 'weight_kg')::float8 / ($1 ->> 'height_cm')::float8 ^ 2) $$;
SELECT ok(vae_info(model) -> 'derived' @> '[{"name": "bmi_kg_m2"}]', 'BMI is known to be computed') FROM hadvice.models WHERE name = 'trained_on';
SELECT is(jsonb_array_length(vae_info(model) -> 'derived'), 2, 'so are pounds or kilograms, and nothing else') FROM hadvice.models WHERE name = 'trained_on';

CREATE TEMP TABLE hidden AS SELECT to_jsonb(t) AS person FROM health_records t
    WHERE respondent_id % 5 = 0 AND weight_kg + height_cm + bmi_kg_m2 IS NOT NULL;
SELECT ok(max(pg_temp.off(vae_impute(person - c, 'trained_on'))) < 0.09, 'one of three, or all: filled without contradiction')
FROM hidden, (VALUES ('{bmi_kg_m2}'::text[]), ('{weight_kg}'), ('{height_cm}'), ('{bmi_kg_m2,weight_kg,height_cm}'), ('{bmi_kg_m2,height_cm}')) v (c);
SELECT ok(max(abs((filled ->> 'weight_kg')::float8 - (person ->> 'weight_kg')::float8)) < 0.5, 'weight follows from BMI and height')
FROM hidden, vae_impute(person - 'weight_kg', 'trained_on') filled;
SELECT ok(max(pg_temp.off(vae_reconstruct(person, 'trained_on'))) < 0.09, 'a reconstruction agrees with itself') FROM hidden;
SELECT ok(max(abs((r ->> 'pounds')::float8 * 0.45359237 - (r ->> 'weight_kg')::float8)) < 0.1, 'also in pounds')
FROM hidden, vae_reconstruct(person, 'trained_on') r;

CREATE TEMP TABLE cells AS
    SELECT (person ->> column_name)::float8 AS truth, value::float8, low::float8, high::float8
    FROM hidden, vae_impute_cells(person - 'bmi_kg_m2', 'trained_on') WHERE column_name = 'bmi_kg_m2';
SELECT ok(avg((truth BETWEEN low AND high)::int) > 0.99 AND max(high - low) < 0.5, 'its interval is that of rounding') FROM cells;
SELECT ok(bool_and(value BETWEEN low AND high), 'and holds the value') FROM cells;
SELECT ok(avg(high::float8 - low::float8) > 5, 'with nothing to follow from it is as wide as guesses are')
FROM hidden, vae_impute_cells(person - '{bmi_kg_m2,weight_kg,waist_cm}'::text[], 'trained_on') WHERE column_name = 'weight_kg';
SELECT * FROM finish();
ROLLBACK;
