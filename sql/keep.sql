-- hadvice: who may change what of the catalogue, and how a change survives dump and restore.
--
-- Dumped are rows a user added or changed. A built-in row cannot be deleted or renamed (it would come back at
-- the next restore); it can be changed, and inserting a row with its key is that same change: so a restore,
-- where CREATE EXTENSION fills the tables first, ends with the user's version. (A restore that disables
-- triggers does not.) Update scripts of the extension disable the trigger, and leave changed rows alone.

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

CREATE FUNCTION hadvice.catalogue_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row_key text := (SELECT string_agg(to_jsonb(coalesce(NEW, OLD)) ->> k, '/') FROM unnest(TG_ARGV) k);
    cols    text;
    n       bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.builtin THEN
            RAISE EXCEPTION 'row "%" of hadvice.% is built in and cannot be deleted', row_key, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation',
                      HINT = CASE TG_TABLE_NAME
                             WHEN 'rules' THEN 'Set active = false, with approved_by and approved_at.'
                             WHEN 'features' THEN 'Set role = ''context'' to take it out of advice.'
                             ELSE 'Change it, or add a row of higher precedence.' END;
        END IF;
        IF TG_TABLE_NAME = 'rules' THEN
            IF OLD.approved_by IS NOT NULL AND OLD.active THEN
                RAISE EXCEPTION 'approved rule "%" cannot be deleted while it is active', row_key
                    USING ERRCODE = 'restrict_violation', HINT = 'Set active = false first, with a new approved_at.';
            END IF;
        END IF;
        RETURN OLD;
    END IF;

    IF TG_OP = 'INSERT' THEN
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO cols
        FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
        EXECUTE format('UPDATE %s t SET (%s) = (SELECT %s FROM (SELECT ($1).*) n) WHERE t.builtin AND (%s)',
                       TG_RELID::regclass, cols, cols,
                       (SELECT string_agg(format('t.%1$I = ($1).%1$I', k), ' AND ') FROM unnest(TG_ARGV) k))
            USING NEW;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n > 0 THEN
            RETURN NULL;
        END IF;
        NEW.builtin := false;
        NEW.changed := false;
        RETURN NEW;
    END IF;

    NEW.builtin := OLD.builtin;
    IF TG_TABLE_NAME = 'rules' THEN
        IF (OLD.builtin OR OLD.approved_by IS NOT NULL)
           AND (NEW.feature, NEW.effect, NEW.bound::text, NEW.applies_when::text, NEW.active)
               IS DISTINCT FROM (OLD.feature, OLD.effect, OLD.bound::text, OLD.applies_when::text, OLD.active)
           AND (NEW.approved_by IS NULL OR NEW.approved_at IS NOT DISTINCT FROM OLD.approved_at) THEN
            RAISE EXCEPTION '% rule "%" cannot be changed without approval', CASE WHEN OLD.builtin THEN 'built-in' ELSE 'approved' END, row_key
                USING ERRCODE = 'restrict_violation',
                      HINT = 'Set approved_by and a new approved_at in the same statement; to restrict further, add a rule of your own.';
        END IF;
    END IF;
    IF NOT OLD.builtin THEN
        NEW.changed := false;
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM unnest(TG_ARGV) k WHERE to_jsonb(NEW) -> k <> to_jsonb(OLD) -> k) THEN
        RAISE EXCEPTION 'row "%" of hadvice.% is built in and cannot be renamed', row_key, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', HINT = 'Add a row of your own instead.';
    END IF;
    NEW.changed := OLD.changed OR to_jsonb(NEW) - 'changed' <> to_jsonb(OLD) - 'changed';
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION hadvice.catalogue_guard() IS 'Trigger of the catalogue: marks changed built-in rows, keeps them, asks for approval of changed built-in and approved rules';
REVOKE ALL ON FUNCTION hadvice.catalogue_guard() FROM PUBLIC;

ALTER TABLE hadvice.features      ALTER builtin SET DEFAULT false;
ALTER TABLE hadvice.targets       ALTER builtin SET DEFAULT false;
ALTER TABLE hadvice.rules         ALTER builtin SET DEFAULT false;
ALTER TABLE hadvice.programmes    ALTER builtin SET DEFAULT false;
ALTER TABLE hadvice.effect_priors ALTER builtin SET DEFAULT false;

CREATE TRIGGER catalogue_guard BEFORE INSERT OR UPDATE OR DELETE ON hadvice.features
    FOR EACH ROW EXECUTE FUNCTION hadvice.catalogue_guard('feature');
CREATE TRIGGER catalogue_guard BEFORE INSERT OR UPDATE OR DELETE ON hadvice.targets
    FOR EACH ROW EXECUTE FUNCTION hadvice.catalogue_guard('id');
CREATE TRIGGER catalogue_guard BEFORE INSERT OR UPDATE OR DELETE ON hadvice.rules
    FOR EACH ROW EXECUTE FUNCTION hadvice.catalogue_guard('id');
CREATE TRIGGER catalogue_guard BEFORE INSERT OR UPDATE OR DELETE ON hadvice.programmes
    FOR EACH ROW EXECUTE FUNCTION hadvice.catalogue_guard('programme');
CREATE TRIGGER catalogue_guard BEFORE INSERT OR UPDATE OR DELETE ON hadvice.effect_priors
    FOR EACH ROW EXECUTE FUNCTION hadvice.catalogue_guard('action', 'outcome', 'precedence');

GRANT SELECT ON hadvice.features, hadvice.targets, hadvice.rules, hadvice.programmes, hadvice.effect_priors TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('hadvice.features',      'WHERE changed OR NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('hadvice.targets',       'WHERE changed OR NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('hadvice.rules',         'WHERE changed OR NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('hadvice.programmes',    'WHERE changed OR NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('hadvice.effect_priors', 'WHERE changed OR NOT builtin');
SELECT pg_catalog.pg_extension_config_dump('hadvice.column_map',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source)');

-- Everybody reads the mapping; the owner of a source writes its rows.
ALTER TABLE hadvice.column_map ENABLE ROW LEVEL SECURITY;
CREATE POLICY column_map_read ON hadvice.column_map FOR SELECT USING (true);
CREATE POLICY column_map_write ON hadvice.column_map FOR ALL
    USING (EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source AND pg_catalog.pg_has_role(c.relowner, 'USAGE')));
GRANT SELECT, INSERT, UPDATE, DELETE ON hadvice.column_map TO PUBLIC;
