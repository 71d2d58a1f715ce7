# The rows of hadvice.feedback_summary; none where there is no such view
sh src/data/query.sh <<'SQL'
SELECT to_regclass('hadvice.feedback_summary') IS NOT NULL AS there \gset
\if :there
SELECT coalesce(json_agg(f), '[]') FROM hadvice.feedback_summary AS f;
\else
SELECT '[]';
\endif
SQL
