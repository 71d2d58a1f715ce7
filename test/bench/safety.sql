-- Safety over everybody: the table nhanes (all columns text) and :rows adversarial rows, each with random wishes, locks and
-- max_actions. Prints what was asked and answered; an error at the end, and exit code 3, when a violation was found.
\pset footer off
\timing off
SET client_min_messages = warning;
CREATE EXTENSION hadvice;
\i test/data/safe_ranges.sql
\i test/data/adversarial.sql

-- numbers where every value is one
DO $$
DECLARE
    c   name;
    sum boolean;
BEGIN
    FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'nhanes'::regclass AND attnum > 0 LOOP
        EXECUTE format('SELECT bool_and(%1$I ~ ''^-?[0-9]+([.][0-9]+)?$'') FROM nhanes', c) INTO sum;
        IF sum THEN
            EXECUTE format('ALTER TABLE nhanes ALTER %1$I TYPE float8 USING %1$I::float8', c);
        END IF;
    END LOOP;
END $$;
ANALYZE nhanes;
SELECT rows AS people, columns, epochs, round(seconds::numeric, 1) AS seconds
FROM vae_train('nhanes', exclude => '{respondent_id,survey_cycle,exam_weight}', epochs => 60);

CREATE UNLOGGED TABLE cases (who text, n int, person jsonb, programme text, locked jsonb, wishes jsonb, most int);
-- as they are, through every programme: without wishes and with
INSERT INTO cases
SELECT 'nhanes', respondent_id::int, to_jsonb(t), p,
       CASE respondent_id::int % 3 WHEN 0 THEN NULL ELSE test_locked(p || respondent_id) END,
       CASE respondent_id::int % 3 WHEN 0 THEN NULL ELSE test_wishes(p || respondent_id) END, 1 + test_pick(p || respondent_id, 8)
FROM nhanes t, unnest('{general,diabetes,hypertension,weight,sleep,heart}'::text[]) p;
INSERT INTO cases
SELECT 'adversarial', n, test_adversarial(to_jsonb(t), n), (ARRAY['general', 'diabetes', 'hypertension', 'weight', 'sleep', 'heart', NULL])[1 + n % 7],
       test_locked('' || n), test_wishes('' || n), 1 + n % 8
FROM (SELECT t, row_number() OVER (ORDER BY respondent_id)::int AS n FROM nhanes t) t WHERE n <= :rows;

CREATE UNLOGGED TABLE answers AS
SELECT c.*, item, CASE WHEN item.kind IS NULL THEN 'no answer' ELSE test_violation(c.person, item, c.locked, c.wishes) END AS violation
FROM cases c
LEFT JOIN LATERAL vae_advise(c.person, 'nhanes', max_actions => most, programme => c.programme, locked => c.locked, wishes => c.wishes) item ON true;
INSERT INTO answers (who, n, programme, violation)
SELECT who, n, programme, 'too many items, or a feature twice' FROM answers WHERE (item).kind = 'action'
GROUP BY who, n, programme, most HAVING count(*) > most OR count(DISTINCT (item).feature) < count(*);

SELECT coalesce(who, 'all') AS rows, coalesce(programme, 'by the record') AS programme, count(DISTINCT n) AS people,
       count(*) FILTER (WHERE (item).kind = 'action') AS actions, count(*) FILTER (WHERE (item).kind = 'refer') AS referrals,
       count(*) FILTER (WHERE (item).kind = 'keep') AS keeps, count(violation) AS violations
FROM answers GROUP BY who, programme ORDER BY who DESC, programme NULLS LAST;
SELECT violation, (item).feature, count(*), min(n) AS example FROM answers WHERE violation IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 30;
SELECT count(*) AS rows_out, count(*) FILTER (WHERE (item).kind = 'action') AS actions, count(violation) AS violations FROM answers;
DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM answers WHERE violation IS NOT NULL), 'advice left the safe intervals'; END $$;
