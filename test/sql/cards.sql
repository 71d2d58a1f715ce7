-- The model card: what it says is so, by other ways of finding out.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT no_plan();

-- Pressure of men of 60 and over follows nothing; of women under 40 there are few; three columns are of no use.
SELECT setseed(0.5) \g /dev/null
CREATE FUNCTION pg_temp.normal() RETURNS float8 LANGUAGE sql AS 'SELECT random() + random() + random() + random() + random() + random() - random() - random() - random() - random() - random() - random()';
CREATE TABLE clinic AS
SELECT i AS id, age_years, sex, sodium_mg, CASE WHEN random() < 0.9 THEN round(130 + (age_years - 50) * 0.8 + (sodium_mg - 3500) * 0.006
           + CASE WHEN sex = 'male' AND age_years >= 60 THEN 30 ELSE 2 END * pg_temp.normal()) END AS systolic_mmhg,
       round(80 + 8 * pg_temp.normal()) AS diastolic_mmhg, 'the same' AS nothing, '{}'::jsonb AS remark, ARRAY[i] AS visits
  FROM (SELECT i, sex, CASE WHEN sex = 'female' AND i % 100 > 2 THEN 41 + (random() * 38)::int ELSE 20 + (random() * 60)::int END AS age_years,
               round(3600 + 700 * pg_temp.normal()) AS sodium_mg
          FROM generate_series(1, 2000) AS i, LATERAL (VALUES ((ARRAY['female', 'male'])[1 + i % 2])) AS s (sex)) AS p;
ALTER TABLE clinic ADD PRIMARY KEY (id);
SELECT version FROM vae_train('clinic', epochs => 30, hidden => '{32}') \gset
CREATE TEMP TABLE card AS SELECT vae_model_card('clinic') AS c;

-- what it repeats
SELECT is(c - '{columns,training,fit,catalogue,feedback,evaluation,drift,limits,trained_at,parameters}'::text[],
          jsonb_build_object('model', 'clinic', 'version', 1, 'is_current', true, 'owner', CURRENT_USER::text, 'comment', NULL, 'extension_version', '1.0', 'architecture', 'ordered'), 'which model') FROM card;
