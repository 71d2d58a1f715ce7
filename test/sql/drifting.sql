-- vae_drift: made shifts of every kind, each found and ranked; nothing where nothing has moved.
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

CREATE TABLE people (id int PRIMARY KEY, age int, height float8, drinks int, sex text, city text, grade int, born date, embed real[], wine float8, beer float8);
INSERT INTO people
SELECT i, 20 + (i * 37) % 60, 170 + 10 * sqrt(-2 * ln((i % 997 + 0.5) / 998)) * cos(2 * pi() * ((i * 31) % 1009) / 1009.0),
       CASE WHEN i % 10 < 4 THEN 0 ELSE i % 17 END, (ARRAY['female', 'male'])[1 + i % 2], (ARRAY['Bern', 'Chur', 'Genf'])[1 + i % 3],
       1 + i % 5, date '1950-01-01' + i * 7 % 15000, ARRAY[sin(i), cos(i)]::real[],
       sin(i), CASE WHEN i % 13 <> 0 THEN sin(i) + 0.1 * cos(i * 3) END
  FROM generate_series(1, 3000) AS i;
CREATE TABLE before AS TABLE people;
SELECT lives_ok($$SELECT vae_train('people', epochs => 15, hidden => '{16}', architecture => 'joint', exclude => '{embed}')$$, 'a model');
CREATE FUNCTION pg_temp.drift(name, source regclass DEFAULT NULL) RETURNS vae_column_drift LANGUAGE sql AS
    'SELECT d FROM vae_drift(''people'', $2) AS d WHERE column_name = $1';
CREATE FUNCTION pg_temp.worst() RETURNS name LANGUAGE sql AS
    'SELECT column_name FROM vae_drift(''people'') LIMIT 1';
CREATE FUNCTION pg_temp.back() RETURNS void LANGUAGE sql AS
    'TRUNCATE people; INSERT INTO people SELECT * FROM before';

-- nothing has moved
SELECT is((SELECT array_agg(column_name ORDER BY column_name) FROM vae_drift('people')),
          '{(latent),age,beer,born,city,drinks,grade,height,sex,wine}', 'a row for each column, and one for the codes');
SELECT cmp_ok(max(psi), '<', 0.02::float8, 'no index is large') FROM vae_drift('people');
SELECT cmp_ok(max(ks), '<', 0.02::float8, 'nor KS') FROM vae_drift('people');
SELECT cmp_ok(max(abs(missing_change)), '<', 1e-9::float8, 'nor missing cells') FROM vae_drift('people');
SELECT is(count(note), 0::bigint, 'nothing is noted') FROM vae_drift('people');

-- numbers
UPDATE people SET height = height + 10;
SELECT is(pg_temp.worst(), 'height', 'taller people: ranked first');
SELECT ok((d).psi > 0.5 AND (d).ks > 0.3 AND (d).note ~ 'mean 1\d\d.*, it was 1', 'and noted') FROM pg_temp.drift('height') AS d;
SELECT is((SELECT count(*) FROM vae_drift('people') WHERE psi > 0.1 AND column_name NOT IN ('height', '(latent)')), 0::bigint, 'nothing else');
SELECT pg_temp.back();
UPDATE people SET drinks = drinks * 2;
SELECT is(pg_temp.worst(), 'drinks', 'values that nobody had');
SELECT matches((pg_temp.drift('drinks')).note, 'it was');
SELECT pg_temp.back();
UPDATE people SET born = born + 8000;
SELECT is(pg_temp.worst(), 'born', 'dates move');
SELECT matches((pg_temp.drift('born')).note, 'mean .*\d{4}.*, it was .* outside of the range seen in training');
SELECT pg_temp.back();

-- levels
UPDATE people SET city = 'Davos' WHERE id % 10 = 0;
SELECT is(pg_temp.worst(), 'city', 'a new category');
SELECT matches((pg_temp.drift('city')).note, 'new: "Davos" \(10.0 %\)');
UPDATE people SET city = 'Arosa, "the high' || id % 50 WHERE id % 10 = 0;
SELECT matches((pg_temp.drift('city')).note, 'new: ".*" .*, ".*" .*, ".*" .*, and others, in all 10.0 % of the cells', 'many of them');
SELECT is((pg_temp.drift('city')).ks, NULL, 'words have no order');
SELECT pg_temp.back();
DELETE FROM people WHERE city = 'Chur';
SELECT matches((pg_temp.drift('city')).note, 'gone: "Chur"', 'one is gone');
SELECT pg_temp.back();
UPDATE people SET sex = 'female' WHERE id % 3 = 0;
SELECT ok(abs((d).ks - 1/6.0) < 0.01 AND (d).note ~ '"(fe)?male": \d+\.\d %, it was 50.0 %', 'shares of two') FROM pg_temp.drift('sex') AS d;
SELECT pg_temp.back();
UPDATE people SET grade = 9 WHERE id % 4 = 0;
SELECT matches((pg_temp.drift('grade')).note, 'new: 2\d\.\d % of the cells', 'a new number among levels');
SELECT pg_temp.back();

