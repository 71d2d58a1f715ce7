-- hadvice: the type vae_model, training, the registry of models. sql/catalogue.sql and sql/texts.sql
-- follow in the install script.
--
-- Types and functions go into the schema the user chooses; tables are always in the schema hadvice.
-- Functions written in SQL pin their search_path, C functions qualify or lock it themselves.
\echo Use "CREATE EXTENSION hadvice" to load this file. \quit

-- A schema of that name which is not ours is an error, never adopted: whoever made it could have put
-- objects of their own into it. Only the schema the user has chosen for the extension may exist.
DO $$
BEGIN
    IF '@extschema@' OPERATOR(pg_catalog.<>) 'hadvice' THEN
        CREATE SCHEMA hadvice;
    END IF;
END
$$;

COMMENT ON SCHEMA hadvice IS 'Models, catalogue and settings of the extension hadvice';

-- Everybody may look; what can be read or written is decided table by table.
GRANT USAGE ON SCHEMA hadvice TO PUBLIC;


-- ---------------------------------------------------------------------------------------------------
-- 1. The type
-- ---------------------------------------------------------------------------------------------------

CREATE TYPE vae_model;

CREATE FUNCTION vae_model_in(cstring) RETURNS vae_model
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION vae_model_out(vae_model) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION vae_model_recv(internal) RETURNS vae_model
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION vae_model_send(vae_model) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Trained weights do not compress: stored out of line as they are.
CREATE TYPE vae_model (
    INPUT = vae_model_in,
    OUTPUT = vae_model_out,
    RECEIVE = vae_model_recv,
    SEND = vae_model_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = external
);

COMMENT ON TYPE vae_model IS 'A trained variational autoencoder, complete in one value';
COMMENT ON FUNCTION vae_model_in(cstring) IS 'Input of vae_model; the bytes are checked';
COMMENT ON FUNCTION vae_model_out(vae_model) IS 'Output of vae_model, in hexadecimal';
COMMENT ON FUNCTION vae_model_recv(internal) IS 'Binary input of vae_model; the bytes are checked';
COMMENT ON FUNCTION vae_model_send(vae_model) IS 'Binary output of vae_model';

CREATE FUNCTION vae_model(bytea) RETURNS vae_model
    AS 'MODULE_PATHNAME', 'vae_model_from_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION vae_model(bytea) IS 'The model with these bytes; an error when they are not one';

CREATE CAST (bytea AS vae_model) WITH FUNCTION vae_model(bytea);
CREATE CAST (vae_model AS bytea) WITHOUT FUNCTION AS ASSIGNMENT;

COMMENT ON CAST (bytea AS vae_model) IS 'Checks that the bytes are a model';
COMMENT ON CAST (vae_model AS bytea) IS 'The bytes of a model';

