# What people answered to advice: {"answers": count, "features": [{"model", "label", "people", "accepted", …}]};
# features to which less than ten people answered are not told.
sh src/data/query.sh <<'SQL'
WITH features AS (
    SELECT s.model, coalesce(f.label, s.feature) AS label, sum(s.people)::bigint AS people,
           sum(s.accepted)::bigint AS accepted, sum(s.done)::bigint AS done, sum(s.helped)::bigint AS helped,
           sum(s.declined)::bigint AS declined, sum(s.not_possible)::bigint AS not_possible, sum(s.harmed)::bigint AS harmed,
           max(s.chance_feature) AS chance
      FROM hadvice.feedback_summary AS s LEFT JOIN hadvice.features AS f ON f.feature = s.feature
     GROUP BY s.model, s.owner, s.feature, f.label)
SELECT json_build_object(
    'answers', (SELECT coalesce(sum(people), 0) FROM features),
    'features', (SELECT coalesce(json_agg(f ORDER BY f.model, f.people DESC, f.label), '[]') FROM features AS f WHERE f.people >= 10));
SQL
