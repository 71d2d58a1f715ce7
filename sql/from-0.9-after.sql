
-- ---------------------------------------------------------------------------------------------------
-- From 0.9 to 1.0, the second half: what a user had changed in the catalogue comes back. The guard takes a
-- row with a built-in key for a change of that row. What 0.9 did not know stays as it came.
-- ---------------------------------------------------------------------------------------------------

INSERT INTO hadvice.features (feature, label, domain, role, stage, unit, kind, levels, plausible_low, plausible_high,
    recommended_low, recommended_high, met_when, safe_direction, step, max_step, cost, digits, synonyms, source, year)
SELECT o.feature, o.label, o.domain, o.role, o.stage, o.unit, o.kind, o.levels, o.plausible_low, o.plausible_high,
       o.recommended_low, o.recommended_high, f.met_when, o.safe_direction, o.step, o.max_step, o.cost, o.digits, o.synonyms, o.source, o.year
  FROM pg_temp.features_0_9 AS o LEFT JOIN hadvice.features AS f ON f.feature OPERATOR(pg_catalog.=) o.feature;
INSERT INTO hadvice.column_map (source, column_name, feature, factor, "offset")
SELECT source, column_name, feature, factor, "offset" FROM pg_temp.column_map_0_9;
DROP TABLE pg_temp.features_0_9;
DROP TABLE pg_temp.column_map_0_9;
