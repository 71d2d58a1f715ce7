-- Rows made to break advice, random wishes and locks, and what counts as a violation; for test/sql/safety.sql and
-- test/bench/safety.sql. Needs test/data/safe_ranges.sql. All of it is a function of a seed, so that a failure can be repeated.

CREATE FUNCTION test_pick(seed text, n int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
    SELECT mod(abs(hashtext(seed)::bigint), n)::int
$$;

-- A person with each field as it was, missing, at either end of its plausible range, anywhere in it, or beyond; with
-- diseases and habits that the table has no column for; two fields of one quantity (BMI, weight and height; pressures; two measures
-- of alcohol) then contradict each other more often than not.
CREATE FUNCTION test_adversarial(person jsonb, seed int) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_object_agg(f.feature, CASE
        WHEN f.levels IS NOT NULL AND f.levels[1] = 'no' AND NOT person ? f.feature THEN
            (ARRAY['"yes"', '"no"', '"maybe"', 'true', 'null'])[1 + test_pick(f.feature || 'w' || seed, 5)]::jsonb
        WHEN f.levels IS NOT NULL OR f.plausible_low IS NULL OR f.plausible_high IS NULL THEN
            CASE h WHEN 0 THEN 'null' WHEN 1 THEN to_jsonb(f.levels[1]) WHEN 2 THEN to_jsonb(f.levels[cardinality(f.levels)]) ELSE person -> f.feature END
        ELSE
            CASE h WHEN 0 THEN 'null' WHEN 1 THEN to_jsonb(f.plausible_low) WHEN 2 THEN to_jsonb(f.plausible_high)
                   WHEN 3 THEN to_jsonb(round((f.plausible_low + (f.plausible_high - f.plausible_low) * test_pick(f.feature || 'v' || seed, 1000) / 1000)::numeric, 1))
                   WHEN 4 THEN to_jsonb(f.plausible_high * 1.5 + 1) WHEN 5 THEN to_jsonb(f.plausible_low - 1)
                   ELSE coalesce(person -> f.feature, 'null') END
        END)
    FROM (SELECT f.*, test_pick(f.feature || seed, CASE seed % 3 WHEN 0 THEN 7 ELSE 24 END) AS h FROM hadvice.features f) f
    WHERE person ? f.feature
       OR (f.levels[1] = 'no' AND test_pick(f.feature || 'x' || seed, 40) = 0)
       OR (f.feature IN ('drinks_per_week', 'steps_per_day', 'added_sugar_g', 'sugary_drinks_week', 'fruit_vegetables_g', 'egfr_ml_min') AND seed % 4 = 0)
$$;

-- A feature or domain, at random.
CREATE FUNCTION test_name(seed text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT name FROM (SELECT feature AS name FROM hadvice.features WHERE role = 'action'
                      UNION ALL SELECT DISTINCT domain FROM hadvice.features WHERE role = 'action') n
    ORDER BY test_pick(name || seed, 1000000), name LIMIT 1
$$;

CREATE FUNCTION test_locked(seed text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_agg(test_name(seed || 'l' || i)) FROM generate_series(1, test_pick(seed || 'locks', 5)) i
$$;

CREATE FUNCTION test_wishes(seed text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_object_agg(test_name(seed || 'w' || i), (ARRAY[0, -1, 0.1, 3, 1e6])[1 + test_pick(seed || 'weight' || i, 5)])
    FROM generate_series(1, test_pick(seed || 'wishes', 5)) i
$$;

-- The person as the rules may compute with it: implausible values are missing.
CREATE FUNCTION test_plausible(person jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(person) e LEFT JOIN hadvice.features f ON f.feature = e.key
    WHERE e.value <> 'null' AND NOT coalesce(test_num(person, e.key) < f.plausible_low OR test_num(person, e.key) > f.plausible_high, false)
$$;

-- What is wrong with one item; NULL: nothing. The slack is that of a float4 column that is printed.
CREATE FUNCTION test_violation(person jsonb, a vae_advice, locked jsonb, wishes jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    plausible jsonb := test_plausible(person);
    safe      record;
    target    float8;
    reason    text;
BEGIN
    IF a.kind <> 'action' THEN
        RETURN CASE WHEN a.change IS NOT NULL OR a.expected_effect IS NOT NULL OR a.target_value IS NOT NULL
                      OR (a.kind = 'refer' AND a.rank <> 0) THEN 'a promise without an action' END;
    END IF;
    SELECT low, high INTO safe FROM test_safe_interval(plausible, a.feature);
    IF safe.low IS NULL THEN
        RETURN 'no value, or no action';
    END IF;
    FOREACH target IN ARRAY ARRAY[a.target_value::float8, test_num(plausible, a.feature) + a.change] LOOP
        IF NOT coalesce(target BETWEEN safe.low - 1e-6 * abs(safe.low) AND safe.high + 1e-6 * abs(safe.high), false) THEN
            RETURN format('target %s outside %s ... %s', target, safe.low, safe.high);
        END IF;
    END LOOP;
    IF a.change = 0 THEN RETURN 'no change'; END IF;
    IF locked ?| ARRAY[a.feature, a.domain] THEN RETURN 'locked'; END IF;
    IF coalesce(test_num(wishes, a.feature), test_num(wishes, a.domain)) <= 0 THEN RETURN 'not wished'; END IF;
    IF a.basis NOT IN ('guideline', 'model+guideline') OR num_nulls(a.advice, a.unit, a.source) > 0 THEN RETURN 'incomplete'; END IF;
    RETURN test_blocked(plausible, person, a.feature, a.change);
END
$$;
