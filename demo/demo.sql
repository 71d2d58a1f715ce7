-- make demo: 5,500 real people, a model trained on them inside PostgreSQL, advice for four of them.
\set QUIET on
\set ON_ERROR_STOP on
\pset footer off
\pset null '-'
SET client_min_messages = notice;

\echo
\echo '== 1. Load 5,500 people of NHANES (public domain)'
CREATE EXTENSION hadvice;
\i demo/load.sql
SELECT count(*) AS people, count(*) FILTER (WHERE sex = 'female') AS women,
       round(avg(age_years)) AS mean_age, round(avg(bmi_kg_m2)::numeric, 1) AS mean_bmi,
       round(avg(systolic_mmhg)) AS mean_systolic
FROM health_records;

\echo '== 2. Train:  SELECT * FROM vae_train(''health_records'');'
SET hadvice.progress = on;
SELECT model, version, rows, columns, parameters, epochs,
       round(train_elbo::numeric, 2) AS train_elbo,
       round(validation_elbo::numeric, 2) AS validation_elbo, round(seconds::numeric, 1) AS seconds
FROM vae_train('health_records');
SET hadvice.progress = off;

\echo '== 3. How it learned (nats per person on held-out people, higher is better)'
WITH shown AS (
    SELECT epoch, validation, min(validation) OVER () AS low, max(validation) OVER () AS high,
           row_number() OVER (ORDER BY epoch) AS n, count(*) OVER () AS total
    FROM hadvice.training_history WHERE model = 'health_records'
)
SELECT epoch, round(validation::numeric, 2) AS validation,
       repeat('#', 1 + (58 * (validation - low) / nullif(high - low, 0))::int) AS "held-out ELBO"
FROM shown WHERE n = 1 OR n = total OR n % greatest(1, total / 12) = 0 ORDER BY epoch;

SELECT round((vae_info(m.model) #>> '{validation_elbo}')::numeric, 2) AS "held-out ELBO",
       round((vae_info(m.model) #>> '{baseline_elbo}')::numeric, 2)   AS "independent columns"
FROM hadvice.models m WHERE m.name = 'health_records';

\echo '== 4. The registry:  SELECT * FROM vae_models;'
SELECT model, version, is_current, rows, columns, architecture,
       round(validation_elbo::numeric, 2) AS validation_elbo
FROM vae_models;

\echo '== 5. Advice for four people:  SELECT * FROM vae_advise(t), health_records t WHERE ...'
CREATE TEMP TABLE chosen AS
SELECT DISTINCT ON (who) who, respondent_id FROM (
    SELECT 1 AS who, respondent_id FROM health_records
    WHERE hypertension_diagnosed = 'yes' AND systolic_mmhg BETWEEN 145 AND 165 AND sodium_mg > 3500
      AND age_years BETWEEN 40 AND 60 AND diabetes_diagnosed = 'no' AND depression_phq9 < 10
    UNION ALL
    SELECT 2, respondent_id FROM health_records
    WHERE diabetes_diagnosed = 'yes' AND hba1c_percent BETWEEN 7.5 AND 9 AND bmi_kg_m2 > 30
      AND age_years BETWEEN 45 AND 65 AND depression_phq9 < 10
    UNION ALL
    SELECT 3, respondent_id FROM health_records
    WHERE age_years BETWEEN 22 AND 35 AND systolic_mmhg < 115 AND diastolic_mmhg < 75
      AND hba1c_percent < 5.5 AND total_cholesterol_mg_dl < 190 AND hdl_mg_dl > 55 AND bmi_kg_m2 BETWEEN 19 AND 24
      AND waist_cm < 85 AND depression_phq9 < 4 AND cigarettes_per_day = 0 AND drinks_per_drinking_day <= 1
      AND moderate_exercise_min_week >= 150 AND vigorous_exercise_min_week >= 75 AND sleep_hours BETWEEN 7 AND 9
    UNION ALL
    SELECT 4, respondent_id FROM health_records
    WHERE age_years > 76 AND bp_medication = 'yes' AND diabetes_medication = 'yes' AND systolic_mmhg > 140
      AND bmi_kg_m2 > 27 AND depression_phq9 < 10
) candidates ORDER BY who, respondent_id;

\pset format unaligned
\pset tuples_only on
SELECT CASE WHEN line = 0 THEN
           format(E'\n%s. %s, %s years: BMI %s, blood pressure %s/%s, HbA1c %s %%, diabetes %s, pressure tablets %s',
                  who, sex, age_years, round(bmi_kg_m2::numeric, 1), systolic_mmhg, diastolic_mmhg,
                  round(hba1c_percent::numeric, 1), diabetes_diagnosed, bp_medication)
       ELSE '   - ' || rtrim(regexp_replace(format('%s [%s%s]', advice, coalesce(basis, kind),
                                             ', probability of improvement ' || round(probability::numeric, 2)),
                                      '(.{1,93})( |$)', E'\\1\n     ', 'g'), E' \n')
       END
FROM (SELECT who, 0 AS line, respondent_id, NULL::text AS advice, NULL::text AS basis, NULL::text AS kind,
             NULL::float8 AS probability FROM chosen
      UNION ALL
      SELECT who, 1 + rank, t.respondent_id, advice, basis, kind, probability
      FROM chosen JOIN health_records t USING (respondent_id), vae_advise(t)) said
JOIN health_records USING (respondent_id) ORDER BY who, line;
\pset format aligned
\pset tuples_only off

\echo 'The numbers are associations among people alike in this database, not promises; not a medical device.'
