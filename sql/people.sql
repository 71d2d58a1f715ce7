-- hadvice: advice for populations (DESIGN A4): what vae_advise says to the people of a group, added up.

SET LOCAL search_path = @extschema@, pg_temp;

CREATE TYPE vae_cohort_advice AS (
    cohort               jsonb,
    people               bigint,
    domain               text,
    feature              text,
    people_advised       bigint,
    mean_change          float8,
    unit                 text,
    outcome              text,
    mean_expected_effect float8,
    effect_low           float8,
    effect_high          float8
);
COMMENT ON TYPE vae_cohort_advice IS 'What one group of people is advised on one feature; a row of vae_cohort_advise';
COMMENT ON COLUMN vae_cohort_advice.cohort IS 'The group: column and value, {} for everybody';
COMMENT ON COLUMN vae_cohort_advice.people IS 'Rows of the source in the group, with and without advice';
COMMENT ON COLUMN vae_cohort_advice.domain IS 'diet, exercise, sleep, alcohol, smoking, weight, ...';
COMMENT ON COLUMN vae_cohort_advice.feature IS 'Feature of the catalogue that is to change';
COMMENT ON COLUMN vae_cohort_advice.people_advised IS 'How many of them are advised to change it';
COMMENT ON COLUMN vae_cohort_advice.mean_change IS 'Target minus present value, mean over those advised';
COMMENT ON COLUMN vae_cohort_advice.unit IS 'Unit of the feature';
COMMENT ON COLUMN vae_cohort_advice.outcome IS 'Outcome that the advice is named with most often; NULL when the model stands behind it for too few';
COMMENT ON COLUMN vae_cohort_advice.mean_expected_effect IS 'Expected difference of that outcome, mean over those advised for whom the model expects one: an association, never a promise';
COMMENT ON COLUMN vae_cohort_advice.effect_low IS 'Lower end of the 90 % interval of that mean';
COMMENT ON COLUMN vae_cohort_advice.effect_high IS 'Upper end of the 90 % interval of that mean';

-- How nobody is shown alone. A group, and a feature within a group, is shown from min_people people on. That is not
-- enough: who knows a total (how many rows the table has, what a call without groups says) can subtract
-- what is shown from it. So what is hidden in one row or column of the table of groups by features adds up to nothing
-- or to min_people at least: where it would not, the smallest one shown is hidden too. Example, min_people 10: regions
-- of 100, 40 and 7 people; 7 is hidden, and so is 40, or 147 - 140 would give it away. It guards one call, beside
-- one total; who asks again and again with other groups, and who can read the rows, learns more.
--
-- The interval of a mean effect has two parts. Other people could have been in the group: variance between
-- them / n. And the model can be wrong, about all of them in the same way: the mean width of their own intervals,
-- which does not shrink with n.
--
-- The sums are the executor's: one pass over the source, memory bounded by work_mem.
CREATE FUNCTION vae_cohort_advise(source regclass, group_by name[] DEFAULT NULL, model text DEFAULT NULL, version int DEFAULT NULL,
        max_actions int DEFAULT 3, programme text DEFAULT NULL, min_people int DEFAULT 10) RETURNS SETOF vae_cohort_advice
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    fewest  CONSTANT int := 5;
    least   int := coalesce(vae_cohort_advise.min_people, 10);
    rel     regclass := vae_cohort_advise.source;
    columns name[] := coalesce(vae_cohort_advise.group_by, '{}');
    unknown name;
    keys    text;
    named   text;
    object  text;
