# {"health": [row of hadvice.model_health, …], "versions": [row of vae_models, …],
#  "curves": [{"model", "epoch", "elbo"}, …], "drift": [{"model", row of vae_drift}, …]}: of the versions in
# use, 200 points of a curve and the ten columns that drifted most
sh src/data/query.sh <<'SQL'
SELECT n.nspname AS extschema FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE extname = 'hadvice' \gset
SELECT json_build_object(
    'health', (SELECT coalesce(json_agg(h ORDER BY h.model), '[]') FROM hadvice.model_health AS h),
    'versions', (SELECT coalesce(json_agg(v ORDER BY v.model, v.version DESC), '[]') FROM :"extschema".vae_models AS v),
    'curves', (SELECT coalesce(json_agg(c ORDER BY c.model, c.epoch), '[]')
                 FROM (SELECT t.model, t.epoch, coalesce(t.validation, t.elbo) AS elbo,
                              row_number() OVER (PARTITION BY t.model ORDER BY t.epoch DESC) - 1 AS n,
                              count(*) OVER (PARTITION BY t.model) AS of
                         FROM hadvice.training_history AS t
                         JOIN hadvice.model_health AS h ON (h.model, h.version) = (t.model, t.version)) AS c
                WHERE c.n % (1 + (c.of - 1) / 200) = 0),
    'drift', (SELECT coalesce(json_agg(json_build_object('model', h.model, 'column', d.column_name, 'psi', d.psi, 'ks', d.ks,
                                                         'missing_change', d.missing_change, 'note', d.note)
                                       ORDER BY h.model, d.psi DESC NULLS LAST), '[]')
                FROM (SELECT model FROM :"extschema".vae_models
                       WHERE is_current AND has_table_privilege(source, 'SELECT') OFFSET 0) AS h -- no privilege on what is gone
               CROSS JOIN LATERAL (SELECT * FROM :"extschema".vae_drift(h.model) LIMIT 10) AS d));
SQL
