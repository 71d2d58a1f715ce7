-- hadvice: feedback (DESIGN A6): what people said to advice, and what came of it. It ranks later advice by
-- the chance that it is taken up, takes back what cannot be done or did harm, and calibrates effects.

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

-- ---------------------------------------------------------------------------------------------------
-- 1. What was said
-- ---------------------------------------------------------------------------------------------------

CREATE TABLE hadvice.feedback (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    model        text NOT NULL,
    owner        regrole NOT NULL,
    person       text NOT NULL,
    feature      text NOT NULL,
    verdict      text NOT NULL CHECK (verdict IN ('accepted', 'declined', 'done', 'not_possible', 'helped', 'harmed')),
    note         text,
    given_by     regrole NOT NULL DEFAULT quote_ident(CURRENT_USER)::regrole,
    given_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    version      int,
    person_group text NOT NULL DEFAULT 'unknown',
    record       jsonb
);
-- A person's answers, the latest to each feature first; answers of a model without touching the table.
CREATE INDEX feedback_person ON hadvice.feedback (model, owner, person, feature, given_at DESC) INCLUDE (verdict, person_group);

COMMENT ON TABLE  hadvice.feedback IS 'What people said to advice; written by vae_feedback, seen by who gave it and by the owner of the model';
COMMENT ON COLUMN hadvice.feedback.id IS 'Name of the answer; given by default';
COMMENT ON COLUMN hadvice.feedback.model IS 'Name of the model that gave the advice';
COMMENT ON COLUMN hadvice.feedback.owner IS 'Its owner';
COMMENT ON COLUMN hadvice.feedback.person IS 'The person: the key of the row, as text';
COMMENT ON COLUMN hadvice.feedback.feature IS 'Action of the catalogue that was advised';
COMMENT ON COLUMN hadvice.feedback.verdict IS 'accepted, declined, done, not_possible, helped or harmed';
COMMENT ON COLUMN hadvice.feedback.note IS 'Free text';
COMMENT ON COLUMN hadvice.feedback.given_by IS 'Role that passed it on';
COMMENT ON COLUMN hadvice.feedback.given_at IS 'When';
COMMENT ON COLUMN hadvice.feedback.version IS 'Version of the model that was current then';
COMMENT ON COLUMN hadvice.feedback.person_group IS 'Kind of person: sex and age band; unknown when the row was not found';
COMMENT ON COLUMN hadvice.feedback.record IS 'The person''s actions and outcomes then, in units of the catalogue: what later records are compared with';

ALTER TABLE hadvice.feedback ENABLE ROW LEVEL SECURITY;
CREATE POLICY giver_and_owner ON hadvice.feedback FOR SELECT
    USING (pg_has_role(owner, 'USAGE') OR pg_has_role(given_by, 'USAGE'));
CREATE POLICY owner ON hadvice.feedback FOR DELETE USING (pg_has_role(owner, 'USAGE'));
-- Who may use a model may answer it, in their own name; the owner may bring answers back from a dump.
CREATE POLICY users ON hadvice.feedback FOR INSERT
    WITH CHECK (pg_has_role(owner, 'USAGE')
                OR (pg_has_role(given_by, 'USAGE')
                    AND EXISTS (SELECT FROM hadvice.models AS m WHERE m.name = feedback.model AND m.owner = feedback.owner)));
GRANT SELECT, INSERT, DELETE ON hadvice.feedback TO PUBLIC; -- the policies decide

-- When answers about a model changed: a session that has counted them sees by it whether it must count again.
-- Whoever gives an answer waits for those who have given one to the same model and not yet committed.
CREATE TABLE hadvice.feedback_state (
    model      text NOT NULL,
    owner      regrole NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (model, owner)
);
COMMENT ON TABLE  hadvice.feedback_state IS 'When the answers about a model changed; kept by a trigger, for nobody to read';
COMMENT ON COLUMN hadvice.feedback_state.model IS 'Name of the model';
COMMENT ON COLUMN hadvice.feedback_state.owner IS 'Its owner';
COMMENT ON COLUMN hadvice.feedback_state.changed_at IS 'Last change';

