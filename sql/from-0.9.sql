-- hadvice: from 0.9 to 1.0, the first half: what 0.9 already had and 1.0 has otherwise. The Makefile puts
-- behind it, as they are, the parts of the install script that 0.9 had not (and section 2 and the end of
-- sql/hadvice.sql, which are dropped here and made anew), and sql/from-0.9-after.sql at the end. So a new part
-- needs nothing here; a change to sql/hadvice.sql above its view vae_models does. test/t/upgrade.pl compares
-- every object with those of a new installation.
\echo Use "ALTER EXTENSION hadvice UPDATE" to load this file. \quit

-- Functions and the view may have other arguments and columns now. Views of a user's own that depend on them
-- stop the update, with their names.
DROP VIEW vae_models;
DROP FUNCTION vae_promote(text, int);
DROP FUNCTION vae_rollback(text);
DROP FUNCTION vae_drop_model(text, int);
DROP FUNCTION vae_train(regclass, text, name[], name[], int[], int, float8, int, int, float8, float8, bigint, interval, text, boolean);
DROP FUNCTION vae_fit(regclass, name[], name[], int[], int, float8, int, int, float8, float8, bigint, interval, text);
DROP FUNCTION vae_profile(regclass);
DROP TYPE vae_training;
DROP TYPE vae_column_profile;

COMMENT ON CAST (bytea AS vae_model) IS 'Checks that the bytes are a model';
COMMENT ON CAST (vae_model AS bytea) IS 'The bytes of a model';

SET LOCAL search_path = pg_catalog, pg_temp;

-- The registry keeps its rows.
ALTER TABLE hadvice.models DROP CONSTRAINT models_version_check;
ALTER TABLE hadvice.models ADD CONSTRAINT models_version_check
    CHECK (version OPERATOR(pg_catalog.>) 0 AND version OPERATOR(pg_catalog.<) 1000000);
GRANT INSERT (trained_at) ON hadvice.models TO PUBLIC;

CREATE FUNCTION hadvice.model_is_others(name text, owner regrole) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM hadvice.models AS m
                          WHERE m.name = model_is_others.name AND m.owner <> model_is_others.owner) $$;
COMMENT ON FUNCTION hadvice.model_is_others(text, regrole) IS 'Whether a model of this name is another role''s; for the policy one_owner';
CREATE POLICY one_owner ON hadvice.models AS RESTRICTIVE FOR INSERT
    WITH CHECK (NOT hadvice.model_is_others(name, owner));

-- A role that a model is only granted to could write its history. All of it is capped now.
DROP POLICY of_model ON hadvice.training_history;
CREATE POLICY of_model ON hadvice.training_history FOR SELECT
    USING (EXISTS (SELECT FROM hadvice.models AS m
                    WHERE m.name OPERATOR(pg_catalog.=) training_history.model
                      AND m.version OPERATOR(pg_catalog.=) training_history.version));
CREATE POLICY owner ON hadvice.training_history
    USING (EXISTS (SELECT FROM hadvice.models AS m
                    WHERE m.name OPERATOR(pg_catalog.=) training_history.model
                      AND m.version OPERATOR(pg_catalog.=) training_history.version
                      AND pg_catalog.pg_has_role(m.owner, 'USAGE')));
GRANT DELETE ON hadvice.training_history TO PUBLIC;
COMMENT ON TABLE  hadvice.training_history IS
    'The epochs of each training, of one with more than 1,000 every second, fourth, ...; of a model at most hadvice.history_limit rows, the newest versions'' first';

-- The catalogue is made anew; what was changed or added here waits aside.
CREATE TEMP TABLE features_0_9 AS SELECT * FROM hadvice.features WHERE changed OR NOT builtin;
CREATE TEMP TABLE column_map_0_9 AS SELECT * FROM hadvice.column_map;
ALTER EXTENSION hadvice DROP TABLE hadvice.column_map;
ALTER EXTENSION hadvice DROP TABLE hadvice.features;
DROP TABLE hadvice.column_map;
DROP TABLE hadvice.features;
DROP FUNCTION hadvice.catalogue_guard();

