# What is advised to how many people: {"items": [row of the population view, …]}
sh src/data/query.sh <<'SQL'
SELECT json_build_object('items', coalesce(json_agg(p ORDER BY p.kind, p.people DESC, p.feature), '[]'))
  FROM :"schema".population AS p;
SQL