SELECT is((SELECT array_agg(k ->> 'name' ORDER BY k ->> 'name') FROM card, jsonb_array_elements(c -> 'columns') AS k), '{age_years,diastolic_mmhg,sex,sodium_mg,systolic_mmhg}', 'its columns');
SELECT is((SELECT array_agg(k ORDER BY k) FROM card, jsonb_object_keys(c #> '{training,left_out}') AS k), '{id,nothing,remark,visits}', 'those left out');
SELECT is((c #>> '{training,fingerprint}'), (SELECT vae_info(model) ->> 'fingerprint' FROM hadvice.models WHERE name = 'clinic'), 'the fingerprint of the rows') FROM card;
SELECT is((c #>> '{training,rows}')::int + (c #>> '{training,validation_rows}')::int, 2000, 'all rows, trained on or held out') FROM card;
SELECT is((c #>> '{catalogue,rules}')::int, (SELECT count(*)::int FROM hadvice.rules WHERE active), 'the rules') FROM card;

-- the rows held out are found again
CREATE TEMP VIEW held AS SELECT t.* FROM clinic AS t WHERE hadvice.is_held_out(t, '{id,age_years,sex,sodium_mg,systolic_mmhg,diastolic_mmhg,nothing,remark,visits}', 0.1);
SELECT is((SELECT count(*)::int FROM held), (c #>> '{training,validation_rows}')::int, 'as many rows are held out as the training held out') FROM card;
SELECT is((c #>> '{evaluation,people}')::int, (c #>> '{training,validation_rows}')::int, 'and they are what is judged') FROM card;
SELECT is((SELECT jsonb_object_agg(g ->> 'group', g -> 'people') FROM card, jsonb_array_elements(c #> '{evaluation,subgroups}') AS g),
          (SELECT jsonb_object_agg(g, CASE WHEN n < 10 THEN '"fewer than 10"' ELSE to_jsonb(n) END)
             FROM (SELECT sex || CASE WHEN age_years < 40 THEN ' under 40' WHEN age_years < 60 THEN ' 40 to 59' ELSE ' 60 and over' END AS g, count(*) AS n FROM held GROUP BY 1) AS h),
          'by sex and age');

-- figures by another way: one person, one outcome at a time
CREATE TEMP VIEW by_hand AS
SELECT sex || CASE WHEN age_years < 40 THEN ' under 40' WHEN age_years < 60 THEN ' 40 to 59' ELSE ' 60 and over' END AS g, column_name,
       (to_jsonb(h) ->> column_name)::float8 AS actual, value::float8 AS expected, low::float8, high::float8,
       (SELECT (k ->> 'stddev')::float8 FROM card, jsonb_array_elements(c -> 'columns') AS k WHERE k ->> 'name' = column_name) AS sd
  FROM held AS h, vae_impute_cells(to_jsonb(h) - '{systolic_mmhg,diastolic_mmhg}'::text[], model => 'clinic') AS v
 WHERE to_jsonb(h) ->> column_name IS NOT NULL;
CREATE FUNCTION pg_temp.same(float8, float8) RETURNS boolean LANGUAGE sql AS 'SELECT abs($1 - $2) < 1e-6';
SELECT is((SELECT count(*)::int FROM (SELECT column_name, avg(abs(actual - expected)) AS mae, avg((expected - actual) / sd) AS bias, avg((actual BETWEEN low AND high)::int) AS inside, count(*) AS n FROM by_hand GROUP BY 1) AS b
             JOIN (SELECT o FROM card, jsonb_array_elements(c #> '{evaluation,outcomes}') AS o) AS e ON o ->> 'outcome' = column_name
            WHERE pg_temp.same(mae, (o ->> 'mean_absolute_error')::float8) AND pg_temp.same(bias, (o ->> 'bias')::float8)
              AND pg_temp.same(inside::float8, (o ->> 'inside_90')::float8) AND n = (o ->> 'people')::int), 2, 'error, bias and coverage of both outcomes');
SELECT is((SELECT count(*)::int FROM (SELECT g, avg(abs(actual - expected) / sd) AS error FROM by_hand GROUP BY 1) AS b
             JOIN (SELECT s FROM card, jsonb_array_elements(c #> '{evaluation,subgroups}') AS s) AS e ON s ->> 'group' = g
            WHERE pg_temp.same(error, (s ->> 'error')::float8)),
          (SELECT count(*)::int FROM card, jsonb_array_elements(c #> '{evaluation,subgroups}') AS s WHERE s ->> 'people' <> 'fewer than 10'), 'error of each group');

-- limits: what was planted is found
CREATE FUNCTION pg_temp.limits() RETURNS text LANGUAGE sql AS 'SELECT string_agg(l, chr(10)) FROM jsonb_array_elements_text(vae_model_card($$clinic$$) -> $$limits$$) AS l';
SELECT matches(pg_temp.limits(), 'told worse for: male 60 and over', 'the group that it does badly for');
SELECT matches(pg_temp.limits(), 'Too few held-out people to judge: female under 40', 'the group that is too small');
SELECT is((SELECT g - 'group' - 'people' FROM card, jsonb_array_elements(c #> '{evaluation,subgroups}') AS g WHERE g ->> 'group' = 'female under 40'), '{"error": null}', 'of which no figures are given');
SELECT matches(pg_temp.limits(), '20 to 80 years', 'ages');
SELECT matches(pg_temp.limits(), 'approved by nobody', 'rules without approval');
SELECT doesnt_match(pg_temp.limits(), 'row security|has moved|No rows were held out|did them harm', 'and nothing that is not so');
UPDATE clinic SET sodium_mg = sodium_mg * 0.5;
SELECT matches(pg_temp.limits(), 'has moved since the training:[^.]*sodium_mg', 'drift');
UPDATE clinic SET sodium_mg = sodium_mg * 2;
SELECT vae_feedback('clinic', '7', 'sodium_mg', 'harmed');
SELECT matches(pg_temp.limits(), '1 people said that advice did them harm', 'harm');
SELECT version FROM vae_train('clinic', epochs => 1, hidden => '{8}', validation_fraction => 0) \gset
SELECT matches(pg_temp.limits(), 'No rows were held out', 'no rows held out');
SELECT is(vae_model_card('clinic') #>> '{evaluation,rows}', 'trained on', 'then the rows trained on are judged, and named so');
SELECT is(vae_model_card('clinic', 1) ->> 'version', '1', 'an older version');
SELECT is(vae_model_card('clinic', 1) -> 'drift', 'null', 'has no drift');

-- Markdown
SELECT matches(vae_model_card_markdown('clinic', 1), '^# Model card: clinic, version 1\n', 'Markdown: the title');
SELECT is((SELECT count(*)::int FROM regexp_matches(vae_model_card_markdown('clinic', 1), '\n\|[^\n]+\|\n\|(---\|)+\n\|', 'g')), 4, 'tables with a head and rows');
SELECT is((SELECT count(*)::int FROM jsonb_array_elements_text(vae_model_card('clinic', 1) -> 'limits') AS l WHERE position(E'\n- ' || l IN vae_model_card_markdown('clinic', 1)) = 0), 0, 'every limit');

-- roles
CREATE ROLE hadvice_reader;
CREATE ROLE hadvice_ward;
GRANT hadvice_ward TO CURRENT_USER;
SELECT vae_grant('clinic', 'hadvice_reader');
SET ROLE hadvice_reader;
SELECT is(vae_model_card('clinic') -> 'evaluation', '{"note": "you may not read the source"}', 'who may not read the source gets no figures from it');
SELECT matches(pg_temp.limits(), 'Not judged on held-out rows: you may not read the source', 'and is told');
RESET ROLE;
GRANT SELECT ON clinic TO hadvice_ward;
ALTER TABLE clinic ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON clinic USING (id % 2 = 0);
SET ROLE hadvice_ward;
SELECT version FROM vae_train('clinic', model => 'ward', epochs => 1, hidden => '{8}') \gset
SELECT matches(vae_model_card('ward') ->> 'limits', 'through row security', 'row security');
RESET ROLE;

-- a source that is gone, and what is refused
CREATE TABLE gone AS SELECT * FROM clinic;
SELECT version FROM vae_train('gone', epochs => 1, hidden => '{8}') \gset
DROP TABLE gone;
SELECT is(vae_model_card('gone') #>> '{evaluation,note}', 'the source has been dropped', 'a source that was dropped');
SELECT matches(vae_model_card_markdown('gone'), 'dropped since', 'in Markdown, too');
SELECT throws_ok($$SELECT vae_model_card('nobody')$$, '42704', 'there is no current version of a model "nobody"', 'a model that is none');
SELECT throws_ok($$SELECT vae_model_card('clinic', 99)$$, '42704', 'there is no version 99 of a model "clinic"', 'a version that is none');
SELECT throws_ok($$SELECT vae_model_card(NULL)$$, '22004', NULL, 'NULL');

SELECT * FROM finish();
ROLLBACK;