BEGIN
    IF rel IS NULL OR array_position(columns, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'source and the columns of group_by must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = rel AND r.relkind IN ('r', 'v', 'm', 'p', 'f')) THEN
        RAISE EXCEPTION '% is not a table or view', rel USING ERRCODE = 'wrong_object_type';
    END IF;
    IF least < fewest THEN
        RAISE EXCEPTION 'min_people must be at least %', fewest
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is %s.', least),
                  HINT = 'Smaller groups would tell about single people; for one person there is vae_advise().';
    END IF;
    SELECT c INTO unknown FROM unnest(columns) c
    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = rel AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped);
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of % does not exist', unknown, rel
            USING ERRCODE = 'undefined_column', HINT = 'For example group_by => ''{sex}''; the columns are those of the source.';
    END IF;
    IF cardinality(columns) <> (SELECT count(DISTINCT c) FROM unnest(columns) c) THEN
        RAISE EXCEPTION 'group_by names a column twice' USING ERRCODE = 'duplicate_column';
    END IF;
    IF EXISTS (SELECT FROM pg_index i WHERE i.indrelid = rel AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
               AND NOT EXISTS (SELECT FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
                               LEFT JOIN pg_attribute a ON a.attrelid = rel AND a.attnum = k.attnum
                               WHERE k.place <= i.indnkeyatts AND NOT a.attname = ANY (columns))) THEN
        RAISE EXCEPTION 'group_by holds a key of %: every group would be one person', rel
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Group by what people share, for example group_by => ''{sex}''.';
    END IF;
    SELECT coalesce(string_agg(format('k%s', n), ', ' ORDER BY n), 'k0'),
           coalesce(string_agg(format('person.%I AS k%s', c, n), ', ' ORDER BY n), 'NULL::int AS k0'),
           format('jsonb_build_object(%s)', string_agg(format('%L, k%s', c, n), ', ' ORDER BY n))
    INTO keys, named, object FROM unnest(columns) WITH ORDINALITY u (c, n);

    -- sums: one row for a group (feature and outcome NULL), one for a feature in it (outcome NULL), one for an outcome of
    -- that. cells: the outcome of each feature picked. Then group by group, row by row, column by column, what is hidden.
    RETURN QUERY EXECUTE format($query$
        WITH sums AS (
            SELECT %1$s, x.feature, x.outcome, max(x.domain) AS domain, max(x.unit) AS unit, count(*) AS n, avg(x.value) AS mean,
                   count(*) FILTER (WHERE x.named) AS named,
                   sqrt(avg(x.half) ^ 2 + 1.645 ^ 2 * var_samp(x.value) / count(*)) AS half
            FROM (SELECT %2$s, said.* FROM %3$s AS person CROSS JOIN LATERAL (
                SELECT NULL::text AS feature, NULL::text AS outcome, NULL::text AS domain, NULL::text AS unit,
                       NULL::float8 AS value, NULL::boolean AS named, NULL::float8 AS half
                UNION ALL
                SELECT a.feature, e.outcome, a.domain, a.unit, e.value, e.named, e.half
                FROM @extschema@.vae_advise(person.*, model => $1, version => $2, max_actions => $3, programme => $4) AS a
                CROSS JOIN LATERAL (
                    SELECT NULL::text AS outcome, a.change AS value, false AS named, NULL::float8 AS half
                    UNION ALL
                    SELECT r.outcome, r.effect, r.outcome = a.outcome, (r.high - r.low) / 2
                    FROM jsonb_to_recordset(a.effects) AS r (outcome text, effect float8, low float8, high float8)) AS e
                WHERE a.kind = 'action') AS said) AS x
            GROUP BY %1$s, x.feature, x.outcome
        ), scales AS (
            SELECT t.outcome, max(t.scale) AS scale FROM hadvice.targets AS t GROUP BY t.outcome
        ), ranked AS (
            SELECT s.*, s.n * abs(s.mean) / c.scale AS impact,
                   max(s.n) FILTER (WHERE s.feature IS NULL) OVER grp AS people,
                   max(s.n) FILTER (WHERE s.outcome IS NULL) OVER cell AS advised,
                   max(s.mean) FILTER (WHERE s.outcome IS NULL) OVER cell AS change,
                   row_number() OVER (PARTITION BY %1$s, s.feature
                       ORDER BY s.named DESC, s.n * abs(s.mean) / c.scale DESC NULLS LAST, s.outcome) AS place
            FROM sums AS s LEFT JOIN scales AS c ON c.outcome = s.outcome
            WHERE s.outcome IS NULL OR s.n >= $5
            WINDOW grp AS (PARTITION BY %1$s), cell AS (PARTITION BY %1$s, s.feature)
        ), cells AS (
            SELECT r.*, sum(r.n) FILTER (WHERE r.feature IS NULL AND r.people < $5) OVER () AS hidden,
                   row_number() OVER (PARTITION BY r.feature IS NULL, r.people >= $5 ORDER BY r.people, %1$s) AS smallest
            FROM ranked AS r WHERE r.place = 1
        ), by_group AS (
            SELECT c.*, bool_or(c.people >= $5 AND NOT (coalesce(c.hidden, 0) BETWEEN 1 AND $5 - 1 AND c.smallest = 1))
                        FILTER (WHERE c.feature IS NULL) OVER (PARTITION BY %1$s) AND c.advised >= $5 AS shown_1
            FROM cells AS c
        ), by_row AS (
            SELECT g.*, sum(g.advised) FILTER (WHERE NOT g.shown_1) OVER (PARTITION BY %1$s) AS hidden_1,
                   row_number() OVER (PARTITION BY %1$s, g.shown_1 ORDER BY g.advised, g.feature) AS smallest_1
            FROM by_group AS g WHERE g.feature IS NOT NULL
        ), by_column AS (
            SELECT o.*, o.shown_1 AND NOT (coalesce(o.hidden_1, 0) BETWEEN 1 AND $5 - 1 AND o.smallest_1 = 1) AS shown_2 FROM by_row AS o
        ), shown AS (
            SELECT f.*, sum(f.advised) FILTER (WHERE NOT f.shown_2) OVER (PARTITION BY f.feature) AS hidden_2,
                   row_number() OVER (PARTITION BY f.feature, f.shown_2 ORDER BY f.advised, %1$s) AS smallest_2
            FROM by_column AS f
        )
        SELECT %4$s, people::bigint, domain, feature, advised::bigint, change, unit, outcome,
               CASE WHEN outcome IS NOT NULL THEN mean END, mean - half, mean + half
        FROM shown
        WHERE shown_2 AND NOT (coalesce(hidden_2, 0) BETWEEN 1 AND $5 - 1 AND smallest_2 = 1)
        ORDER BY people DESC, %1$s, impact DESC NULLS LAST, advised DESC, feature
        $query$, keys, named, rel, object)
    USING vae_cohort_advise.model, vae_cohort_advise.version, vae_cohort_advise.max_actions, vae_cohort_advise.programme, least;
    IF NOT FOUND THEN
        RAISE NOTICE 'no advice is shared by % people of a group of %', least, rel;
    END IF;
END
$$;
COMMENT ON FUNCTION vae_cohort_advise(regclass, name[], text, int, int, text, int) IS
    'What the people of each group are advised, with numbers, mean effects and their 90 % intervals, the greatest impact first; nothing about fewer than min_people';
