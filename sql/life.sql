-- hadvice: the life of a model (DESIGN A7): who may use it, which versions stay, how it was and is trained.

-- ---------------------------------------------------------------------------------------------------
-- Other roles
-- ---------------------------------------------------------------------------------------------------

-- A grant is the owner's word: it names the owner, and it counts only for models of that owner, so that
-- a row somebody else writes under the same model's name opens nothing.
SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

CREATE TABLE hadvice.model_grants (
    model text NOT NULL,
    owner regrole NOT NULL DEFAULT pg_catalog.quote_ident(CURRENT_USER)::regrole,
    role  regrole NOT NULL,
    PRIMARY KEY (model, owner, role)
);

COMMENT ON TABLE  hadvice.model_grants IS 'Roles that may use the models of another one; kept by vae_grant and vae_revoke';
COMMENT ON COLUMN hadvice.model_grants.model IS 'Name of the model, all versions';
COMMENT ON COLUMN hadvice.model_grants.owner IS 'Role that owns the model and grants';
COMMENT ON COLUMN hadvice.model_grants.role IS 'Role whose members may use it';

ALTER TABLE hadvice.model_grants ENABLE ROW LEVEL SECURITY;
CREATE POLICY involved ON hadvice.model_grants FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'USAGE') OR pg_catalog.pg_has_role(role, 'USAGE'));
CREATE POLICY owner ON hadvice.model_grants
    USING (pg_catalog.pg_has_role(owner, 'USAGE')) WITH CHECK (pg_catalog.pg_has_role(owner, 'USAGE'));
GRANT SELECT, INSERT, DELETE ON hadvice.model_grants TO PUBLIC; -- the policies decide

-- To use is to read: promoting, dropping and pruning stay the owner's.
CREATE POLICY granted ON hadvice.models FOR SELECT
    USING (EXISTS (SELECT FROM hadvice.model_grants AS g
                    WHERE g.model OPERATOR(pg_catalog.=) models.name
                      AND g.owner OPERATOR(pg_catalog.=) models.owner
                      AND pg_catalog.pg_has_role(g.role, 'USAGE')));

SELECT pg_catalog.pg_extension_config_dump('hadvice.model_grants', '');

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION vae_grant(model text, role regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owners regrole[] := ARRAY(SELECT DISTINCT m.owner FROM hadvice.models AS m
                              WHERE m.name = vae_grant.model AND pg_has_role(m.owner, 'USAGE'));
BEGIN
    IF vae_grant.model IS NULL OR vae_grant.role IS NULL THEN
        RAISE EXCEPTION 'vae_grant takes no NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF cardinality(owners) = 0 THEN
        RAISE EXCEPTION 'you own no model "%"', vae_grant.model
            USING ERRCODE = 'undefined_object', HINT = 'vae_models lists the models you may use, and their owners.';
    END IF;
    INSERT INTO hadvice.model_grants (model, owner, role) SELECT vae_grant.model, o, vae_grant.role FROM unnest(owners) AS o
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION vae_grant(text, regrole) IS 'Lets the members of a role use a model of yours, all its versions';

CREATE FUNCTION vae_revoke(model text, role regrole) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM hadvice.model_grants AS g
    WHERE g.model = vae_revoke.model AND g.role = vae_revoke.role AND pg_has_role(g.owner, 'USAGE');
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION vae_revoke(text, regrole) IS 'Takes vae_grant back; false when there was nothing to take back';

-- ---------------------------------------------------------------------------------------------------
-- Versions
-- ---------------------------------------------------------------------------------------------------

CREATE FUNCTION vae_prune(model text, keep int DEFAULT 5) RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    dropped int;
BEGIN
    IF vae_prune.model IS NULL OR vae_prune.keep IS NULL OR vae_prune.keep < 1 THEN
        RAISE EXCEPTION 'keep must be 1 or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM hadvice.models AS m
    WHERE m.name = vae_prune.model AND NOT m.is_current
      AND m.version NOT IN (SELECT n.version FROM hadvice.models AS n WHERE n.name = vae_prune.model
                            ORDER BY n.is_current DESC, n.version DESC LIMIT vae_prune.keep);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION vae_prune(text, int) IS 'Drops the oldest versions of a model until "keep" are left, the current one among them; returns how many';

-- ---------------------------------------------------------------------------------------------------
-- Seeing it
-- ---------------------------------------------------------------------------------------------------

CREATE FUNCTION vae_training_progress(
    OUT pid int, OUT datid oid, OUT source oid, OUT model text, OUT phase text, OUT epoch int, OUT epochs_total int,
    OUT rows_done bigint, OUT rows_total bigint, OUT elbo float8, OUT elapsed interval, OUT remaining interval)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION vae_training_progress() IS 'The trainings that run now, in any session; see pg_stat_progress_vae_train';

CREATE VIEW pg_stat_progress_vae_train AS
    SELECT p.pid, d.datname, p.source::regclass AS source, p.model, p.phase, p.epoch, p.epochs_total,
           p.rows_done, p.rows_total, p.elbo, p.elapsed, p.remaining
      FROM @extschema@.vae_training_progress() AS p
      LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) p.datid;
