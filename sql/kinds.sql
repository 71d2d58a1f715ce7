-- hadvice: kinds of columns that were chosen by hand, where vae_profile's choice from the data is not meant.
--
--   SELECT vae_set_kind('visits', 'triage_code', 'categorical');     numbers that are names
--   SELECT vae_set_kind('visits', 'pain', 'ordinal', '{none,some,much}');
--   SELECT vae_set_kind('visits', 'pain', NULL);                     as the data say
--
-- vae_profile shows them, trainings obey them, and a note says where the data cannot bear one.

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE TABLE hadvice.column_kinds (
    source      regclass NOT NULL,
    column_name name NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('real', 'positive', 'amount', 'count', 'ordinal', 'binary', 'categorical', 'date/time', 'embedding')),
    levels      text[] CHECK (levels IS NULL OR kind = 'ordinal'),
    PRIMARY KEY (source, column_name)
);
COMMENT ON TABLE  hadvice.column_kinds IS 'Kinds of columns that were chosen by hand; kept by vae_set_kind, writable by the owner of the source';
COMMENT ON COLUMN hadvice.column_kinds.source IS 'Table or view';
COMMENT ON COLUMN hadvice.column_kinds.column_name IS 'Its column';
COMMENT ON COLUMN hadvice.column_kinds.kind IS 'What its values are to a model';
COMMENT ON COLUMN hadvice.column_kinds.levels IS 'The words of an ordinal column, from the least to the most';

SELECT pg_catalog.pg_extension_config_dump('hadvice.column_kinds',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source)');

-- Everybody reads them; the owner of a source writes its rows.
ALTER TABLE hadvice.column_kinds ENABLE ROW LEVEL SECURITY;
CREATE POLICY column_kinds_read ON hadvice.column_kinds FOR SELECT USING (true);
CREATE POLICY column_kinds_write ON hadvice.column_kinds FOR ALL
    USING (EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source AND pg_catalog.pg_has_role(c.relowner, 'USAGE')));
GRANT SELECT, INSERT, UPDATE, DELETE ON hadvice.column_kinds TO PUBLIC;

-- The kinds that columns of a type can be: NULL for a type no model can use.
CREATE FUNCTION hadvice.kinds_of_type(type oid) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE base (oid, typtype, typbasetype, typname) AS (
        SELECT t.oid, t.typtype, t.typbasetype, t.typname FROM pg_type t WHERE t.oid = kinds_of_type.type
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype, t.typname FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
    )
    SELECT CASE
        WHEN oid = 'bool'::regtype THEN '{binary}'::text[]
        WHEN oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype, 'numeric'::regtype)
            THEN '{real,positive,amount,count,ordinal,binary,categorical}'
        WHEN oid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'time'::regtype, 'interval'::regtype) THEN '{date/time}'
        WHEN oid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'name'::regtype, '"char"'::regtype, 'uuid'::regtype)
             OR typtype = 'e' THEN '{ordinal,binary,categorical}'
        WHEN oid IN ('float4[]'::regtype, 'float8[]'::regtype) OR typname = 'vector' THEN '{embedding}'
    END
    FROM base WHERE typtype <> 'd'
$$;
COMMENT ON FUNCTION hadvice.kinds_of_type(oid) IS 'The kinds that columns of a type can be; NULL for a type no model can use';

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION vae_set_kind(source regclass, "column" name, kind text, levels text[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    s regclass := vae_set_kind.source;
    c name     := vae_set_kind."column";
    k text     := vae_set_kind.kind;
    l text[]   := vae_set_kind.levels;
    type oid;
    fitting text[];
BEGIN
    IF s IS NULL OR c IS NULL THEN
        RAISE EXCEPTION 'source and column must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = s AND r.relkind IN ('r', 'v', 'm', 'p', 'f')) THEN
        RAISE EXCEPTION '% is not a table or view', s USING ERRCODE = 'wrong_object_type';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = s AND pg_has_role(r.relowner, 'USAGE')) THEN
        RAISE EXCEPTION 'must be owner of %', s USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF k IS NULL THEN
        DELETE FROM hadvice.column_kinds m WHERE m.source = s AND m.column_name = c;
        RETURN;
    END IF;
    SELECT a.atttypid INTO type FROM pg_attribute a WHERE a.attrelid = s AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'column "%" of % does not exist', c, s USING ERRCODE = 'undefined_column';
    END IF;
    fitting := hadvice.kinds_of_type(type);
    IF fitting IS NULL THEN
        RAISE EXCEPTION 'column "%" of % has type %, which no model can use', c, s, format_type(type, NULL)
            USING ERRCODE = 'datatype_mismatch', HINT = 'Leave it out of the training with exclude.';
    END IF;
    IF k NOT IN ('real', 'positive', 'amount', 'count', 'ordinal', 'binary', 'categorical', 'date/time', 'embedding') THEN
        RAISE EXCEPTION 'kind "%" does not exist', k USING ERRCODE = 'invalid_parameter_value',
            HINT = format('Column "%s" of type %s can be: %s.', c, format_type(type, NULL), array_to_string(fitting, ', '));
    END IF;
    IF k <> ALL (fitting) THEN
        RAISE EXCEPTION 'column "%" of % has type %, which cannot be %', c, s, format_type(type, NULL), k
            USING ERRCODE = 'datatype_mismatch', HINT = format('It can be: %s.', array_to_string(fitting, ', '));
    END IF;
    IF l IS NOT NULL AND (k <> 'ordinal' OR 'real' = ANY (fitting) OR EXISTS (SELECT FROM pg_type t WHERE t.oid = type AND t.typtype = 'e')) THEN
        RAISE EXCEPTION 'levels are for an ordinal column of words' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Numbers and enums have an order of their own.';
    END IF;
    IF cardinality(l) NOT BETWEEN 2 AND 256 OR array_ndims(l) <> 1 OR array_position(l, NULL) IS NOT NULL
       OR (SELECT count(DISTINCT x) < count(*) FROM unnest(l) x) THEN
        RAISE EXCEPTION 'levels must be 2 to 256 different words, none of them NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF k = 'ordinal' AND l IS NULL AND 'real' <> ALL (fitting)
       AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = type AND t.typtype = 'e')
       AND NOT EXISTS (SELECT FROM hadvice.features f LEFT JOIN hadvice.column_map m ON m.source = s AND m.column_name = c
                       WHERE f.levels IS NOT NULL AND CASE WHEN m.feature IS NOT NULL THEN f.feature = m.feature
                                                           ELSE lower(c) = f.feature OR lower(c) = ANY (f.synonyms) END) THEN
        RAISE EXCEPTION 'the order of the words of column "%" of % is not known', c, s USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Give them from the least to the most: levels => ''{low,middle,high}''.';
    END IF;
    INSERT INTO hadvice.column_kinds AS m (source, column_name, kind, levels) VALUES (s, c, k, l)
    ON CONFLICT ON CONSTRAINT column_kinds_pkey DO UPDATE SET kind = excluded.kind, levels = excluded.levels;
END
$$;
COMMENT ON FUNCTION vae_set_kind(regclass, name, text, text[]) IS
    'Chooses the kind of a column for vae_profile and trainings (NULL: as the data say); levels: order of an ordinal column''s words';
