-- hadvice: strange rows and synthetic ones (DESIGN A4). The forms are those of use.sql.

-- Which cells make a row strange.
CREATE FUNCTION vae_anomaly_causes("row" record, model text DEFAULT NULL, version int DEFAULT NULL)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_row' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(record, text, int) IS
    'Each cell beside what the others let expect, first the one without which the row is least strange (surprise: nats, -log of a tail probability), of a row';

CREATE FUNCTION vae_anomaly_causes("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(jsonb, text, int) IS
    'Each cell beside what the others let expect, first the one without which the row is least strange (surprise: nats, -log of a tail probability), of a JSON object, by a named model';

CREATE FUNCTION vae_anomaly_causes(model vae_model, "row" record)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(vae_model, record) IS
    'Each cell beside what the others let expect, first the one without which the row is least strange (surprise: nats, -log of a tail probability), of a row, by a model given by value';

CREATE FUNCTION vae_anomaly_causes(model vae_model, "row" jsonb)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(vae_model, jsonb) IS
    'Each cell beside what the others let expect, first the one without which the row is least strange (surprise: nats, -log of a tail probability), of a JSON object, by a model given by value';

-- New rows. The first argument says of which type: NULL::some_table, or NULL::jsonb for objects.
CREATE FUNCTION vae_sample("row" anyelement, n int, given jsonb DEFAULT NULL, seed bigint DEFAULT NULL,
        missing boolean DEFAULT false, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS SETOF anyelement
    AS 'MODULE_PATHNAME', 'vae_sample' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION vae_sample(anyelement, int, jsonb, bigint, boolean, text, int) IS
    'Synthetic rows of a table''s type (or jsonb), with the given cells as they are; the same seed draws the same rows, NULL others each time; missing: with the gaps of real rows';

CREATE FUNCTION vae_sample(model vae_model, "row" anyelement, n int, given jsonb DEFAULT NULL, seed bigint DEFAULT NULL,
        missing boolean DEFAULT false) RETURNS SETOF anyelement
    AS 'MODULE_PATHNAME', 'vae_sample_model' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION vae_sample(vae_model, anyelement, int, jsonb, bigint, boolean) IS
    'Synthetic rows of a table''s type (or jsonb) by a model given by value, with the given cells as they are; the same seed draws the same rows, NULL others each time; missing: with the gaps of real rows';