-- Definer's rights: it notes that something changed, nothing else, whoever changed it.
CREATE FUNCTION hadvice.feedback_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO hadvice.feedback_state AS s (model, owner) SELECT DISTINCT c.model, c.owner FROM changed AS c
    ON CONFLICT ON CONSTRAINT feedback_state_pkey DO UPDATE SET changed_at = clock_timestamp();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION hadvice.feedback_changed() IS 'Trigger of hadvice.feedback: notes the change in hadvice.feedback_state';
REVOKE ALL ON FUNCTION hadvice.feedback_changed() FROM PUBLIC;
CREATE TRIGGER given AFTER INSERT ON hadvice.feedback REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hadvice.feedback_changed();
CREATE TRIGGER changed AFTER UPDATE ON hadvice.feedback REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hadvice.feedback_changed();
CREATE TRIGGER taken_back AFTER DELETE ON hadvice.feedback REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION hadvice.feedback_changed();

-- Uptake by kind of person, each person and feature counted once, by the latest answer. The chance is shrunk
-- towards the feature's over all groups, and that towards the one of all advice, each with the weight of 10
-- answers; the latter starts from one half.
CREATE VIEW hadvice.feedback_summary WITH (security_invoker = true) AS
    WITH latest AS (
        SELECT DISTINCT ON (f.model, f.owner, f.person, f.feature) f.model, f.owner, f.feature, f.person_group, f.verdict
          FROM hadvice.feedback AS f
         ORDER BY f.model, f.owner, f.person, f.feature, f.given_at DESC
    ), counts AS (
        SELECT model, owner, feature, person_group, count(*) AS people,
               count(*) FILTER (WHERE verdict = 'accepted') AS accepted, count(*) FILTER (WHERE verdict = 'declined') AS declined,
               count(*) FILTER (WHERE verdict = 'done') AS done, count(*) FILTER (WHERE verdict = 'not_possible') AS not_possible,
               count(*) FILTER (WHERE verdict = 'helped') AS helped, count(*) FILTER (WHERE verdict = 'harmed') AS harmed,
               count(*) FILTER (WHERE verdict IN ('accepted', 'done', 'helped')) AS taken_up
          FROM latest GROUP BY model, owner, feature, person_group
    ), overall AS (
        SELECT *, (5 + sum(taken_up) OVER (PARTITION BY model, owner))::float8 / (10 + sum(people) OVER (PARTITION BY model, owner))::float8 AS chance_all
          FROM counts
    ), by_feature AS (
        SELECT *, (10 * chance_all + sum(taken_up) OVER (PARTITION BY model, owner, feature)::float8)
                  / (10 + sum(people) OVER (PARTITION BY model, owner, feature))::float8 AS chance_feature
          FROM overall
    )
    SELECT model, owner, feature, person_group, people, accepted, declined, done, not_possible, helped, harmed, taken_up,
           (10 * chance_feature + taken_up) / (10 + people) AS chance, chance_feature, chance_all
      FROM by_feature;
GRANT SELECT ON hadvice.feedback_summary TO PUBLIC; -- row security of hadvice.feedback decides

