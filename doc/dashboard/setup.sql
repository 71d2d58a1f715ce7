-- What the dashboard reads: a publication and its population view in the schema reports. Run it again
-- at any time (from pg_cron, every night): readers see the old rows until the new ones are there.
--
--   psql -v source=health_records -v key=respondent_id -f setup.sql
CREATE SCHEMA IF NOT EXISTS reports;
COMMENT ON SCHEMA reports IS 'Advice for dashboards, written by vae_publish of hadvice';
SELECT target, people, rows, model, version FROM vae_publish(:'source', :'key', 'reports.advice');
SELECT vae_create_population_view('reports.advice', 'reports.population')
WHERE to_regclass('reports.population') IS NULL;
