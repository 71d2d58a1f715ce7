-- Two readings of "how far may advice go", for the property tests to compare, and of "whom may it be given".
--
-- test_safe_interval       the table of safe intervals transcribed by hand, knowing nothing of the catalogue: the most that may be
--                          allowed. Where the table is open to reading, the stricter reading was taken. NULL, NULL:
--                          the value is missing, or the action is not in the table.
-- test_blocked             when nothing may be said on an action at all, or not in that direction; transcribed by hand, too.
-- test_catalogue_intervals what hadvice.features and hadvice.rules allow, evaluated in SQL, independently of the C code.
--
-- People are jsonb keyed by feature, missing values absent:
--   SELECT jsonb_strip_nulls(to_jsonb(t)) FROM nhanes_demo t
-- A test holds when  safe.low <= catalogue.low <= c <= catalogue.high <= safe.high  for every person and action.

CREATE FUNCTION test_num(person jsonb, field text) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(person -> field) WHEN 'number' THEN (person ->> field)::float8 END
$$;

CREATE FUNCTION test_safe_interval(person jsonb, action text, OUT low float8, OUT high float8)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    c        float8 := test_num(person, action);
    w        float8 := test_num(person, 'weight_kg');
    h        float8 := test_num(person, 'height_cm') / 100;
    recorded float8 := test_num(person, 'bmi_kg_m2');
    computed float8 := CASE WHEN h > 0 THEN w / (h * h) END;
    thin     float8 := least(recorded, computed);       -- the BMI that counts against losing weight
    thick    float8 := greatest(recorded, computed);    -- the BMI that counts against gaining it
    at22     float8 := 22 * h * h;                      -- the weight at BMI 22
    at22_own float8 := CASE WHEN recorded > 0 THEN 22 * w / recorded END;
BEGIN
    IF c IS NULL THEN
        RETURN;
    END IF;
    CASE action
    WHEN 'energy_kcal' THEN
        low := CASE WHEN thin >= 22 THEN least(c, greatest(1200, c - 1000)) ELSE c END;
        high := CASE WHEN thick < 18.5 THEN greatest(c, 2500) ELSE greatest(c, 1200) END;
    WHEN 'sugar_g' THEN
        low := least(c, 20);  high := c;
    WHEN 'saturated_fat_g' THEN
        low := least(c, 5);  high := c;
    WHEN 'sodium_mg' THEN
        low := least(c, 1500);  high := greatest(c, 1500);
    WHEN 'fiber_g' THEN
        low := c;  high := greatest(c, least(45, c + 20));
    WHEN 'potassium_mg' THEN
        low := least(c, 3500);
        IF coalesce(person ->> 'bp_medication', '?') = 'no' AND coalesce(person ->> 'diabetes_medication', '?') = 'no'
           AND coalesce(person ->> 'cardiovascular_disease', '?') = 'no' AND coalesce(person ->> 'diabetes_diagnosed', '?') = 'no' THEN
            high := greatest(c, least(4700, c + 1500));
        ELSE
            high := c;
        END IF;
    WHEN 'caffeine_mg', 'alcohol_g', 'alcohol_days_year', 'drinks_per_drinking_day', 'fast_food_meals_week', 'cigarettes_per_day' THEN
        low := least(c, 0);  high := c;
    WHEN 'walk_bike_min_week' THEN
        low := least(c, 840);  high := greatest(c, least(840, c + 300));
    WHEN 'moderate_exercise_min_week' THEN
        low := least(c, 600);  high := greatest(c, least(600, c + 300));
    WHEN 'vigorous_exercise_min_week' THEN
        low := least(c, 300);
        IF test_num(person, 'age_years') <= 75 AND coalesce(person ->> 'cardiovascular_disease', '?') = 'no'
           AND test_num(person, 'systolic_mmhg') < 180 AND test_num(person, 'diastolic_mmhg') < 110 THEN
            high := greatest(c, least(300, c + 150));
        ELSE
            high := c;
        END IF;
    WHEN 'sedentary_min_day' THEN
        low := least(c, 120);  high := c;
    WHEN 'sleep_hours' THEN
        low := least(c, 7);  high := greatest(c, 9);
    WHEN 'weight_kg' THEN
        low := c;  high := c;
        IF thin >= 22 AND h IS NOT NULL THEN
            low := least(c, greatest(0.9 * c, at22, at22_own));
        ELSIF thick < 18.5 AND h IS NOT NULL THEN
            high := greatest(c, least(1.1 * c, at22, at22_own));
        END IF;
    -- not in the table, read in its spirit: what other tables may have
    WHEN 'added_sugar_g', 'sugary_drinks_week', 'drinks_per_week' THEN
        low := least(c, 0);  high := c;
    WHEN 'fruit_vegetables_g' THEN
        low := c;  high := greatest(c, least(800, c + 240));
    WHEN 'steps_per_day' THEN
        low := c;  high := greatest(c, least(10000, c + 3000));
    ELSE
        NULL;
    END CASE;
