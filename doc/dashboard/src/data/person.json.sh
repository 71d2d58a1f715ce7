# The advice of the first HADVICE_PEOPLE people (200; 0: of nobody):
# {"key": name, "people": count, "total": count, "items": [row of the publication, …],
#  "labels": {feature: words, …}}
sh src/data/query.sh <<'SQL'
SELECT quote_ident(:'schema') || '.advice' AS advice \gset
SELECT attname AS key FROM pg_attribute WHERE attrelid = :'advice'::regclass AND attnum = 1 \gset
WITH chosen AS (
    SELECT DISTINCT :"key" AS person FROM :"schema".advice WHERE :"key" IS NOT NULL ORDER BY 1 LIMIT :people)
SELECT json_build_object(
    'key', :'key',
    'people', (SELECT count(*) FROM chosen),
    'total', (SELECT count(DISTINCT :"key") FROM :"schema".advice),
    'labels', (SELECT json_object_agg(feature, label) FROM hadvice.features WHERE label IS NOT NULL),
    'items', coalesce(json_agg(json_build_object(
                 'person', a.:"key", 'rank', a.rank, 'kind', a.kind, 'domain', a.domain, 'feature', a.feature,
                 'current', a.current_value, 'target', a.target_value, 'unit', a.unit, 'advice', a.advice,
                 'effects', a.effects::json, 'basis', a.basis, 'source', a.source,
                 'model', a.model, 'version', a.version, 'published_at', a.published_at)
                 ORDER BY c.person, a.rank), '[]'))
  FROM chosen AS c JOIN :"schema".advice AS a ON a.:"key" = c.person AND a.plan = 1;
SQL