CREATE FUNCTION vae_info(model vae_model) RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION vae_weights(model vae_model, layer text) RETURNS real[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION vae_version() RETURNS jsonb
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION vae_info(vae_model) IS
    'All of a model but its weights: columns, configuration, statistics, how it was made';
COMMENT ON FUNCTION vae_weights(vae_model, text) IS
    'The weights of a layer as a matrix; vae_info lists the layers under tensors';
COMMENT ON FUNCTION vae_version() IS
    'Versions of hadvice, PostgreSQL and OpenBLAS, and the OpenBLAS kernels in use';


-- ---------------------------------------------------------------------------------------------------
-- 2. Looking at a table, training
-- ---------------------------------------------------------------------------------------------------

CREATE TYPE vae_column_profile AS (
    column_name      name,
    kind             text,
    role             text,
    feature          text,
    unit             text,
    missing_fraction float8,
    distinct_values  int,
    mean             float8,
    stddev           float8,
    low              float8,
    high             float8,
    levels           text[],
    note             text
);

COMMENT ON TYPE vae_column_profile IS 'A row of vae_profile: one column as a training would see it';
COMMENT ON COLUMN vae_column_profile.column_name IS 'Name of the column';
COMMENT ON COLUMN vae_column_profile.kind IS
    'How it is modelled: real, positive, count, ordinal, binary, categorical, date/time, embedding; NULL: left out';
COMMENT ON COLUMN vae_column_profile.role IS 'context, action or outcome, by the catalogue';
COMMENT ON COLUMN vae_column_profile.feature IS 'The catalogue''s feature it is';
COMMENT ON COLUMN vae_column_profile.unit IS 'Unit of the feature';
COMMENT ON COLUMN vae_column_profile.missing_fraction IS
    'Share of cells without a value, implausible ones included';
COMMENT ON COLUMN vae_column_profile.distinct_values IS
    'Different values; an estimate above 1,024';
COMMENT ON COLUMN vae_column_profile.mean IS 'Mean of the numbers; dates are days since 2000-01-01';
COMMENT ON COLUMN vae_column_profile.stddev IS 'Standard deviation of the numbers';
COMMENT ON COLUMN vae_column_profile.low IS 'Smallest plausible number';
COMMENT ON COLUMN vae_column_profile.high IS 'Largest plausible number';
COMMENT ON COLUMN vae_column_profile.levels IS 'Levels of binary, ordinal and categorical columns';
COMMENT ON COLUMN vae_column_profile.note IS 'Why the column is left out, or what is odd about it';

CREATE FUNCTION vae_profile(source regclass) RETURNS SETOF vae_column_profile
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 50 COST 100000;

COMMENT ON FUNCTION vae_profile(regclass) IS
    'What a training would see in each column of a table or view, and what it would leave out and why';

CREATE TYPE vae_training AS (
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
    is_current      boolean
);

COMMENT ON TYPE vae_training IS 'Result of vae_train';
COMMENT ON COLUMN vae_training.model IS 'Name of the model in the registry';
COMMENT ON COLUMN vae_training.version IS 'Version of the model, counted from 1';
COMMENT ON COLUMN vae_training.source IS 'Table or view it was trained on';
COMMENT ON COLUMN vae_training.rows IS 'Rows used, held-out ones included';
COMMENT ON COLUMN vae_training.columns IS 'Columns used';
COMMENT ON COLUMN vae_training.parameters IS 'Weights of the network';
COMMENT ON COLUMN vae_training.epochs IS 'Epochs run';
COMMENT ON COLUMN vae_training.train_elbo IS 'Evidence lower bound on the training rows, nats per row';
COMMENT ON COLUMN vae_training.validation_elbo IS 'The same on the rows held out; NULL when there are none';
COMMENT ON COLUMN vae_training.seconds IS 'Time it took';
COMMENT ON COLUMN vae_training.is_current IS 'Whether it is now the version in use';

CREATE FUNCTION vae_train(
    source              regclass,
    model               text     DEFAULT NULL,
    columns             name[]   DEFAULT NULL,
    exclude             name[]   DEFAULT NULL,
    hidden              int[]    DEFAULT NULL,
    latent              int      DEFAULT NULL,
    beta                float8   DEFAULT 1,
    epochs              int      DEFAULT NULL,
    batch_size          int      DEFAULT NULL,
    learning_rate       float8   DEFAULT NULL,
    validation_fraction float8   DEFAULT 0.1,
    seed                bigint   DEFAULT 0,
    max_duration        interval DEFAULT NULL,
    architecture        text     DEFAULT 'auto',
    promote             boolean  DEFAULT true,
    resume              boolean  DEFAULT false
) RETURNS vae_training
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION vae_train(regclass, text, name[], name[], int[], int, float8, int, int, float8,
                              float8, bigint, interval, text, boolean, boolean) IS
    'Trains a model on a table or view and registers it as the next version of its name; resume => true goes on from the checkpoint that a cancelled or crashed training has left';

-- Volatile, although it changes nothing: a stable function may be run by the planner, too, to guess
-- at a result, and this one takes minutes.
CREATE FUNCTION vae_fit(
    source              regclass,
    columns             name[]   DEFAULT NULL,
    exclude             name[]   DEFAULT NULL,
    hidden              int[]    DEFAULT NULL,
    latent              int      DEFAULT NULL,
    beta                float8   DEFAULT 1,
    epochs              int      DEFAULT NULL,
    batch_size          int      DEFAULT NULL,
    learning_rate       float8   DEFAULT NULL,
    validation_fraction float8   DEFAULT 0.1,
    seed                bigint   DEFAULT 0,
    max_duration        interval DEFAULT NULL,
    architecture        text     DEFAULT 'auto'
) RETURNS vae_model
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;

COMMENT ON FUNCTION vae_fit(regclass, name[], name[], int[], int, float8, int, int, float8, float8,
                            bigint, interval, text) IS
    'Trains a model on a table or view and returns it, without the registry';


-- ---------------------------------------------------------------------------------------------------
-- 3. The registry
-- ---------------------------------------------------------------------------------------------------

-- Nothing of the schema the user chose is looked at while tables and policies are made: an operator that
-- somebody has put there would otherwise run now, as the installer, and stay in their conditions.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE TABLE hadvice.models (
    name       text NOT NULL CHECK (name OPERATOR(pg_catalog.<>) ''),
    version    int NOT NULL CHECK (version OPERATOR(pg_catalog.>) 0 AND version OPERATOR(pg_catalog.<) 1000000),
    source     regclass NOT NULL,
    owner      regrole NOT NULL DEFAULT pg_catalog.quote_ident(CURRENT_USER)::regrole,
    is_current boolean NOT NULL DEFAULT false,
    model      @extschema@.vae_model NOT NULL,
    trained_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    rows       bigint,
    metrics    jsonb NOT NULL DEFAULT '{}',
    options    jsonb NOT NULL DEFAULT '{}',
    comment    text,
    seconds    float8,
    PRIMARY KEY (name, version)
);

CREATE UNIQUE INDEX models_current ON hadvice.models (name) WHERE is_current;
CREATE INDEX models_source ON hadvice.models (source) WHERE is_current;

COMMENT ON TABLE  hadvice.models IS 'Trained models: versions of a name, one of them current';
COMMENT ON COLUMN hadvice.models.name IS 'Name of the model, by default that of its source';
COMMENT ON COLUMN hadvice.models.version IS 'Version, counted from 1';
COMMENT ON COLUMN hadvice.models.source IS 'Table or view it was trained on';
COMMENT ON COLUMN hadvice.models.owner IS 'Role whose members may use and change it';
COMMENT ON COLUMN hadvice.models.is_current IS 'Whether functions use this version when none is named';
COMMENT ON COLUMN hadvice.models.model IS 'The model itself';
COMMENT ON COLUMN hadvice.models.trained_at IS 'When it was registered';
COMMENT ON COLUMN hadvice.models.rows IS 'Rows it was trained on, held-out ones included';
COMMENT ON COLUMN hadvice.models.metrics IS 'Architecture, sizes, ELBOs, columns left out';
COMMENT ON COLUMN hadvice.models.options IS 'Options of the training; null: chosen from the data';
COMMENT ON COLUMN hadvice.models.comment IS 'Free text';
COMMENT ON COLUMN hadvice.models.seconds IS 'Time the training took';

CREATE TABLE hadvice.training_history (
    model          text NOT NULL,
    version        int NOT NULL,
    epoch          int NOT NULL,
    elbo           float8,
    reconstruction float8,
    kl             float8,
    validation     float8,
    seconds        float8,
    PRIMARY KEY (model, version, epoch),
    FOREIGN KEY (model, version) REFERENCES hadvice.models (name, version) ON DELETE CASCADE
);

COMMENT ON TABLE  hadvice.training_history IS
    'The epochs of each training, of one with more than 1,000 every second, fourth, ...; of a model at most hadvice.history_limit rows, the newest versions'' first';
COMMENT ON COLUMN hadvice.training_history.model IS 'Name of the model';
COMMENT ON COLUMN hadvice.training_history.version IS 'Its version';
COMMENT ON COLUMN hadvice.training_history.epoch IS 'Epoch, counted from 1';
COMMENT ON COLUMN hadvice.training_history.elbo IS
    'Evidence lower bound on the training rows during the epoch, nats per row';
COMMENT ON COLUMN hadvice.training_history.reconstruction IS 'Its expected log-likelihood';
COMMENT ON COLUMN hadvice.training_history.kl IS 'Its divergence from the prior, before beta';
COMMENT ON COLUMN hadvice.training_history.validation IS
    'Evidence lower bound on the rows held out; NULL when there are none';
COMMENT ON COLUMN hadvice.training_history.seconds IS 'Time since the training began';

-- Models know much about the rows they were trained on (levels, ranges, the bodies of rare people),
-- and a training may have seen rows that others must not see. So a model is its owner's, and who may
-- use it is a question of membership, not of rights on the whole table.
ALTER TABLE hadvice.models ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON hadvice.models
    USING (pg_catalog.pg_has_role(owner, 'USAGE'))
    WITH CHECK (pg_catalog.pg_has_role(owner, 'USAGE'));
-- Functions find a model by the relation of a row. Nobody may place one there for a relation that
-- they could not even have trained on.
CREATE POLICY readable_source ON hadvice.models AS RESTRICTIVE FOR INSERT
    WITH CHECK (pg_catalog.has_any_column_privilege(source::oid, 'SELECT'));

-- A name is one owner's: the next version takes after the ones before, and must not be led astray.
CREATE FUNCTION hadvice.model_is_others(name text, owner regrole) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM hadvice.models AS m
                          WHERE m.name = model_is_others.name AND m.owner <> model_is_others.owner) $$;