COMMENT ON VIEW hadvice.feedback_summary IS 'Answers by model, feature and kind of person, and the chance that advice is taken up';
COMMENT ON COLUMN hadvice.feedback_summary.model IS 'Name of the model';
COMMENT ON COLUMN hadvice.feedback_summary.owner IS 'Its owner';
COMMENT ON COLUMN hadvice.feedback_summary.feature IS 'Action that was advised';
COMMENT ON COLUMN hadvice.feedback_summary.person_group IS 'Kind of person: sex and age band';
COMMENT ON COLUMN hadvice.feedback_summary.people IS 'People who answered; of each the latest answer counts';
COMMENT ON COLUMN hadvice.feedback_summary.accepted IS 'People who will do it';
COMMENT ON COLUMN hadvice.feedback_summary.declined IS 'People who will not';
COMMENT ON COLUMN hadvice.feedback_summary.done IS 'People who did it';
COMMENT ON COLUMN hadvice.feedback_summary.not_possible IS 'People who cannot; it is not advised to them again';
COMMENT ON COLUMN hadvice.feedback_summary.helped IS 'People whom it helped';
COMMENT ON COLUMN hadvice.feedback_summary.harmed IS 'People whom it harmed; it is not advised to them again';
COMMENT ON COLUMN hadvice.feedback_summary.taken_up IS 'accepted, done and helped';
COMMENT ON COLUMN hadvice.feedback_summary.chance IS 'Chance that this kind of person takes it up, shrunk towards chance_feature';
COMMENT ON COLUMN hadvice.feedback_summary.chance_feature IS 'The same over all kinds of people, shrunk towards chance_all';
COMMENT ON COLUMN hadvice.feedback_summary.chance_all IS 'The same over all advice';

-- ---------------------------------------------------------------------------------------------------
-- 2. What came of it
-- ---------------------------------------------------------------------------------------------------

CREATE TABLE hadvice.effect_calibration (
    model         text NOT NULL,
    owner         regrole NOT NULL,
    action        text NOT NULL,
    outcome       text NOT NULL,
    slope         float8 NOT NULL,
    sd            float8 NOT NULL CHECK (sd > 0),
    people        int NOT NULL,
    changed       int NOT NULL,
    calibrated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (model, owner, action, outcome)
);

COMMENT ON TABLE  hadvice.effect_calibration IS 'Realised effects: what outcomes did in people who took an action up; made by vae_calibrate at every promotion';
COMMENT ON COLUMN hadvice.effect_calibration.model IS 'Name of the model';
COMMENT ON COLUMN hadvice.effect_calibration.owner IS 'Its owner';
COMMENT ON COLUMN hadvice.effect_calibration.action IS 'Feature that was changed';
COMMENT ON COLUMN hadvice.effect_calibration.outcome IS 'Feature that changed with it';
COMMENT ON COLUMN hadvice.effect_calibration.slope IS 'Units of the outcome per unit of the action, in the same people before and after';
COMMENT ON COLUMN hadvice.effect_calibration.sd IS 'Its standard error';
COMMENT ON COLUMN hadvice.effect_calibration.people IS 'People seen before and after';
COMMENT ON COLUMN hadvice.effect_calibration.changed IS 'Those of them who took the action up and changed it';
COMMENT ON COLUMN hadvice.effect_calibration.calibrated_at IS 'When it was computed';

ALTER TABLE hadvice.effect_calibration ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON hadvice.effect_calibration
    USING (pg_has_role(owner, 'USAGE')) WITH CHECK (pg_has_role(owner, 'USAGE'));
CREATE POLICY granted ON hadvice.effect_calibration FOR SELECT
    USING (EXISTS (SELECT FROM hadvice.models AS m WHERE m.name = effect_calibration.model AND m.owner = effect_calibration.owner));
GRANT SELECT, INSERT, DELETE ON hadvice.effect_calibration TO PUBLIC; -- the policies decide

SELECT pg_extension_config_dump('hadvice.feedback', '');
SELECT pg_extension_config_dump('hadvice.effect_calibration', '');

-- ---------------------------------------------------------------------------------------------------
-- 3. Who a person is
-- ---------------------------------------------------------------------------------------------------

