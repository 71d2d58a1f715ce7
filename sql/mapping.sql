-- hadvice: columns tied to features by hand (hadvice.column_map).

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION vae_map_column(source regclass, column_name name, feature text,
                               factor float8 DEFAULT 1, "offset" float8 DEFAULT 0) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    s  regclass := vae_map_column.source;
    c  name     := vae_map_column.column_name;
    f  text     := vae_map_column.feature;
    fa float8   := vae_map_column.factor;
    os float8   := vae_map_column."offset";
    other name;
BEGIN
    IF s IS NULL OR c IS NULL OR f IS NULL OR fa IS NULL OR os IS NULL THEN
        RAISE EXCEPTION 'vae_map_column takes no NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = s AND r.relkind IN ('r', 'v', 'm', 'p', 'f')) THEN
        RAISE EXCEPTION '% is not a table or view', s USING ERRCODE = 'wrong_object_type';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = s AND pg_has_role(r.relowner, 'USAGE')) THEN
        RAISE EXCEPTION 'must be owner of %', s USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = s AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped) THEN
        RAISE EXCEPTION 'column "%" of % does not exist', c, s USING ERRCODE = 'undefined_column';
    END IF;
    IF NOT EXISTS (SELECT FROM hadvice.features t WHERE t.feature = f) THEN
        RAISE EXCEPTION 'feature "%" is not in the catalogue', f
            USING ERRCODE = 'undefined_object', HINT = 'SELECT feature, unit, label FROM hadvice.features ORDER BY 1;';
    END IF;
    IF fa = 0 OR fa IN ('NaN', 'Infinity', '-Infinity') OR os IN ('NaN', 'Infinity', '-Infinity') THEN
        RAISE EXCEPTION 'factor must be a number other than 0, offset a number'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('factor %s, offset %s', fa, os);
    END IF;
    SELECT m.column_name INTO other FROM hadvice.column_map m WHERE m.source = s AND m.feature = f AND m.column_name <> c;
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of % is mapped to "%" already', other, s, f
            USING ERRCODE = 'unique_violation', HINT = format('SELECT vae_unmap_column(%L, %L);', s, other);
    END IF;
    INSERT INTO hadvice.column_map AS m (source, column_name, feature, factor, "offset") VALUES (s, c, f, fa, os)
    ON CONFLICT ON CONSTRAINT column_map_pkey
    DO UPDATE SET feature = excluded.feature, factor = excluded.factor, "offset" = excluded."offset";
END
$$;
COMMENT ON FUNCTION vae_map_column(regclass, name, text, float8, float8) IS 'Says that a column is a feature of the catalogue, with value in catalogue units = factor * column + offset';

CREATE FUNCTION vae_unmap_column(source regclass, column_name name) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (SELECT FROM pg_class r WHERE r.oid = vae_unmap_column.source AND NOT pg_has_role(r.relowner, 'USAGE')) THEN
        RAISE EXCEPTION 'must be owner of %', vae_unmap_column.source USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM hadvice.column_map m
    WHERE m.source = vae_unmap_column.source AND m.column_name = vae_unmap_column.column_name;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION vae_unmap_column(regclass, name) IS 'Takes back vae_map_column; false when there was nothing to take back';