GRANT SELECT ON pg_stat_progress_vae_train TO PUBLIC; -- of other roles only pid, database and source are shown
COMMENT ON VIEW pg_stat_progress_vae_train IS 'Trainings that run now, in any session';
COMMENT ON COLUMN pg_stat_progress_vae_train.pid IS 'Process of the session';
COMMENT ON COLUMN pg_stat_progress_vae_train.datname IS 'Its database';
COMMENT ON COLUMN pg_stat_progress_vae_train.source IS 'Table or view it trains on; a number when it is of another database';
COMMENT ON COLUMN pg_stat_progress_vae_train.model IS 'Name of the model (its first 63 bytes); NULL for vae_fit';
COMMENT ON COLUMN pg_stat_progress_vae_train.phase IS 'reading statistics, encoding, training, finishing';
COMMENT ON COLUMN pg_stat_progress_vae_train.epoch IS 'Epochs done';
COMMENT ON COLUMN pg_stat_progress_vae_train.epochs_total IS 'The most that will be run';
COMMENT ON COLUMN pg_stat_progress_vae_train.rows_done IS 'Rows read by the running pass over the table; while training, rows learned from so far';
COMMENT ON COLUMN pg_stat_progress_vae_train.rows_total IS 'Rows it will have; 0: not known';
COMMENT ON COLUMN pg_stat_progress_vae_train.elbo IS 'ELBO of the last epoch, nats per row';
COMMENT ON COLUMN pg_stat_progress_vae_train.elapsed IS 'Time since the training began';
COMMENT ON COLUMN pg_stat_progress_vae_train.remaining IS 'Time it will take at this pace, at most';

-- One curve of up to 60 points, as text for a terminal or as SVG for a page.
CREATE FUNCTION vae_training_plot(model text, format text DEFAULT 'text') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v      int := (SELECT m.version FROM hadvice.models AS m WHERE m.name = vae_training_plot.model AND m.is_current);
    points float8[];
    epochs int[];
    lo     float8;
    hi     float8;
    plot   text := '';
BEGIN
    IF vae_training_plot.format IS NULL OR vae_training_plot.format NOT IN ('text', 'svg') THEN
        RAISE EXCEPTION 'format must be text or svg' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF v IS NULL THEN
        RAISE EXCEPTION 'there is no current model "%"', vae_training_plot.model
            USING ERRCODE = 'undefined_object', HINT = 'vae_models lists the models you may use.';
    END IF;
    SELECT array_agg(y ORDER BY epoch), array_agg(epoch ORDER BY epoch) INTO points, epochs
    FROM (SELECT max(h.epoch) AS epoch, max(coalesce(h.validation, h.elbo)) AS y
          FROM (SELECT *, ntile(60) OVER (ORDER BY epoch) AS n FROM hadvice.training_history
                WHERE training_history.model = vae_training_plot.model AND version = v) AS h GROUP BY h.n) AS binned;
    IF points IS NULL THEN
        RETURN '';
    END IF;
    SELECT min(y), max(y) INTO lo, hi FROM unnest(points) AS y;
    IF vae_training_plot.format = 'svg' THEN
        SELECT string_agg(round((20 + 560.0 * (i - 1) / greatest(cardinality(points) - 1, 1))::numeric, 1) || ','
                          || round((180 - 160 * (points[i] - lo) / greatest(hi - lo, 1e-12))::numeric, 1), ' ' ORDER BY i)
        INTO plot FROM generate_subscripts(points, 1) AS i;
        RETURN format('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 200" role="img" font-family="sans-serif" font-size="11">'
                      '<title>ELBO by epoch</title><polyline fill="none" stroke="#1f6f8b" stroke-width="2" points="%s"/>'
                      '<text x="20" y="14">%s nats per row</text><text x="20" y="197">%s, epoch 1</text>'
                      '<text x="580" y="197" text-anchor="end">epoch %s</text></svg>',
                      plot, round(hi::numeric, 2), round(lo::numeric, 2), epochs[cardinality(epochs)]);
    END IF;
    FOR line IN REVERSE 11..0 LOOP
        plot := plot || CASE line WHEN 11 THEN lpad(round(hi::numeric, 2)::text, 9) WHEN 0 THEN lpad(round(lo::numeric, 2)::text, 9)
                                  ELSE repeat(' ', 9) END || ' |'
                || (SELECT string_agg(CASE WHEN round(11 * (y - lo) / greatest(hi - lo, 1e-12)) = line THEN '*' ELSE ' ' END, '' ORDER BY i)
                    FROM unnest(points) WITH ORDINALITY AS p (y, i)) || E'\n';
    END LOOP;
    RETURN plot || repeat(' ', 10) || '+' || repeat('-', cardinality(points)) || E'\n' || repeat(' ', 11) || 'epoch 1'
           || lpad('epoch ' || epochs[cardinality(epochs)], greatest(cardinality(points) - 7, 7 + length('epoch ' || epochs[cardinality(epochs)]))) || E'\n';
END
$$;
COMMENT ON FUNCTION vae_training_plot(text, text) IS 'The curve of the current version''s training (held-out ELBO where there is one), as text or svg';
