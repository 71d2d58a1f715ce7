-- hadvice: strange rows and synthetic ones (DESIGN A4). The forms are those of use.sql.

-- Which cells make a row strange.
CREATE FUNCTION vae_anomaly_causes("row" record, model text DEFAULT NULL, version int DEFAULT NULL)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_row' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(record, text, int) IS
    'Each cell beside what the others let expect, the least expected first (surprise: nats, -log of a tail probability), of a row';

CREATE FUNCTION vae_anomaly_causes("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(jsonb, text, int) IS
    'Each cell beside what the others let expect, the least expected first (surprise: nats, -log of a tail probability), of a JSON object, by a named model';

CREATE FUNCTION vae_anomaly_causes(model vae_model, "row" record)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(vae_model, record) IS
    'Each cell beside what the others let expect, the least expected first (surprise: nats, -log of a tail probability), of a row, by a model given by value';

CREATE FUNCTION vae_anomaly_causes(model vae_model, "row" jsonb)
    RETURNS TABLE (column_name name, value text, expected text, surprise float8)
    AS 'MODULE_PATHNAME', 'vae_anomaly_causes_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 30;
COMMENT ON FUNCTION vae_anomaly_causes(vae_model, jsonb) IS
    'Each cell beside what the others let expect, the least expected first (surprise: nats, -log of a tail probability), of a JSON object, by a model given by value';

