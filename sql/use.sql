-- hadvice: using a model (DESIGN A4). Each function comes in four forms:
--   f(row, model, version)    the row's type says which model; a name, a version overrule it
--   f(jsonb, model, version)  for applications; the model must be named
--   f(vae_model, row), f(vae_model, jsonb)   the model by value: nothing is looked up, so IMMUTABLE from
--                             a row; STABLE from jsonb, where dates are words that settings interpret
-- Functions that look up the registry are STABLE. They run as the caller, and see the models that the
-- caller may see. EXECUTE is PUBLIC's: what a model tells is guarded by who may read the model.

-- How strange a row is: by an isolation forest, by cells that do not go together, by extreme cells, and by
-- the likelihood, whichever has the smallest tail probability (src/core/anomaly.h).
CREATE FUNCTION vae_anomaly("row" record, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_anomaly_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_anomaly(record, text, int) IS
    'How strange: the share of the training rows that are less strange, 0 to 1, of a row';

CREATE FUNCTION vae_anomaly("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_anomaly_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_anomaly(jsonb, text, int) IS
    'How strange: the share of the training rows that are less strange, 0 to 1, of a JSON object, by a named model';

CREATE FUNCTION vae_anomaly(model vae_model, "row" record) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_anomaly_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_anomaly(vae_model, record) IS
    'How strange: the share of the training rows that are less strange, 0 to 1, of a row, by a model given by value';

CREATE FUNCTION vae_anomaly(model vae_model, "row" jsonb) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_anomaly_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_anomaly(vae_model, jsonb) IS
    'How strange: the share of the training rows that are less strange, 0 to 1, of a JSON object, by a model given by value';

-- How likely a row is.
CREATE FUNCTION vae_log_likelihood("row" record, samples int DEFAULT 100, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_log_likelihood_row' LANGUAGE C STABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION vae_log_likelihood(record, int, text, int) IS
    'Log density of the observed cells in nats, in the columns'' own units: importance-weighted lower bound, of a row';

CREATE FUNCTION vae_log_likelihood("row" jsonb, samples int DEFAULT 100, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_log_likelihood_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION vae_log_likelihood(jsonb, int, text, int) IS
    'Log density of the observed cells in nats, in the columns'' own units: importance-weighted lower bound, of a JSON object, by a named model';

CREATE FUNCTION vae_log_likelihood(model vae_model, "row" record, samples int DEFAULT 100) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_log_likelihood_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION vae_log_likelihood(vae_model, record, int) IS
    'Log density of the observed cells in nats, in the columns'' own units: importance-weighted lower bound, of a row, by a model given by value';

CREATE FUNCTION vae_log_likelihood(model vae_model, "row" jsonb, samples int DEFAULT 100) RETURNS float8
    AS 'MODULE_PATHNAME', 'vae_log_likelihood_model_jsonb' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION vae_log_likelihood(vae_model, jsonb, int) IS
    'Log density of the observed cells in nats, in the columns'' own units: importance-weighted lower bound, of a JSON object, by a model given by value';

-- Where a row lies in the model's space.
CREATE FUNCTION vae_embed("row" record, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS real[]
    AS 'MODULE_PATHNAME', 'vae_embed_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_embed(record, text, int) IS
    'Posterior mean of the latent position, of a row';

CREATE FUNCTION vae_embed("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS real[]
    AS 'MODULE_PATHNAME', 'vae_embed_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_embed(jsonb, text, int) IS
    'Posterior mean of the latent position, of a JSON object, by a named model';

CREATE FUNCTION vae_embed(model vae_model, "row" record) RETURNS real[]
    AS 'MODULE_PATHNAME', 'vae_embed_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_embed(vae_model, record) IS
    'Posterior mean of the latent position, of a row, by a model given by value';

CREATE FUNCTION vae_embed(model vae_model, "row" jsonb) RETURNS real[]
    AS 'MODULE_PATHNAME', 'vae_embed_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_embed(vae_model, jsonb) IS
    'Posterior mean of the latent position, of a JSON object, by a model given by value';

-- The row as the model sees it.
CREATE FUNCTION vae_reconstruct("row" anyelement, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS anyelement
    AS 'MODULE_PATHNAME', 'vae_reconstruct_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_reconstruct(anyelement, text, int) IS
    'Every cell as the model expects it, given all of the row, of a row';

CREATE FUNCTION vae_reconstruct("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_reconstruct_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_reconstruct(jsonb, text, int) IS
    'Every cell as the model expects it, given all of the row, of a JSON object, by a named model';

CREATE FUNCTION vae_reconstruct(model vae_model, "row" anyelement) RETURNS anyelement
    AS 'MODULE_PATHNAME', 'vae_reconstruct_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_reconstruct(vae_model, anyelement) IS
    'Every cell as the model expects it, given all of the row, of a row, by a model given by value';

CREATE FUNCTION vae_reconstruct(model vae_model, "row" jsonb) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_reconstruct_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_reconstruct(vae_model, jsonb) IS
    'Every cell as the model expects it, given all of the row, of a JSON object, by a model given by value';

-- The row with its gaps filled.
CREATE FUNCTION vae_impute("row" anyelement, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS anyelement
    AS 'MODULE_PATHNAME', 'vae_impute_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_impute(anyelement, text, int) IS
    'The row with missing cells filled by what the model expects, of a row';

CREATE FUNCTION vae_impute("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_impute_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_impute(jsonb, text, int) IS
    'The row with missing cells filled by what the model expects, of a JSON object, by a named model';

CREATE FUNCTION vae_impute(model vae_model, "row" anyelement) RETURNS anyelement
    AS 'MODULE_PATHNAME', 'vae_impute_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_impute(vae_model, anyelement) IS
    'The row with missing cells filled by what the model expects, of a row, by a model given by value';

CREATE FUNCTION vae_impute(model vae_model, "row" jsonb) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_impute_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_impute(vae_model, jsonb) IS
    'The row with missing cells filled by what the model expects, of a JSON object, by a model given by value';

-- The gaps one by one, with 90 % intervals.
CREATE FUNCTION vae_impute_cells("row" record, model text DEFAULT NULL, version int DEFAULT NULL, coverage float8 DEFAULT 0.9)
    RETURNS TABLE (column_name text, value text, low text, high text, probability float8)
    AS 'MODULE_PATHNAME', 'vae_impute_cells_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION vae_impute_cells(record, text, int, float8) IS
    'What each missing cell is expected to be: value, interval of a coverage, probability of a level, of a row';

CREATE FUNCTION vae_impute_cells("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL, coverage float8 DEFAULT 0.9)
    RETURNS TABLE (column_name text, value text, low text, high text, probability float8)
    AS 'MODULE_PATHNAME', 'vae_impute_cells_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION vae_impute_cells(jsonb, text, int, float8) IS
    'What each missing cell is expected to be: value, interval of a coverage, probability of a level, of a JSON object, by a named model';

CREATE FUNCTION vae_impute_cells(model vae_model, "row" record, coverage float8 DEFAULT 0.9)
    RETURNS TABLE (column_name text, value text, low text, high text, probability float8)
    AS 'MODULE_PATHNAME', 'vae_impute_cells_model_row' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION vae_impute_cells(vae_model, record, float8) IS
    'What each missing cell is expected to be: value, interval of a coverage, probability of a level, of a row, by a model given by value';

CREATE FUNCTION vae_impute_cells(model vae_model, "row" jsonb, coverage float8 DEFAULT 0.9)
    RETURNS TABLE (column_name text, value text, low text, high text, probability float8)
    AS 'MODULE_PATHNAME', 'vae_impute_cells_model_jsonb' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION vae_impute_cells(vae_model, jsonb, float8) IS
    'What each missing cell is expected to be: value, interval of a coverage, probability of a level, of a JSON object, by a model given by value';


-- Advice.
CREATE TYPE vae_advice AS (
    plan            int,
    rank            int,
    kind            text,
    domain          text,
    feature         text,
    current_value   text,
    target_value    text,
    change          float8,
    unit            text,
    advice          text,
    outcome         text,
    expected_effect float8,
    effect_low      float8,
    effect_high     float8,
    probability     float8,
    effects         jsonb,
    plausibility    float8,
    basis           text,
    source          text,
    model           text,
    version         int
);
COMMENT ON TYPE vae_advice IS 'One item of advice; a row of vae_advise';
COMMENT ON COLUMN vae_advice.plan IS 'Number of the alternative, 1 is the best';
COMMENT ON COLUMN vae_advice.rank IS 'Place in the plan, 1 first; 0 for a red flag';
COMMENT ON COLUMN vae_advice.kind IS 'action; refer: a red flag, see a doctor; keep: nothing to change';
COMMENT ON COLUMN vae_advice.domain IS 'diet, exercise, sleep, alcohol, smoking, weight, …';
COMMENT ON COLUMN vae_advice.feature IS 'Feature of the catalogue that is to change';
COMMENT ON COLUMN vae_advice.current_value IS 'Its present value, in the unit';
COMMENT ON COLUMN vae_advice.target_value IS 'The value advised, in the unit';
COMMENT ON COLUMN vae_advice.change IS 'Target minus present value';
COMMENT ON COLUMN vae_advice.unit IS 'Unit of the feature';
COMMENT ON COLUMN vae_advice.advice IS 'The advice in words';
COMMENT ON COLUMN vae_advice.outcome IS 'Outcome whose improvement is the most telling; NULL when the model claims none';
COMMENT ON COLUMN vae_advice.expected_effect IS 'Expected difference of that outcome between people alike with and without the change: an association, never a promise';
COMMENT ON COLUMN vae_advice.effect_low IS 'Lower end of its 90 % interval';
COMMENT ON COLUMN vae_advice.effect_high IS 'Upper end of its 90 % interval';
COMMENT ON COLUMN vae_advice.probability IS 'Probability that the difference is an improvement';
COMMENT ON COLUMN vae_advice.effects IS 'All outcomes touched: [{outcome, effect, low, high, probability, unit}]';
COMMENT ON COLUMN vae_advice.plausibility IS 'Share of the training rows that are stranger than the person after the plan';
COMMENT ON COLUMN vae_advice.basis IS 'model+guideline: the model expects an improvement; guideline: the value is out of its recommended range, the model is silent or unsure';
COMMENT ON COLUMN vae_advice.source IS 'Where the recommendation comes from';
COMMENT ON COLUMN vae_advice.model IS 'Name of the model in the registry';
COMMENT ON COLUMN vae_advice.version IS 'Its version';

CREATE FUNCTION vae_advise("row" record, model text DEFAULT NULL, version int DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS SETOF vae_advice
    AS 'MODULE_PATHNAME', 'vae_advise_row' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 3;
COMMENT ON FUNCTION vae_advise(record, text, int, int, text, int, jsonb, jsonb, text) IS
    'Advice for one person within the rules of the catalogue, with expected associations, for a row';

CREATE FUNCTION vae_advise("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS SETOF vae_advice
    AS 'MODULE_PATHNAME', 'vae_advise_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 3;
COMMENT ON FUNCTION vae_advise(jsonb, text, int, int, text, int, jsonb, jsonb, text) IS
    'Advice for one person within the rules of the catalogue, with expected associations, for a JSON object, by a named model';

CREATE FUNCTION vae_advise(model vae_model, "row" record,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS SETOF vae_advice
    AS 'MODULE_PATHNAME', 'vae_advise_model_row' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 3;
COMMENT ON FUNCTION vae_advise(vae_model, record, int, text, int, jsonb, jsonb, text) IS
    'Advice for one person within the rules of the catalogue, with expected associations, for a row, by a model given by value';

CREATE FUNCTION vae_advise(model vae_model, "row" jsonb,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS SETOF vae_advice
    AS 'MODULE_PATHNAME', 'vae_advise_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000 ROWS 3;
COMMENT ON FUNCTION vae_advise(vae_model, jsonb, int, text, int, jsonb, jsonb, text) IS
    'Advice for one person within the rules of the catalogue, with expected associations, for a JSON object, by a model given by value';

CREATE FUNCTION vae_advise_explain("row" record, model text DEFAULT NULL, version int DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_advise_explain_row' LANGUAGE C STABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION vae_advise_explain(record, text, int, int, text, int, jsonb, jsonb, text) IS
    'What was considered, what was blocked and by which rule, predicted effects, and why there is nothing, for a row';

CREATE FUNCTION vae_advise_explain("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_advise_explain_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION vae_advise_explain(jsonb, text, int, int, text, int, jsonb, jsonb, text) IS
    'What was considered, what was blocked and by which rule, predicted effects, and why there is nothing, for a JSON object, by a named model';

CREATE FUNCTION vae_advise_explain(model vae_model, "row" record,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_advise_explain_model_row' LANGUAGE C STABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION vae_advise_explain(vae_model, record, int, text, int, jsonb, jsonb, text) IS
    'What was considered, what was blocked and by which rule, predicted effects, and why there is nothing, for a row, by a model given by value';

CREATE FUNCTION vae_advise_explain(model vae_model, "row" jsonb,
        max_actions int DEFAULT 3, programme text DEFAULT NULL,
        alternatives int DEFAULT 1, locked jsonb DEFAULT NULL, wishes jsonb DEFAULT NULL, lang text DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_advise_explain_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION vae_advise_explain(vae_model, jsonb, int, text, int, jsonb, jsonb, text) IS
    'What was considered, what was blocked and by which rule, predicted effects, and why there is nothing, for a JSON object, by a model given by value';
