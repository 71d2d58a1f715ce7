-- hadvice: retraining by the clock (DESIGN A7), with pg_cron where it is installed. Nothing here needs it to
-- be: what is asked of it is asked by dynamic SQL, once it is known to be there.

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

-- The name under which pg_cron knows the job of a model; it has 63 bytes for it.
CREATE FUNCTION hadvice.job_name(model text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT 'hadvice: ' || CASE WHEN octet_length(model) <= 54 THEN model ELSE md5(model) END $$;
COMMENT ON FUNCTION hadvice.job_name(text) IS 'The name of the pg_cron job that retrains a model';

-- That a schema of the name exists is not enough: anybody with the right to make schemas could have made it.
CREATE FUNCTION hadvice.cron_is_here() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT EXISTS (SELECT FROM pg_extension AS e JOIN pg_depend AS d ON d.refobjid = e.oid
                          WHERE e.extname = 'pg_cron' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
                            AND d.classid = 'pg_namespace'::regclass AND d.objid = to_regnamespace('cron')) $$;
COMMENT ON FUNCTION hadvice.cron_is_here() IS 'Whether pg_cron keeps its jobs in this database';

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION vae_schedule(model text, schedule text, max_duration interval DEFAULT NULL,
                             if_drift float8 DEFAULT NULL, if_new_rows float8 DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    options text := concat(', max_duration => ' || quote_literal(vae_schedule.max_duration), ', if_drift => ' || quote_literal(vae_schedule.if_drift),
                           ', if_new_rows => ' || quote_literal(vae_schedule.if_new_rows));
    command text := format('SELECT promoted, reason FROM @extschema@.vae_retrain(%L%s)', vae_schedule.model, options);
    home    text;
    job     bigint;
BEGIN
    IF vae_schedule.model IS NULL OR vae_schedule.schedule IS NULL THEN
        RAISE EXCEPTION 'model and schedule must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT vae_schedule.if_drift >= 0 OR vae_schedule.if_drift = 'NaN' OR NOT vae_schedule.if_new_rows >= 0 OR vae_schedule.if_new_rows = 'NaN'
       OR NOT vae_schedule.max_duration > interval '0' THEN
        RAISE EXCEPTION 'if_drift and if_new_rows must be at least 0, max_duration must be positive'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM hadvice.models AS m WHERE m.name = vae_schedule.model AND pg_has_role(m.owner, 'USAGE')) THEN
        RAISE EXCEPTION 'you own no model "%"', vae_schedule.model
            USING ERRCODE = 'undefined_object', HINT = 'Its owner and the members of that role may schedule its retraining.';
    END IF;
    IF NOT hadvice.cron_is_here() THEN
        BEGIN
            home := current_setting('cron.database_name', true);
        EXCEPTION WHEN insufficient_privilege THEN
            home := ''; -- it is loaded, but only superusers may read this
        END;
        IF home IS NULL THEN
            RAISE EXCEPTION 'pg_cron is not loaded' USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('Install it, put shared_preload_libraries = ''pg_cron'' and cron.database_name = %L into postgresql.conf, restart, '
                              'then CREATE EXTENSION pg_cron. Any other scheduler can run: %s;', current_database(), command);
        ELSIF home = current_database() THEN
            RAISE EXCEPTION 'pg_cron is loaded, but not created in this database' USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'A superuser can run: CREATE EXTENSION pg_cron;';
        END IF;
        RAISE EXCEPTION 'pg_cron keeps its jobs in another database%', coalesce(', ' || quote_ident(nullif(home, '')), '')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = format('There, a superuser can run: SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);', hadvice.job_name(vae_schedule.model),
                              vae_schedule.schedule, command, current_database(), current_user);
    END IF;
    IF NOT has_schema_privilege('cron', 'USAGE') THEN
        RAISE EXCEPTION 'permission denied for pg_cron' USING ERRCODE = 'insufficient_privilege',
            HINT = format('A superuser can run: GRANT USAGE ON SCHEMA cron TO %I;', current_user);
    END IF;
    EXECUTE format('SELECT cron.schedule(%L, %L, %L)', hadvice.job_name(vae_schedule.model), vae_schedule.schedule, command) INTO job;
    RETURN job;
END
$$;
COMMENT ON FUNCTION vae_schedule(text, text, interval, float8, float8) IS
    'Lets pg_cron call vae_retrain as you, by a schedule in cron''s syntax; again: changes it. Returns the job''s number';

CREATE FUNCTION vae_unschedule(model text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found boolean := false;
BEGIN
    IF vae_unschedule.model IS NULL THEN
        RAISE EXCEPTION 'model must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF hadvice.cron_is_here() AND has_schema_privilege('cron', 'USAGE') THEN
        EXECUTE format('SELECT count(cron.unschedule(j.jobid)) > 0 FROM cron.job AS j WHERE j.jobname = %L AND j.username = current_user',
                       hadvice.job_name(vae_unschedule.model)) INTO found;
    END IF;
    RETURN found;
END
$$;
COMMENT ON FUNCTION vae_unschedule(text) IS 'Ends what vae_schedule began; false when there was nothing';

SET LOCAL search_path = pg_catalog, pg_temp;

-- pg_cron shows a role its own jobs, and a superuser all. A job of a model that the caller does not see has no name here.
CREATE FUNCTION hadvice.jobs(
    OUT job_id bigint, OUT model text, OUT role text, OUT schedule text, OUT active boolean, OUT command text,
    OUT last_start timestamptz, OUT last_end timestamptz, OUT last_status text, OUT last_message text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF hadvice.cron_is_here() AND has_schema_privilege('cron', 'USAGE') THEN
        RETURN QUERY EXECUTE
            'SELECT j.jobid, m.name, j.username, j.schedule, j.active, j.command, r.start_time, r.end_time, r.status, r.return_message
               FROM cron.job AS j
               LEFT JOIN (SELECT DISTINCT n.name FROM hadvice.models AS n) AS m ON hadvice.job_name(m.name) = j.jobname::text
               LEFT JOIN LATERAL (SELECT d.* FROM cron.job_run_details AS d WHERE d.jobid = j.jobid ORDER BY d.runid DESC LIMIT 1) AS r ON true
              WHERE j.jobname::text LIKE ''hadvice: %'' AND j.database = current_database()';
    END IF;
END
$$;
COMMENT ON FUNCTION hadvice.jobs() IS 'The jobs of vae_schedule with their last run; see the view hadvice.schedules';

CREATE VIEW hadvice.schedules WITH (security_invoker = true) AS
    SELECT j.model, j.schedule, j.role, j.active, j.job_id, j.command, j.last_start, j.last_end, j.last_status, j.last_message,
           r.at AS retrained_at, r.promoted, r.reason
      FROM hadvice.jobs() AS j
      LEFT JOIN LATERAL (SELECT l.at, l.promoted, l.reason FROM hadvice.retrainings AS l
                          WHERE l.model OPERATOR(pg_catalog.=) j.model ORDER BY l.at DESC LIMIT 1) AS r ON true;
GRANT SELECT ON hadvice.schedules TO PUBLIC; -- pg_cron and the registry decide

COMMENT ON VIEW hadvice.schedules IS 'The jobs of vae_schedule, with their last run and what came of it; empty without pg_cron';
COMMENT ON COLUMN hadvice.schedules.model IS 'Name of the model; NULL: it is gone, or not yours';
COMMENT ON COLUMN hadvice.schedules.schedule IS 'When, in cron''s syntax, GMT';
COMMENT ON COLUMN hadvice.schedules.role IS 'Role as which it runs';
COMMENT ON COLUMN hadvice.schedules.active IS 'Whether pg_cron starts it';
COMMENT ON COLUMN hadvice.schedules.job_id IS 'pg_cron''s number of the job';
COMMENT ON COLUMN hadvice.schedules.command IS 'What it runs';
COMMENT ON COLUMN hadvice.schedules.last_start IS 'When its last run began';
COMMENT ON COLUMN hadvice.schedules.last_end IS 'When that ended; NULL: it has not';
COMMENT ON COLUMN hadvice.schedules.last_status IS 'succeeded, failed, running, …, by pg_cron';
COMMENT ON COLUMN hadvice.schedules.last_message IS 'The error, or what pg_cron says';
COMMENT ON COLUMN hadvice.schedules.retrained_at IS 'When the model was last retrained, or found to be in no need of it, by whomever';
COMMENT ON COLUMN hadvice.schedules.promoted IS 'Whether the new version took the place of the one before';
COMMENT ON COLUMN hadvice.schedules.reason IS 'Why, as in vae_retraining';

SET LOCAL search_path = @extschema@, pg_temp;