END
$$;

-- Why an action must not change that way for this person, whatever its interval; NULL when nothing speaks against it.
-- Words other than no count as yes, an age that is not known as a child's. Values must be plausible ones or missing;
-- red flags are asked of the row as recorded.
CREATE FUNCTION test_yes(person jsonb, field text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(person ->> field, 'no') <> 'no'
$$;

CREATE FUNCTION test_blocked(person jsonb, recorded jsonb, action text, change float8) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    age    float8 := coalesce(test_num(person, 'age_years'), 0);
    bmi    float8 := least(test_num(person, 'bmi_kg_m2'), test_num(person, 'weight_kg') / (nullif(test_num(person, 'height_cm'), 0) / 100) ^ 2);
    drinks float8 := greatest(test_num(person, 'alcohol_days_year') * test_num(person, 'drinks_per_drinking_day') / 52,
                              test_num(person, 'drinks_per_week'));
BEGIN
    IF age < 18 THEN RETURN 'under age'; END IF;
    IF test_yes(person, 'pregnant') THEN RETURN 'pregnant'; END IF;
    IF test_yes(person, 'chest_pain') THEN RETURN 'chest pain'; END IF;
    IF test_yes(person, 'self_harm_thoughts') THEN RETURN 'thoughts of self-harm'; END IF;
    IF test_num(recorded, 'systolic_mmhg') >= 180 OR test_num(recorded, 'diastolic_mmhg') >= 120 THEN RETURN 'blood pressure'; END IF;
    CASE
    WHEN action IN ('weight_kg', 'energy_kcal') THEN
        IF test_yes(person, 'eating_disorder') THEN RETURN 'eating disorder'; END IF;
        IF bmi < 16 THEN RETURN 'BMI below 16'; END IF;
        IF change < 0 AND (age < 20 OR age >= 75) THEN RETURN 'age'; END IF;
        IF change < 0 AND (test_yes(person, 'frail') OR test_yes(person, 'breastfeeding')) THEN RETURN 'frail or breast-feeding'; END IF;
    WHEN action = 'sodium_mg' THEN
        IF test_yes(person, 'heart_failure') OR test_yes(person, 'diuretic_medication') OR test_yes(person, 'low_blood_sodium') THEN
            RETURN 'salt belongs to the doctor';
        END IF;
    WHEN action IN ('potassium_mg', 'fruit_vegetables_g') THEN
        IF test_yes(person, 'kidney_disease') OR test_num(person, 'egfr_ml_min') < 60 THEN RETURN 'kidneys'; END IF;
        IF action = 'fruit_vegetables_g' AND test_yes(person, 'warfarin') THEN RETURN 'warfarin'; END IF;
        IF action = 'potassium_mg' AND test_yes(person, 'diuretic_medication') THEN RETURN 'diuretics'; END IF;
    WHEN action = 'fiber_g' THEN
        IF test_yes(person, 'bowel_disease') THEN RETURN 'bowel'; END IF;
    WHEN action IN ('alcohol_g', 'alcohol_days_year', 'drinks_per_drinking_day', 'drinks_per_week') THEN
        IF drinks >= 15 OR (drinks >= 8 AND coalesce(person ->> 'sex', '') <> 'male') THEN RETURN 'heavy drinking'; END IF;
    WHEN action = 'vigorous_exercise_min_week' THEN
        IF test_yes(person, 'frail') OR test_yes(person, 'diabetic_eye_foot_disease') THEN RETURN 'not fit for it'; END IF;
    WHEN action = 'sleep_hours' THEN
        IF test_yes(person, 'sleep_apnoea') OR test_yes(person, 'night_shift') THEN RETURN 'sleep clinic'; END IF;
    ELSE
        NULL;
    END CASE;
    RETURN NULL;
END
$$;

-- One row per person (numbered from 1) and action whose value is known and plausible.
CREATE FUNCTION test_catalogue_intervals(people jsonb[])
RETURNS TABLE (person_no bigint, action text, c float8, low float8, high float8, forbidden boolean)
LANGUAGE sql STABLE AS $$
    WITH p AS MATERIALIZED (   -- BMI is added when it is absent and can be computed
        SELECT n, CASE WHEN raw ? 'bmi_kg_m2' OR test_num(raw, 'weight_kg') IS NULL OR coalesce(test_num(raw, 'height_cm'), 0) <= 0
                       THEN raw
                       ELSE raw || jsonb_build_object('bmi_kg_m2', test_num(raw, 'weight_kg') / (test_num(raw, 'height_cm') / 100) ^ 2)
                  END AS person
        FROM unnest(people) WITH ORDINALITY u (raw, n)
    ), x AS (                  -- rules that apply: unknown counts as true; a bound that is no number closes its direction
        SELECT p.n, f.feature, v.c, f.safe_direction, coalesce(f.max_step, 'Infinity') AS step,
               coalesce(f.plausible_low, '-Infinity') AS thinnest, coalesce(f.plausible_high, 'Infinity') AS thickest,
               coalesce(bool_or(r.effect = 'forbid') FILTER (WHERE applies), false) AS forbidden,
               bool_or(r.effect = 'no_decrease' OR (r.effect = 'floor' AND b.bound IS NULL)) FILTER (WHERE applies) AS down,
               bool_or(r.effect = 'no_increase' OR (r.effect = 'cap' AND b.bound IS NULL)) FILTER (WHERE applies) AS up,
               coalesce(max(b.bound) FILTER (WHERE applies AND r.effect = 'floor'), '-Infinity') AS floor,
               coalesce(min(b.bound) FILTER (WHERE applies AND r.effect = 'cap'), 'Infinity') AS cap
        FROM p
        CROSS JOIN hadvice.features f
        CROSS JOIN LATERAL test_num(p.person, f.feature) v (c)
        LEFT JOIN hadvice.rules r ON r.feature IN (f.feature, '*') AND r.active AND r.effect <> 'refer'
        CROSS JOIN LATERAL (SELECT test_num(jsonb_build_object('b', jsonb_path_query_first(p.person, r.bound, silent => true)), 'b')) b (bound)
        CROSS JOIN LATERAL (SELECT r.applies_when IS NULL
                                OR coalesce(jsonb_path_match(p.person, r.applies_when, silent => true), true)) a (applies)
        WHERE f.role = 'action' AND v.c BETWEEN coalesce(f.plausible_low, v.c) AND coalesce(f.plausible_high, v.c)
        GROUP BY p.n, f.feature, v.c
    )                          -- without floor, cap or largest step the direction is closed
    SELECT n, feature, c,
           CASE WHEN forbidden OR down OR safe_direction = 'up' OR (floor = '-Infinity' AND step = 'Infinity') THEN c
                ELSE least(c, greatest(floor, c - step, thinnest)) END,
           CASE WHEN forbidden OR up OR safe_direction = 'down' OR (cap = 'Infinity' AND step = 'Infinity') THEN c
                ELSE greatest(c, least(cap, c + step, thickest)) END,
           forbidden
    FROM x
$$;
