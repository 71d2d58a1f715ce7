-- hadvice: training again (DESIGN A7).

-- ---------------------------------------------------------------------------------------------------
-- vae_retrain
-- ---------------------------------------------------------------------------------------------------

CREATE TYPE vae_retraining AS (
    model           text,
    version         int,
    source          regclass,
    rows            bigint,
    columns         int,
    parameters      bigint,
    epochs          int,
    train_elbo      float8,
    validation_elbo float8,
    seconds         float8,
    is_current      boolean,
    champion_elbo   float8,
    challenger_elbo float8,
    promoted        boolean,
    reason          text
);

COMMENT ON TYPE vae_retraining IS 'Result of vae_retrain';
COMMENT ON COLUMN vae_retraining.model IS 'Name of the model in the registry';
COMMENT ON COLUMN vae_retraining.version IS 'The new version; the current one when nothing was trained';
COMMENT ON COLUMN vae_retraining.source IS 'Table or view it was trained on';
COMMENT ON COLUMN vae_retraining.rows IS 'Rows used, held-out ones included';
COMMENT ON COLUMN vae_retraining.columns IS 'Columns used';
COMMENT ON COLUMN vae_retraining.parameters IS 'Weights of the network';
COMMENT ON COLUMN vae_retraining.epochs IS 'Epochs run; 0 when nothing was trained';
COMMENT ON COLUMN vae_retraining.train_elbo IS 'Evidence lower bound on the training rows, nats per row';
COMMENT ON COLUMN vae_retraining.validation_elbo IS 'The same on the rows held out; NULL when there are none';
COMMENT ON COLUMN vae_retraining.seconds IS 'Time it took';
COMMENT ON COLUMN vae_retraining.is_current IS 'Whether it is now the version in use';
COMMENT ON COLUMN vae_retraining.champion_elbo IS
    'ELBO (beta 1) of the version before on the held-out rows of today, over the columns both encode alike; NULL: not compared';
COMMENT ON COLUMN vae_retraining.challenger_elbo IS 'The same of the new version';
COMMENT ON COLUMN vae_retraining.promoted IS 'Whether the new version took the place of the one before';
COMMENT ON COLUMN vae_retraining.reason IS 'Why, or why nothing was trained';

CREATE FUNCTION vae_retrain(
    model        text,
    max_duration interval DEFAULT NULL,
    if_drift     float8   DEFAULT NULL,
    if_new_rows  float8   DEFAULT NULL
) RETURNS vae_retraining
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION vae_retrain(text, interval, float8, float8) IS
    'Trains the next version of a model from the current one''s weights; it becomes current when it is not worse on the held-out rows';


-- ---------------------------------------------------------------------------------------------------
-- The log
-- ---------------------------------------------------------------------------------------------------

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

CREATE TABLE hadvice.retrainings (
    model           text NOT NULL,
    version         int NOT NULL,
    at              timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    challenger      int,
    champion_elbo   float8,
    challenger_elbo float8,
    promoted        boolean NOT NULL,
    reason          text NOT NULL,
    PRIMARY KEY (model, version, at),
    FOREIGN KEY (model, version) REFERENCES hadvice.models (name, version) ON DELETE CASCADE
);

COMMENT ON TABLE  hadvice.retrainings IS 'What came of each vae_retrain, the last 100 of a model';
COMMENT ON COLUMN hadvice.retrainings.model IS 'Name of the model';
COMMENT ON COLUMN hadvice.retrainings.version IS 'The version that was current, the champion';
COMMENT ON COLUMN hadvice.retrainings.at IS 'When';
COMMENT ON COLUMN hadvice.retrainings.challenger IS 'The version that was trained; NULL: none was';
COMMENT ON COLUMN hadvice.retrainings.champion_elbo IS 'As in vae_retraining';
COMMENT ON COLUMN hadvice.retrainings.challenger_elbo IS 'As in vae_retraining';
COMMENT ON COLUMN hadvice.retrainings.promoted IS 'Whether the challenger took the champion''s place';
COMMENT ON COLUMN hadvice.retrainings.reason IS 'Why';

-- Who may use a model may read its log; only its owner writes it.
ALTER TABLE hadvice.retrainings ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_model ON hadvice.retrainings FOR SELECT
    USING (EXISTS (SELECT FROM hadvice.models AS m
                    WHERE m.name OPERATOR(pg_catalog.=) retrainings.model
                      AND m.version OPERATOR(pg_catalog.=) retrainings.version));
CREATE POLICY owner ON hadvice.retrainings
    USING (EXISTS (SELECT FROM hadvice.models AS m
                    WHERE m.name OPERATOR(pg_catalog.=) retrainings.model
                      AND m.version OPERATOR(pg_catalog.=) retrainings.version
                      AND pg_catalog.pg_has_role(m.owner, 'USAGE')));
GRANT SELECT, INSERT, DELETE ON hadvice.retrainings TO PUBLIC; -- the policies decide

SELECT pg_catalog.pg_extension_config_dump('hadvice.retrainings', '');

SET LOCAL search_path = @extschema@, pg_temp;


-- ---------------------------------------------------------------------------------------------------
-- Drift
-- ---------------------------------------------------------------------------------------------------

CREATE TYPE vae_column_drift AS (
    column_name    name,
    psi            float8,
    ks             float8,
    missing_change float8,
    note           text
);

COMMENT ON TYPE vae_column_drift IS 'A row of vae_drift: one column of the model, or its latent codes';
COMMENT ON COLUMN vae_column_drift.column_name IS 'Name of the column; (latent): the codes, which move when columns no longer go together as they did';
COMMENT ON COLUMN vae_column_drift.psi IS
    'Population stability index of the observed cells: below 0.1 stable, from 0.25 on shifted; NULL: not to be told';
COMMENT ON COLUMN vae_column_drift.ks IS 'Largest distance of the distribution functions, good to 0.02; NULL where there is no order';
COMMENT ON COLUMN vae_column_drift.missing_change IS 'Share of missing cells now less that of the training';
COMMENT ON COLUMN vae_column_drift.note IS 'What has moved: new and gone levels, means, missing cells, a column that is gone or new';

CREATE FUNCTION vae_drift(model text, source regclass DEFAULT NULL) RETURNS SETOF vae_column_drift
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 50 COST 100000;

COMMENT ON FUNCTION vae_drift(text, regclass) IS
    'How far the columns of a table (by default the one the model was trained on, as it is now) are from the training rows; the worst first';