COMMENT ON FUNCTION hadvice.model_is_others(text, regrole) IS 'Whether a model of this name is another role''s; for the policy one_owner';
CREATE POLICY one_owner ON hadvice.models AS RESTRICTIVE FOR INSERT
    WITH CHECK (NOT hadvice.model_is_others(name, owner));

ALTER TABLE hadvice.training_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_model ON hadvice.training_history FOR SELECT
    USING (EXISTS (SELECT FROM hadvice.models AS m
                    WHERE m.name OPERATOR(pg_catalog.=) training_history.model
                      AND m.version OPERATOR(pg_catalog.=) training_history.version));
-- A role that a model is only granted to sees its history, and does not write it.
CREATE POLICY owner ON hadvice.training_history
    USING (EXISTS (SELECT FROM hadvice.models AS m
                    WHERE m.name OPERATOR(pg_catalog.=) training_history.model
                      AND m.version OPERATOR(pg_catalog.=) training_history.version
                      AND pg_catalog.pg_has_role(m.owner, 'USAGE')));

-- Training is for everybody, on what they may read: vae_train writes here as its caller, within the
-- policies. Bytes of a registered model never change; trained_at can be given, for a restore.
GRANT SELECT, DELETE ON hadvice.models TO PUBLIC;
GRANT INSERT (name, version, source, owner, is_current, model, trained_at, rows, metrics, options, comment, seconds)
    ON hadvice.models TO PUBLIC;