CREATE FUNCTION hadvice.person_group(person jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(nullif(concat_ws(' ', person ->> 'sex',
               CASE WHEN jsonb_typeof(person -> 'age_years') = 'number'
                    THEN CASE WHEN (person ->> 'age_years')::numeric < 40 THEN 'under 40'
                              WHEN (person ->> 'age_years')::numeric < 60 THEN '40 to 59' ELSE '60 and over' END END), ''), 'unknown')
$$;
COMMENT ON FUNCTION hadvice.person_group(jsonb) IS 'Kind of person by which feedback is counted: sex and age band, of features in units of the catalogue';

-- The primary key of the source when that is one column, else the first column that the training left out as a key.
CREATE FUNCTION hadvice.person_key(model text, version int) RETURNS name
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.attname
      FROM hadvice.models AS m
      JOIN pg_attribute AS a ON a.attrelid = m.source AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_index AS i ON i.indrelid = m.source AND i.indisprimary AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
     WHERE m.name = person_key.model AND m.version = person_key.version
       AND (i.indexrelid IS NOT NULL OR m.metrics -> 'left_out' ->> a.attname = 'key')
     ORDER BY i.indexrelid IS NULL, a.attnum LIMIT 1
$$;
COMMENT ON FUNCTION hadvice.person_key(text, int) IS 'The column of a model''s source that names a person; NULL when there is none';

-- Least squares in C: plpgsql has no matrices.
CREATE FUNCTION hadvice.least_squares(x float8[], y float8[], OUT coefficient float8[], OUT sd float8[])
    AS 'MODULE_PATHNAME', 'vae_least_squares' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION hadvice.least_squares(float8[], float8[]) IS 'Coefficients of y on the columns of x (a row an observation), and their standard errors; NULL when they are not determined';

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION vae_features("row" record, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_features_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_features(record, text, int) IS
    'The person as rules and targets see it: features in units of the catalogue, of a row';
CREATE FUNCTION vae_features("row" jsonb, model text DEFAULT NULL, version int DEFAULT NULL) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_features_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_features(jsonb, text, int) IS
    'The person as rules and targets see it: features in units of the catalogue, of a JSON object, by a named model';
CREATE FUNCTION vae_features(model vae_model, "row" record) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_features_model_row' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_features(vae_model, record) IS
    'The person as rules and targets see it: features in units of the catalogue, of a row, by a model given by value';
CREATE FUNCTION vae_features(model vae_model, "row" jsonb) RETURNS jsonb
    AS 'MODULE_PATHNAME', 'vae_features_model_jsonb' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION vae_features(vae_model, jsonb) IS
    'The person as rules and targets see it: features in units of the catalogue, of a JSON object, by a model given by value';

-- ---------------------------------------------------------------------------------------------------
-- 4. Giving it, and learning from it
-- ---------------------------------------------------------------------------------------------------

CREATE FUNCTION vae_feedback(model text, person text, feature text, verdict text, note text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    served record;
    key    name;
    who    text;
    seen   jsonb;
BEGIN
    IF vae_feedback.model IS NULL OR vae_feedback.person IS NULL OR vae_feedback.feature IS NULL OR vae_feedback.verdict IS NULL THEN
        RAISE EXCEPTION 'vae_feedback takes no NULL but for the note' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT m.version, m.owner, c.oid::regclass AS source INTO served
      FROM hadvice.models AS m LEFT JOIN pg_class AS c ON c.oid = m.source WHERE m.name = vae_feedback.model AND m.is_current;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no current model "%"', vae_feedback.model
            USING ERRCODE = 'undefined_object', HINT = 'vae_models lists the models you may use.';
    END IF;
    IF NOT EXISTS (SELECT FROM hadvice.features AS f WHERE f.feature = vae_feedback.feature AND f.role = 'action') THEN
        RAISE EXCEPTION '"%" is not an action of the catalogue', vae_feedback.feature
            USING ERRCODE = 'undefined_object', HINT = 'Give the feature of an item of vae_advise.';
    END IF;
    IF vae_feedback.verdict NOT IN ('accepted', 'declined', 'done', 'not_possible', 'helped', 'harmed') THEN
        RAISE EXCEPTION '"%" is not a verdict', vae_feedback.verdict
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is one of accepted, declined, done, not_possible, helped, harmed.';
    END IF;
    key := hadvice.person_key(vae_feedback.model, served.version);
    IF key IS NULL AND served.source IS NOT NULL THEN
        RAISE EXCEPTION '% has no column that names a person', served.source
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Give it a primary key of one column.';
    END IF;

    -- As the caller: a role that may use the model but not read its source answers for the person alone.
    IF key IS NOT NULL AND has_table_privilege(served.source, 'SELECT') THEN
        EXECUTE format('SELECT t.%1$I::text, @extschema@.vae_features(t.*, model => $2) FROM %2$s AS t WHERE t.%1$I = CAST($1 AS %3$s)',
                       key, served.source, (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
                                             WHERE a.attrelid = served.source AND a.attname = key))
           INTO who, seen USING vae_feedback.person, vae_feedback.model;
    END IF;
    IF who IS NULL THEN
        RAISE NOTICE 'no row of % was found for %: the answer counts for this person only',
            coalesce(served.source::text, 'the dropped source'), vae_feedback.person;
    END IF;
    INSERT INTO hadvice.feedback (model, owner, person, feature, verdict, note, version, person_group, record)
    VALUES (vae_feedback.model, served.owner, coalesce(who, vae_feedback.person), vae_feedback.feature, vae_feedback.verdict, vae_feedback.note,
            served.version, hadvice.person_group(seen),
            (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(seen) AS e JOIN hadvice.features AS f ON f.feature = e.key AND f.role <> 'context'));
END
$$;
COMMENT ON FUNCTION vae_feedback(text, text, text, text, text) IS
    'Keeps what a person (the key of the row, as text) said to advice on a feature: accepted, declined, done, not_possible, helped or harmed';

-- Differences within the same people: y1 - y0 on a constant, y0 (whoever was high falls, advice or not) and the
-- changes of all actions that were taken up. Who took nothing up is the control.
CREATE FUNCTION vae_calibrate(model text) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    least   CONSTANT int := 10; -- people with a change, and without
    served  record;
    key     name;
    people  jsonb[];            -- [record before, record now, {action: true}]
    actions text[];
    target  text;
    x       float8[];
    y       float8[];
    fit     record;
    n       int := 0;
    added   int;
BEGIN
    SELECT m.version, m.owner, c.oid::regclass AS source INTO served
      FROM hadvice.models AS m LEFT JOIN pg_class AS c ON c.oid = m.source
     WHERE m.name = vae_calibrate.model AND m.is_current AND pg_has_role(m.owner, 'USAGE');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'you own no current model "%"', vae_calibrate.model
            USING ERRCODE = 'undefined_object', HINT = 'vae_models lists the models you may use, and their owners.';
    END IF;
    key := hadvice.person_key(vae_calibrate.model, served.version);
    IF key IS NULL OR NOT has_table_privilege(served.source, 'SELECT') THEN
        RETURN 0;
    END IF;

    EXECUTE format(
        'SELECT array_agg(jsonb_build_array(f.record, @extschema@.vae_features(t.*, model => $1), f.taken))
           FROM (SELECT a.person, (array_agg(a.record ORDER BY a.given_at) FILTER (WHERE a.record IS NOT NULL))[1] AS record,
                        jsonb_object_agg(a.feature, true) FILTER (WHERE a.verdict IN (''accepted'', ''done'', ''helped'', ''harmed'')) AS taken
                   FROM (SELECT g.*, max(g.given_at) OVER (PARTITION BY g.person, g.feature) AS latest
                           FROM hadvice.feedback AS g WHERE g.model = $1 AND g.owner = $2) AS a
                  GROUP BY a.person) AS f
           JOIN %s AS t ON t.%I::text = f.person WHERE f.record IS NOT NULL', served.source, key)
       INTO people USING vae_calibrate.model, served.owner;
    DELETE FROM hadvice.effect_calibration AS e WHERE e.model = vae_calibrate.model AND e.owner = served.owner;
    IF people IS NULL THEN
        RETURN 0;
    END IF;

    SELECT array_agg(c.feature ORDER BY c.feature) INTO actions
      FROM (SELECT f.feature FROM hadvice.features AS f, unnest(people) AS p
             WHERE f.role = 'action' AND jsonb_typeof(p -> 0 -> f.feature) = 'number' AND jsonb_typeof(p -> 1 -> f.feature) = 'number'
             GROUP BY f.feature
            HAVING count(*) FILTER (WHERE p -> 2 -> f.feature IS NOT NULL AND p -> 0 -> f.feature <> p -> 1 -> f.feature) >= least
               AND count(*) FILTER (WHERE p -> 2 -> f.feature IS NULL) >= least) AS c;
    IF actions IS NULL THEN
        RETURN 0;
    END IF;

    FOR target IN SELECT f.feature FROM hadvice.features AS f WHERE f.role = 'outcome' ORDER BY f.feature LOOP
        SELECT array_agg(ARRAY[1, r.y0] || r.changes), array_agg(r.y1 - r.y0) INTO x, y
          FROM (SELECT (p -> 0 ->> target)::float8 AS y0, (p -> 1 ->> target)::float8 AS y1,
                       (SELECT array_agg(CASE WHEN p -> 2 -> a IS NOT NULL AND jsonb_typeof(p -> 0 -> a) = 'number' AND jsonb_typeof(p -> 1 -> a) = 'number'
                                              THEN (p -> 1 ->> a)::float8 - (p -> 0 ->> a)::float8 ELSE 0 END ORDER BY a) FROM unnest(actions) AS a) AS changes
                  FROM unnest(people) AS p
                 WHERE jsonb_typeof(p -> 0 -> target) = 'number' AND jsonb_typeof(p -> 1 -> target) = 'number') AS r;
        CONTINUE WHEN y IS NULL OR cardinality(y) < 2 * (least + cardinality(actions));
        SELECT * INTO fit FROM hadvice.least_squares(x, y);
        INSERT INTO hadvice.effect_calibration (model, owner, action, outcome, slope, sd, people, changed)
        SELECT vae_calibrate.model, served.owner, a.action, target, fit.coefficient[a.i + 2], fit.sd[a.i + 2], cardinality(y),
               (SELECT count(*) FROM generate_subscripts(x, 1) AS r WHERE x[r][a.i + 2] <> 0)
          FROM unnest(actions) WITH ORDINALITY AS a (action, i)
         WHERE fit.sd[a.i + 2] > 0 AND (SELECT count(*) FROM generate_subscripts(x, 1) AS r WHERE x[r][a.i + 2] <> 0) >= least;
        GET DIAGNOSTICS added = ROW_COUNT;
        n := n + added;
    END LOOP;
    RETURN n;
END
$$;
COMMENT ON FUNCTION vae_calibrate(text) IS
    'Computes hadvice.effect_calibration anew from feedback and the records as they are now; returns the pairs of action and outcome. Done at every promotion, too';

-- The next training learns from feedback without being told to. Never at the cost of the promotion; and not when
-- a superuser promotes what is another role's, whose source (a view, say) is not theirs to run.
CREATE FUNCTION hadvice.calibrate_promoted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.owner = quote_ident(CURRENT_USER)::regrole
        OR NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = CURRENT_USER AND r.rolsuper))
       AND EXISTS (SELECT FROM hadvice.feedback AS f WHERE f.model = NEW.name AND f.owner = NEW.owner) THEN
        PERFORM @extschema@.vae_calibrate(NEW.name);
    END IF;
    RETURN NULL;
EXCEPTION WHEN others THEN
    RAISE WARNING 'effects of model "%" could not be calibrated: %', NEW.name, SQLERRM;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION hadvice.calibrate_promoted() IS 'Trigger of the registry: calibrates effects when a version becomes the current one';
REVOKE ALL ON FUNCTION hadvice.calibrate_promoted() FROM PUBLIC;
CREATE TRIGGER calibrate_promoted AFTER UPDATE OF is_current ON hadvice.models
    FOR EACH ROW WHEN (NEW.is_current AND NOT OLD.is_current) EXECUTE FUNCTION hadvice.calibrate_promoted();
