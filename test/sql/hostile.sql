-- What an ordinary role can prepare for a superuser: names, casts, operators, rolled-back changes.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
DROP EXTENSION IF EXISTS hadvice CASCADE;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT plan(16);
CREATE ROLE hadvice_mallory;
CREATE SCHEMA m AUTHORIZATION hadvice_mallory;
CREATE TABLE m.witness (who name);
GRANT INSERT ON m.witness TO PUBLIC;

-- operators with better matching arguments in the schema that the extension goes to
SET LOCAL ROLE hadvice_mallory;
CREATE FUNCTION m.evil(float8, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO m.witness VALUES (current_user); RETURN true; END $$;
CREATE FUNCTION m.evil(real, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO m.witness VALUES (current_user); RETURN true; END $$;
CREATE FUNCTION m.evil(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO m.witness VALUES (current_user); RETURN true; END $$;
CREATE OPERATOR m.> (FUNCTION = m.evil, LEFTARG = float8, RIGHTARG = int);
CREATE OPERATOR m.<> (FUNCTION = m.evil, LEFTARG = float8, RIGHTARG = int);
CREATE OPERATOR m.>= (FUNCTION = m.evil, LEFTARG = real, RIGHTARG = int);
CREATE OPERATOR m.= (FUNCTION = m.evil, LEFTARG = oid, RIGHTARG = regclass);
RESET ROLE;
CREATE EXTENSION hadvice SCHEMA m;
SELECT is_empty('SELECT FROM m.witness', 'the install script runs nobody''s operators');
SELECT is_empty($$ SELECT d.objid FROM pg_depend d JOIN pg_operator o ON o.oid = d.refobjid AND d.refclassid = 'pg_operator'::regclass
                   WHERE o.oprnamespace = 'm'::regnamespace AND d.classid <> 'pg_operator'::regclass $$, 'and no object keeps one');
SET LOCAL search_path = public, m;

-- a name that another role took first
CREATE TABLE secret AS SELECT i AS age, 'SECRET-' || i % 5 AS code, sin(i) AS x FROM generate_series(1, 100) i;
CREATE TABLE m.t AS SELECT i AS age, cos(i) AS x FROM generate_series(1, 100) i;
GRANT SELECT ON m.t TO hadvice_mallory;
SET LOCAL ROLE hadvice_mallory;
SELECT lives_ok($$ SELECT vae_train('m.t', 'secret', epochs => 1) $$, 'a role trains under a name');
RESET ROLE;
SELECT throws_ok($$ SELECT vae_train('secret', epochs => 1) $$, '42501', NULL, 'a superuser is told that the name is another role''s');
SELECT lives_ok($$ SELECT vae_train('secret', 'mine', epochs => 1) $$, 'and takes another');
SET LOCAL ROLE hadvice_mallory;
SELECT throws_ok($$ INSERT INTO hadvice.models (name, version, source, model) SELECT 'mine', 41, 'm.t', model FROM hadvice.models $$,
                 '42501', NULL, 'a version under another''s name');
SELECT throws_ok($$ INSERT INTO hadvice.models (name, version, source, model) SELECT name, 2147483647, 'm.t', model FROM hadvice.models $$,
                 '23514', NULL, 'the last version there can be');

-- types with casts of their own
CREATE TYPE m.vector AS (v float4[]);
CREATE FUNCTION m.cast_it(m.vector) RETURNS real[] LANGUAGE plpgsql AS $$ BEGIN INSERT INTO m.witness VALUES (current_user); RETURN ($1).v; END $$;
CREATE CAST (m.vector AS real[]) WITH FUNCTION m.cast_it(m.vector);
CREATE TYPE m.mood AS ENUM ('no', 'yes');
CREATE FUNCTION m.cast_it(m.mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO m.witness VALUES (current_user); RETURN 'no'; END $$;
CREATE CAST (m.mood AS text) WITH FUNCTION m.cast_it(m.mood);
CREATE TABLE m.trap AS SELECT ROW(ARRAY[1, i])::m.vector AS v, (ARRAY['no', 'yes'])[1 + i % 2]::m.mood AS general_health, sin(i) AS x
    FROM generate_series(1, 60) i;
RESET ROLE;
SELECT lives_ok($$ SELECT vae_profile('m.trap') $$, 'a table of such types is profiled');
SELECT lives_ok($$ SELECT vae_train('m.trap', epochs => 1) $$, 'and trained on');
SELECT is_empty('SELECT FROM m.witness', 'without running their casts');
SELECT is(note IS NOT NULL, true, 'the false vector is left out') FROM vae_profile('m.trap') WHERE column_name = 'v';

-- dates: only the built-in types are read from jsonb
CREATE TABLE dated AS SELECT date '2020-01-01' + i AS d, sin(i) AS x FROM generate_series(1, 60) i;
SELECT lives_ok($$ SELECT vae_train('dated', epochs => 1) $$, 'dates');
SELECT ok(vae_anomaly('{"d": "2020-01-15", "x": 0.5}'::jsonb, 'dated') IS NOT NULL, 'from jsonb');

-- what was undone does not count, in one call site
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answers text := '';
BEGIN
    FOR turn IN 1..2 LOOP
        BEGIN
            IF turn = 1 THEN
                INSERT INTO hadvice.rules (id, feature, effect, reason, source) VALUES ('test_all', '*', 'forbid', 'test', 'test');
            END IF;
            answers := answers || coalesce((SELECT e ->> 'status' FROM jsonb_array_elements(
                vae_advise_explain('{"age_years": 50, "sodium_mg": 4000}'::jsonb, 'advising') -> 'considered') e
                WHERE e ->> 'feature' = 'sodium_mg'), '') || ';';
            IF turn = 1 THEN
                RAISE EXCEPTION 'undo';
            END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
    RETURN answers;
END $$;
CREATE TABLE advising AS SELECT 20 + i % 50 AS age_years, 1500 + (i * 37) % 3000 AS sodium_mg, 110 + i % 50 AS systolic_mmhg FROM generate_series(1, 100) i;
SELECT lives_ok($$ SELECT vae_train('advising', epochs => 1) $$, 'a model that advises');
SELECT isnt(split_part(pg_temp.said(), ';', 2), 'forbidden by a rule', 'a rule that was rolled back');
SELECT isnt(split_part(pg_temp.said(), ';', 2), 'forbidden by a rule', 'again');
SELECT * FROM finish();
ROLLBACK;
CREATE EXTENSION IF NOT EXISTS hadvice;