GRANT UPDATE (is_current, comment) ON hadvice.models TO PUBLIC;
GRANT SELECT, INSERT, DELETE ON hadvice.training_history TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('hadvice.models', '');
SELECT pg_catalog.pg_extension_config_dump('hadvice.training_history', '');

-- Definer's rights, since it must see what row security hides: that a name is taken by another role
-- has to be known before a training of minutes, not after it. It tells nothing but that, which a
-- unique index would tell, too.
CREATE FUNCTION hadvice.model_exists(name text) RETURNS boolean
    LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM hadvice.models AS m WHERE m.name = model_exists.name) $$;

COMMENT ON FUNCTION hadvice.model_exists(text) IS 'Whether any role has a model of this name';

SET LOCAL search_path = @extschema@, pg_temp;

-- security_invoker: each role sees its own models only. A source that was dropped is NULL: its bare number
-- would tell nobody anything.
CREATE VIEW vae_models WITH (security_invoker = true) AS
    SELECT name AS model, version, is_current,
           (SELECT c.oid::regclass FROM pg_catalog.pg_class AS c
             WHERE c.oid OPERATOR(pg_catalog.=) models.source) AS source, owner, trained_at, rows,
           (metrics ->> 'columns')::int AS columns,
           (metrics ->> 'parameters')::bigint AS parameters,
           metrics ->> 'architecture' AS architecture,
           (metrics ->> 'validation_elbo')::float8 AS validation_elbo,
           seconds,
           metrics ->> 'extension_version' AS extension_version,
           comment
      FROM hadvice.models;

GRANT SELECT ON vae_models TO PUBLIC; -- row security of hadvice.models decides

COMMENT ON VIEW vae_models IS 'The models you may use, without their bytes';
COMMENT ON COLUMN vae_models.model IS 'Name of the model';
COMMENT ON COLUMN vae_models.version IS 'Version, counted from 1';
COMMENT ON COLUMN vae_models.is_current IS 'Whether functions use this version when none is named';
COMMENT ON COLUMN vae_models.source IS 'Table or view it was trained on; NULL when that has been dropped';
COMMENT ON COLUMN vae_models.owner IS 'Role whose members may use and change it';
COMMENT ON COLUMN vae_models.trained_at IS 'When it was registered';
COMMENT ON COLUMN vae_models.rows IS 'Rows it was trained on, held-out ones included';
COMMENT ON COLUMN vae_models.columns IS 'Columns it knows';
COMMENT ON COLUMN vae_models.parameters IS 'Weights of the network';
COMMENT ON COLUMN vae_models.architecture IS 'ordered, joint or seed';
COMMENT ON COLUMN vae_models.validation_elbo IS
    'Evidence lower bound on the rows held out, nats per row; higher is better';
COMMENT ON COLUMN vae_models.seconds IS 'Time the training took';
COMMENT ON COLUMN vae_models.extension_version IS 'Version of hadvice that trained it';
COMMENT ON COLUMN vae_models.comment IS 'Free text';

CREATE FUNCTION vae_promote(model text, version int) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION vae_rollback(model text) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION vae_drop_model(model text, version int DEFAULT NULL) RETURNS int
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION vae_promote(text, int) IS
    'Makes a version the current one of its model, in this transaction; returns it';
COMMENT ON FUNCTION vae_rollback(text) IS
    'Makes the version before the current one of a model current; returns it';
COMMENT ON FUNCTION vae_drop_model(text, int) IS
    'Drops a version of a model, or all of them; returns how many';
