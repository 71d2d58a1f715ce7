-- hadvice: advice for dashboards (DESIGN A8): as a live view, as a table written in batch, counted for a
-- whole population; and the health of the models. Plain columns, every one commented.
--
--   SELECT vae_create_advice_view('health_records', 'respondent_id', 'advice');          always of now
--   SELECT * FROM vae_publish('health_records', 'respondent_id', 'reports.advice');      as of published_at
--   SELECT vae_create_population_view('reports.advice', 'reports.population');           no single person
--
-- The functions users call resolve a name in the caller's search_path and nothing else (BEGIN ATOMIC
-- binds all they name when they are made); what they call has a search_path of its own.

SET LOCAL search_path = @extschema@, pg_temp;

-- ---------------------------------------------------------------------------------------------------
-- What a view selects and a publication holds
-- ---------------------------------------------------------------------------------------------------

-- Schema and name of a relation that is to be made.
CREATE FUNCTION hadvice.new_relation(name text, creation_schema name) RETURNS name[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := parse_ident(new_relation.name);
BEGIN
    IF parts IS NULL THEN
        RAISE EXCEPTION 'the name of the new relation must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF cardinality(parts) = 1 THEN
        parts := ARRAY[creation_schema::text, parts[1]];
    END IF;
    IF cardinality(parts) <> 2 OR (SELECT bool_or(octet_length(p) NOT BETWEEN 1 AND 63) FROM unnest(parts) AS p) THEN
        RAISE EXCEPTION 'improper name of a relation: %', new_relation.name
            USING ERRCODE = 'invalid_name', HINT = 'Write name or schema.name, up to 63 bytes each, quoted where SQL needs it.';
    END IF;
    IF parts[1] IS NULL THEN
        RAISE EXCEPTION 'no schema has been selected to create "%" in', parts[2] USING ERRCODE = 'invalid_schema_name';
    END IF;
    RETURN parts;
END
$$;
COMMENT ON FUNCTION hadvice.new_relation(text, name) IS 'Schema and name in "name" or "schema.name"; the schema given where it has none';

-- The query that gives one row per person and item: the key, then the columns of vae_advice.
CREATE FUNCTION hadvice.advice_query(source regclass, key name, model text, max_actions int, programme text, lang text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    columns text;
BEGIN
    IF source IS NULL OR key IS NULL THEN
        RAISE EXCEPTION 'source and key must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF (SELECT c.relkind FROM pg_class AS c WHERE c.oid = source) NOT IN ('r', 'p', 'v', 'm', 'f') THEN
        RAISE EXCEPTION '% is not a table or view', source USING ERRCODE = 'wrong_object_type';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute AS a
                   WHERE a.attrelid = source AND a.attname = key AND a.attnum > 0 AND NOT a.attisdropped) THEN
        RAISE EXCEPTION 'column "%" of % does not exist', key, source
            USING ERRCODE = 'undefined_column', HINT = 'The key is the column that tells the people of the table apart.';
    END IF;
    IF key = 'published_at' OR EXISTS (SELECT FROM hadvice.advice_columns() AS a WHERE a.column_name = key) THEN
        RAISE EXCEPTION 'the key "%" has the name of a column of the advice', key
            USING ERRCODE = 'duplicate_column', HINT = 'Take a view as source, in which the key has another name.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = source AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                     AND i.indnkeyatts = 1 AND a.attname = key) THEN
        RAISE NOTICE 'no index says that column "%" of % is unique', key, source
            USING DETAIL = 'People who share a key cannot be told apart in what is made.';
    END IF;
    SELECT string_agg(CASE a.type WHEN 'jsonb'::regtype THEN format('a.%I::pg_catalog.text AS %1$I', a.column_name)
                                  ELSE format('a.%I', a.column_name) END, ', ' ORDER BY a.number)
    INTO columns FROM hadvice.advice_columns() AS a;
    -- t.* is the whole row, also where a column is called t
    RETURN format('SELECT t.%I, %s FROM %s AS t CROSS JOIN LATERAL %s.vae_advise(t.*, model => %L::pg_catalog.text, '
                  'max_actions => %L::pg_catalog.int4, programme => %L::pg_catalog.text, lang => %L::pg_catalog.text) AS a',
                  key, columns, source, '@extschema@', model, max_actions, programme, lang);
END
$$;
COMMENT ON FUNCTION hadvice.advice_query(regclass, name, text, int, text, text) IS
    'The query behind vae_create_advice_view and vae_publish; looks whether source and key are fit for it';

CREATE FUNCTION hadvice.advice_columns() RETURNS TABLE (number int, column_name name, type oid, comment text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.attnum, a.attname, a.atttypid, col_description(a.attrelid, a.attnum)
                                            || CASE a.atttypid WHEN 'jsonb'::regtype THEN ' (JSON as text)' ELSE '' END
      FROM pg_type AS t JOIN pg_attribute AS a ON a.attrelid = t.typrelid
     WHERE t.oid = '@extschema@.vae_advice'::regtype AND a.attnum > 0 AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION hadvice.advice_columns() IS 'The columns of vae_advice with their comments';

-- Comments are how a BI tool explains a column: those of vae_advice, and the source's for the key.
CREATE FUNCTION hadvice.comment_advice(relation regclass, kind text, source regclass, key name, about text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c record;
BEGIN
    EXECUTE format('COMMENT ON %s %s IS %L', kind, relation, about);
    FOR c IN
        SELECT a.column_name, a.comment FROM hadvice.advice_columns() AS a
        UNION ALL
        SELECT key, coalesce(col_description(source, a.attnum), format('Key of the person in %s', source))
          FROM pg_attribute AS a WHERE a.attrelid = source AND a.attname = key
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', relation, c.column_name, c.comment);
    END LOOP;
END
$$;
COMMENT ON FUNCTION hadvice.comment_advice(regclass, text, regclass, name, text) IS 'Comments on a view or table of advice and on its columns';

-- ---------------------------------------------------------------------------------------------------
-- Live
-- ---------------------------------------------------------------------------------------------------

CREATE FUNCTION hadvice.create_advice_view(source regclass, key name, target name[], model text, max_actions int, programme text, lang text)
RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    query text := hadvice.advice_query(source, key, model, max_actions, programme, lang);
    name  text := format('%I.%I', target[1], target[2]);
BEGIN
    EXECUTE format('CREATE VIEW %s WITH (security_invoker = true) AS %s', name, query);
    -- what is wrong with model or options is said now, not in the dashboard
    EXECUTE format('SELECT FROM %s LIMIT 1', name);
    PERFORM hadvice.comment_advice(name::regclass, 'VIEW', source, key, format(
        'Advice for each person of %s, one row per person and item, computed when it is read: expected associations, never promises', source));
    RETURN name::regclass;
END
$$;
COMMENT ON FUNCTION hadvice.create_advice_view(regclass, name, name[], text, int, text, text) IS 'vae_create_advice_view with the name taken apart';

CREATE FUNCTION vae_create_advice_view(source regclass, key name, view_name text, model text DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL, lang text DEFAULT NULL) RETURNS regclass
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT hadvice.create_advice_view(source, key, hadvice.new_relation(view_name, pg_catalog.current_schema()),
                                      model, max_actions, programme, lang);
END;
COMMENT ON FUNCTION vae_create_advice_view(regclass, name, text, text, int, text, text) IS
    'Creates a view with the advice for each person of a table, one row per person and item, always of now; its readers need the table and the model';

-- ---------------------------------------------------------------------------------------------------
-- As a table
-- ---------------------------------------------------------------------------------------------------

CREATE TYPE vae_publication AS (
    target       regclass,
    people       bigint,
    rows         bigint,
    model        text,
    version      int,
    published_at timestamptz,
    seconds      float8
);
COMMENT ON TYPE vae_publication IS 'Result of vae_publish';
COMMENT ON COLUMN vae_publication.target IS 'The table';
COMMENT ON COLUMN vae_publication.people IS 'Different keys in it';
COMMENT ON COLUMN vae_publication.rows IS 'Rows in it, one per person and item';
COMMENT ON COLUMN vae_publication.model IS 'Model that gave the advice';
COMMENT ON COLUMN vae_publication.version IS 'Its version';
COMMENT ON COLUMN vae_publication.published_at IS 'When the people''s rows were read';
COMMENT ON COLUMN vae_publication.seconds IS 'Time it took';

-- A table is a publication when its comment begins so: only its owner can say that, it is dumped and
-- restored with the table, and it goes with it.
CREATE FUNCTION hadvice.is_publication(target regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT starts_with(coalesce(obj_description(target, 'pg_class'), ''), 'Advice published by hadvice')
       AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = target AND c.relkind = 'r')
$$;
COMMENT ON FUNCTION hadvice.is_publication(regclass) IS 'Whether vae_publish has made this table: its comment says so';

CREATE FUNCTION hadvice.check_publication(target regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT hadvice.is_publication(target) THEN
        RAISE EXCEPTION '% exists and is not a table that vae_publish has made', target
            USING ERRCODE = 'duplicate_table',
                  HINT = 'Choose another name. The comment of a publication begins with "Advice published by hadvice"; you may add to it, not change its beginning.';
    END IF;
    IF row_security_active(target) THEN
        RAISE EXCEPTION 'row security hides rows of % from you, so that you cannot replace them', target
            USING ERRCODE = 'insufficient_privilege', HINT = 'Publish as the owner of the table.';
    END IF;
END
$$;
COMMENT ON FUNCTION hadvice.check_publication(regclass) IS 'An error when the table is not a publication that the caller can replace as a whole';

-- The advice is collected in a temporary table first: that part takes the time, uses as many parallel
-- workers as max_parallel_workers_per_gather allows (the planner does not count what a function scan
-- costs, and would do without), and holds no lock but on the source. Rows are then deleted and inserted, not truncated and
-- not swapped with another table: readers go on with the old rows until the commit and wait for
-- nothing, and grants, comments, indexes, row security and views on the table stay as they are.
CREATE FUNCTION hadvice.publish(source regclass, key name, target name[], model text, max_actions int, programme text, lang text)
RETURNS @extschema@.vae_publication
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET min_parallel_table_scan_size = 0 SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 AS $$
DECLARE
    query   text := hadvice.advice_query(source, key, model, max_actions, programme, lang);
    name    text := format('%I.%I', target[1], target[2]);
    columns text;
    wrong   text;
    result  @extschema@.vae_publication;
BEGIN
    result.published_at := clock_timestamp();
    PERFORM hadvice.check_publication(to_regclass(name)) WHERE to_regclass(name) IS NOT NULL;

    EXECUTE format('CREATE TEMPORARY TABLE hadvice_publication ON COMMIT DROP AS %s', query);
    EXECUTE format('ALTER TABLE pg_temp.hadvice_publication ADD published_at timestamptz NOT NULL DEFAULT %L', result.published_at);

    PERFORM pg_advisory_xact_lock(hashtextextended('vae_publish ' || name, 0)); -- two publishers: one after the other
    -- to_regclass may remember that there was none before the other publisher made one
    result.target := coalesce(to_regclass(name), (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                                                  WHERE (n.nspname, c.relname) = (target[1], target[2]))::regclass);
    IF result.target IS NULL THEN
        EXECUTE format('CREATE TABLE %s AS TABLE pg_temp.hadvice_publication WITH NO DATA', name);
        result.target := name::regclass;
        EXECUTE format('CREATE INDEX ON %s (%I)', name, key);
        PERFORM hadvice.comment_advice(result.target, 'TABLE', source, key, format(
            'Advice published by hadvice for each person of %s, one row per person and item, as of published_at: expected associations, never promises', source));
        EXECUTE format('COMMENT ON COLUMN %s.published_at IS %L', name, 'When the people''s rows were read');
    END IF;

    PERFORM hadvice.check_publication(result.target);
    SELECT string_agg(format('%I %s', n.attname, format_type(n.atttypid, n.atttypmod)), ', ')
    INTO wrong FROM pg_attribute AS n
    WHERE n.attrelid = 'pg_temp.hadvice_publication'::regclass AND n.attnum > 0
      AND NOT EXISTS (SELECT FROM pg_attribute AS o WHERE o.attrelid = result.target AND o.attnum > 0 AND NOT o.attisdropped
                        AND (o.attname, o.atttypid, o.atttypmod) = (n.attname, n.atttypid, n.atttypmod));
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '% was published with other columns; it lacks %', result.target, wrong
            USING ERRCODE = 'datatype_mismatch', HINT = 'Drop it, or publish under another name.';
    END IF;
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    INTO columns FROM pg_attribute AS a WHERE a.attrelid = 'pg_temp.hadvice_publication'::regclass AND a.attnum > 0;

    EXECUTE format('DELETE FROM %s', name);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM pg_temp.hadvice_publication ORDER BY %I, plan, rank', name, columns, key);
    GET DIAGNOSTICS result.rows = ROW_COUNT;
    EXECUTE format('SELECT count(DISTINCT %I), max(model), max(version) FROM pg_temp.hadvice_publication', key)
    INTO result.people, result.model, result.version;
    DROP TABLE pg_temp.hadvice_publication;
    IF pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = result.target), 'USAGE') THEN
        EXECUTE format('ANALYZE %s', name);
    END IF;
    result.seconds := extract(epoch FROM clock_timestamp() - result.published_at);
    RETURN result;
END
$$;
COMMENT ON FUNCTION hadvice.publish(regclass, name, name[], text, int, text, text) IS 'vae_publish with the name taken apart';

CREATE FUNCTION vae_publish(source regclass, key name, target text, model text DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL, lang text DEFAULT NULL) RETURNS vae_publication
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT hadvice.publish(source, key, hadvice.new_relation(target, pg_catalog.current_schema()),
                           model, max_actions, programme, lang);
END;
COMMENT ON FUNCTION vae_publish(regclass, name, text, text, int, text, text) IS
    'Writes the advice for each person of a table into another table, made when it is not there, replaced in this transaction when it is; readers never wait';

-- ---------------------------------------------------------------------------------------------------
-- Populations
-- ---------------------------------------------------------------------------------------------------

CREATE FUNCTION hadvice.create_population_view(publication regclass, target name[], minimum int) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := format('%I.%I', target[1], target[2]);
    key  name := (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = publication AND a.attnum = 1);
    c    record;
BEGIN
    IF publication IS NULL OR minimum IS NULL OR minimum < 1 THEN
        RAISE EXCEPTION 'minimum must be 1 or more, and publication not NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT hadvice.is_publication(publication) THEN
        RAISE EXCEPTION '% is not a table that vae_publish has made', publication
            USING ERRCODE = 'wrong_object_type', HINT = 'Publish the advice first: SELECT * FROM vae_publish(…).';
    END IF;
    -- Read with the rights of its owner, so that who may see it need not see people; security_barrier keeps
    -- conditions of its readers away from the people's rows.
    EXECUTE format($view$
        CREATE VIEW %1$s WITH (security_barrier = true) AS
        WITH outcomes AS (
            SELECT DISTINCT ON (domain, feature, unit) domain, feature, unit, outcome, count(DISTINCT %2$I) AS people,
                   avg(expected_effect) AS effect, avg(effect_low) AS low, avg(effect_high) AS high, avg(probability) AS probability
              FROM %3$s WHERE plan = 1 AND kind = 'action' AND outcome IS NOT NULL
             GROUP BY domain, feature, unit, outcome HAVING count(DISTINCT %2$I) >= %4$L::int
             ORDER BY domain, feature, unit, count(DISTINCT %2$I) DESC, outcome),
        items AS (
            SELECT kind, domain, feature, unit, count(DISTINCT %2$I) AS people, avg(change) AS change, max(published_at) AS published_at
              FROM %3$s WHERE plan = 1
             GROUP BY kind, domain, feature, unit HAVING count(DISTINCT %2$I) >= %4$L::int)
        SELECT i.kind, i.domain, i.feature, coalesce(f.label, i.feature) AS label, i.people, a.people AS people_total, i.people::float8 / a.people AS share,
               i.change AS mean_change, i.unit, o.outcome, coalesce(e.label, o.outcome) AS outcome_label, e.unit AS outcome_unit,
               o.people AS people_with_outcome, o.effect AS mean_expected_effect, o.low AS mean_effect_low, o.high AS mean_effect_high,
               o.probability AS mean_probability, i.published_at
          FROM items AS i
         CROSS JOIN (SELECT count(DISTINCT %2$I) AS people FROM %3$s) AS a
          LEFT JOIN outcomes AS o ON i.kind = 'action' AND o.domain = i.domain AND o.feature = i.feature AND o.unit IS NOT DISTINCT FROM i.unit
          LEFT JOIN hadvice.features AS f ON f.feature = i.feature
          LEFT JOIN hadvice.features AS e ON e.feature = o.outcome
        $view$, name, key, publication, minimum);
    EXECUTE format('COMMENT ON VIEW %s IS %L', name, format(
        'What is advised to the people of %s, counted; less than %s people are not shown. Expected associations, never promises', publication, minimum));
    FOR c IN SELECT * FROM (VALUES
        ('kind', 'action, refer or keep'),
        ('domain', 'Domain of the feature: diet, exercise, sleep, …'),
        ('feature', 'What is advised to be changed, or the reason to see a doctor'),
        ('label', 'The same in words'),
        ('people', 'People it is advised to'),
        ('people_total', 'People of the publication'),
        ('share', 'people as a share of people_total, 0 to 1; one person can have several items'),
        ('mean_change', 'Mean of target minus present value over these people'),
        ('unit', 'Unit of the feature and of its change'),
        ('outcome', 'Outcome that is named for most of them; NULL when the model claims none, or for too few people'),
        ('outcome_label', 'The same in words'),
        ('outcome_unit', 'Its unit'),
        ('people_with_outcome', 'People for whom it is this outcome'),
        ('mean_expected_effect', 'Mean over them of the expected difference of the outcome between people alike with and without the change: an association, never a promise'),
        ('mean_effect_low', 'Mean of the lower ends of their 90 % intervals'),
        ('mean_effect_high', 'Mean of the upper ends of their 90 % intervals'),
        ('mean_probability', 'Mean of the probabilities that the difference is an improvement'),
        ('published_at', 'When the people''s rows were read')) AS v (column_name, comment)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', name, c.column_name, c.comment);
    END LOOP;
    RETURN name::regclass;
END
$$;
COMMENT ON FUNCTION hadvice.create_population_view(regclass, name[], int) IS 'vae_create_population_view with the name taken apart';

CREATE FUNCTION vae_create_population_view(publication regclass, view_name text, minimum int DEFAULT 10) RETURNS regclass
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT hadvice.create_population_view(publication, hadvice.new_relation(view_name, pg_catalog.current_schema()), minimum);
END;
COMMENT ON FUNCTION vae_create_population_view(regclass, text, int) IS
    'Creates a view that counts a publication by kind, domain and feature without telling of anybody: less than "minimum" people are not shown; its readers need no right on the publication';

-- ---------------------------------------------------------------------------------------------------
-- Models
-- ---------------------------------------------------------------------------------------------------

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry: no operators of others

CREATE VIEW hadvice.model_health WITH (security_invoker = true) AS
    SELECT m.model, m.version, m.source::text AS source, m.owner::text AS owner, m.architecture, m.trained_at,
           (extract(epoch FROM now() - m.trained_at) / 86400)::float8 AS age_days, m.rows,
           nullif(c.reltuples, -1)::bigint AS source_rows, m.columns, m.parameters, m.validation_elbo,
           p.version AS previous_version, p.validation_elbo AS previous_validation_elbo,
           n.versions, n.newest_version, r.at AS retrained_at, r.promoted AS retraining_promoted, r.reason AS retraining_reason,
           f.answers, f.harmed, m.seconds, m.extension_version
      FROM @extschema@.vae_models AS m
      LEFT JOIN pg_catalog.pg_class AS c ON c.oid = m.source AND c.relkind IN ('r', 'p', 'm', 'f')
      CROSS JOIN LATERAL (SELECT count(*)::int AS versions, max(v.version) AS newest_version
                            FROM @extschema@.vae_models AS v WHERE v.model = m.model) AS n
      LEFT JOIN LATERAL (SELECT v.version, v.validation_elbo FROM @extschema@.vae_models AS v
                          WHERE v.model = m.model AND v.version < m.version ORDER BY v.version DESC LIMIT 1) AS p ON true
      LEFT JOIN LATERAL (SELECT t.at, t.promoted, t.reason FROM hadvice.retrainings AS t
                          WHERE t.model = m.model ORDER BY t.at DESC LIMIT 1) AS r ON true
      CROSS JOIN LATERAL (SELECT coalesce(sum(s.people), 0)::bigint AS answers, coalesce(sum(s.harmed), 0)::bigint AS harmed
                            FROM hadvice.feedback_summary AS s WHERE s.model = m.model AND s.owner = m.owner) AS f
     WHERE m.is_current;
GRANT SELECT ON hadvice.model_health TO PUBLIC; -- row security of hadvice.models decides
COMMENT ON VIEW hadvice.model_health IS 'The current version of each model you may use: how old, how good, what it was trained on';
COMMENT ON COLUMN hadvice.model_health.model IS 'Name of the model';
COMMENT ON COLUMN hadvice.model_health.version IS 'The version in use';
COMMENT ON COLUMN hadvice.model_health.source IS 'Table or view it was trained on; NULL when that is gone';
COMMENT ON COLUMN hadvice.model_health.owner IS 'Role whose members may use and change it';
COMMENT ON COLUMN hadvice.model_health.architecture IS 'ordered, joint or seed';
COMMENT ON COLUMN hadvice.model_health.trained_at IS 'When the version was registered';
COMMENT ON COLUMN hadvice.model_health.age_days IS 'Days since then';
COMMENT ON COLUMN hadvice.model_health.rows IS 'Rows it was trained on, held-out ones included';
COMMENT ON COLUMN hadvice.model_health.source_rows IS 'Rows of the source as of its last ANALYZE, an estimate; NULL for views and before the first';
COMMENT ON COLUMN hadvice.model_health.columns IS 'Columns it knows';
COMMENT ON COLUMN hadvice.model_health.parameters IS 'Weights of the network';
COMMENT ON COLUMN hadvice.model_health.validation_elbo IS 'Evidence lower bound on the rows held out, nats per row; higher is better; of the same rows and columns only comparable';
COMMENT ON COLUMN hadvice.model_health.previous_version IS 'The version before, where it is kept';
COMMENT ON COLUMN hadvice.model_health.previous_validation_elbo IS 'The same of that version, when it was trained';
COMMENT ON COLUMN hadvice.model_health.versions IS 'Versions kept';
COMMENT ON COLUMN hadvice.model_health.newest_version IS 'The newest of them; above version: one that was not promoted, or was taken back';
COMMENT ON COLUMN hadvice.model_health.retrained_at IS 'When vae_retrain was last called; NULL: never';
COMMENT ON COLUMN hadvice.model_health.retraining_promoted IS 'Whether a new version came of it';
COMMENT ON COLUMN hadvice.model_health.retraining_reason IS 'Why, or why not';
COMMENT ON COLUMN hadvice.model_health.answers IS 'Latest answers to its advice that you may see, one per person and feature (vae_feedback)';
COMMENT ON COLUMN hadvice.model_health.harmed IS 'Those of them that say it harmed';
COMMENT ON COLUMN hadvice.model_health.seconds IS 'Time the training took';
COMMENT ON COLUMN hadvice.model_health.extension_version IS 'Version of hadvice that trained it';