-- missing cells
UPDATE people SET age = NULL WHERE id / 60 % 2 = 0;
SELECT is(pg_temp.worst(), 'age', 'missing cells alone rank a column, too');
SELECT ok(abs((d).missing_change - 0.5) < 0.01 AND (d).psi < 0.1 AND (d).note ~ 'missing [45]\d.\d %, it was 0.0 %', 'by how many') FROM pg_temp.drift('age') AS d;
UPDATE people SET age = NULL;
SELECT ok((d).missing_change = 1 AND (d).psi IS NULL AND (d).note ~ 'the column is empty', 'all of them') FROM pg_temp.drift('age') AS d;
SELECT pg_temp.back();

-- columns that no longer go together, each as it was
UPDATE people SET wine = -wine;
SELECT cmp_ok((pg_temp.drift('wine')).psi, '<', 0.02::float8, 'wine is as it was');
SELECT ok((d).psi > 0.02, 'but the codes have moved') FROM pg_temp.drift('(latent)') AS d;
SELECT is(pg_temp.worst(), '(latent)', 'most of all');
SELECT pg_temp.back();

-- another table
CREATE VIEW old AS SELECT * FROM people WHERE age > 60;
SELECT is((SELECT column_name FROM vae_drift('people', 'old') LIMIT 1), 'age', 'a part of the people');
SELECT cmp_ok((SELECT max(psi) FROM vae_drift('people', 'before')), '<', 0.02::float8, 'a copy');
CREATE TABLE other (a int);
SELECT throws_ok($$SELECT vae_drift('people', 'other')$$, '42703', NULL, 'a table without any of the columns');
CREATE TABLE none (LIKE people);
SELECT throws_ok($$SELECT vae_drift('people', 'none')$$, '02000', NULL, 'an empty table');
SELECT throws_ok($$SELECT vae_drift('nobody')$$, '42704', NULL, 'no such model');
SELECT throws_ok($$SELECT vae_drift(NULL)$$, '22004', NULL, 'no name');

-- columns come and go
DROP VIEW old;
ALTER TABLE people DROP COLUMN height, ADD COLUMN pulse int, ALTER COLUMN grade TYPE text;
SELECT results_eq($$SELECT column_name::text COLLATE "C", note FROM vae_drift('people') WHERE column_name IN ('height', 'grade', 'pulse')$$,
    $$VALUES ('grade' COLLATE "C", 'the column is now of type text, it was integer'), ('height', 'the column is gone'),
             ('pulse', 'a new column, not in the model')$$, 'and are told; gone ones first, new ones last');
SELECT is((SELECT array_agg(column_name ORDER BY n) FROM (SELECT column_name, row_number() OVER () AS n FROM vae_drift('people')) AS d WHERE n <= 2),
          '{grade,height}', 'first of all');

-- a retraining that waits for drift
ALTER TABLE people DROP COLUMN pulse, DROP COLUMN grade;
SELECT matches(reason, 'not retrained: largest drift 0.0\d+ \(.*\), 0.2 is asked for') FROM vae_retrain('people', if_drift => 0.2);
SELECT matches(reason, 'not retrained: 0.0 % more rows.*; largest drift') FROM vae_retrain('people', if_drift => 0.2, if_new_rows => 0.1);
UPDATE people SET city = 'Davos' WHERE id % 5 = 0;
SELECT is((SELECT version FROM vae_retrain('people', if_drift => 0.2, if_new_rows => 0.1)), 2, 'drift is reason enough');
SELECT ok((d).psi < 0.02 AND (d).note IS NULL, 'and is gone with the new version') FROM pg_temp.drift('city') AS d;
SELECT is((SELECT provolatile::text || proparallel::text FROM pg_proc WHERE proname = 'vae_drift'), 'sr', 'it changes nothing');

SELECT finish();
ROLLBACK;
