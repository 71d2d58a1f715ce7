-- hadvice: the catalogue. What a column means, where it should be, what may change and how far,
-- who must see a doctor. Clinicians own it; it is rows, not code.
--
-- Here are the tables. Their rows are in features.sql, targets.sql (with programmes), rules.sql, priors.sql and texts.sql;
-- keep.sql says who may change what, check.sql looks for what is wrong.
--
-- How it is read (src/limits.c, src/goals.c, src/core/rules.c):
--   * A person is a jsonb object keyed by feature, in the units given here. Missing values are absent.
--     Booleans are "yes"/"no". bmi_kg_m2 is added when it is absent and weight and height are known.
--   * Conditions are jsonpath predicates over that object, lax and silent. Comparisons with an absent
--     field are false, arithmetic on one is unknown. RULES RESTRICT, SO UNKNOWN COUNTS AS TRUE: a rule
--     with a doubtful condition applies. Hence deciding fields are written negated: !($.age_years <= 75)
--     also holds when the age is missing. Fields few tables have (kidney disease, pregnancy, ...) are
--     written positively, or nobody could be advised. Elsewhere (refer, targets, programmes, priors)
--     unknown counts as false.
--   * The interval of an action at the present value c:  F = largest floor, C = smallest cap that apply,
--       L = min(c, max(F, c - max_step))      no_decrease, safe_direction up   -> L = c
--       H = max(c, min(C, c + max_step))      no_increase, safe_direction down -> H = c
--     forbid -> no advice on it. A bound that cannot be computed closes its direction, and so does the lack of any
--     (floor, cap or max_step; vae_check_catalogue complains). c is always inside; a value out of its
--     plausible range counts as missing, and nothing is advised on it.
--     The search goes towards the recommended range and never past its far end. More rules mean less room,
--     always; none widens what another one closed.
--
-- Sources were checked where marked so in the project's notes; figures of older guidelines are cited by
-- year, so that a clinician sees what to renew. Nothing here starts, stops or doses a medicine.

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

CREATE TABLE hadvice.features (
    feature          text PRIMARY KEY CHECK (feature ~ '^[a-z][a-z0-9_]*$'),
    label            text,
    domain           text NOT NULL CHECK (domain IN ('context', 'diet', 'exercise', 'sleep', 'alcohol', 'smoking',
                                                     'weight', 'mental', 'labs', 'vitals')),
    role             text NOT NULL DEFAULT 'context' CHECK (role IN ('context', 'action', 'outcome')),
    stage            smallint NOT NULL DEFAULT 0 CHECK (stage BETWEEN 0 AND 2),
    unit             text,
    kind             text CHECK (kind IN ('real', 'positive', 'count', 'ordinal', 'binary', 'categorical')),
    levels           text[],
    plausible_low    float8,
    plausible_high   float8,
    recommended_low  float8,
    recommended_high float8,
    met_when         jsonpath,
    safe_direction   text CHECK (safe_direction IN ('up', 'down', 'range')),
    step             float8 CHECK (step > 0),
    max_step         float8 CHECK (max_step > 0),
    cost             float8 NOT NULL DEFAULT 1 CHECK (cost > 0),
    digits           int NOT NULL DEFAULT 0 CHECK (digits BETWEEN 0 AND 6),
    synonyms         text[] NOT NULL DEFAULT '{}',
    source           text,
    year             int CHECK (year BETWEEN 1900 AND 2200),
    builtin          boolean NOT NULL DEFAULT true,
    changed          boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE  hadvice.features IS 'What columns can mean: one row per quantity, with its unit, role, plausible and recommended range';
COMMENT ON COLUMN hadvice.features.feature IS 'Name of the quantity; a column of this name (or a synonym) needs no mapping';
COMMENT ON COLUMN hadvice.features.label IS 'Short English name, as used in sentences';
COMMENT ON COLUMN hadvice.features.domain IS 'Part of life or record it belongs to: diet, exercise, sleep, alcohol, smoking, weight, mental, labs, vitals, context';
COMMENT ON COLUMN hadvice.features.role IS 'context: never changed; action: advice may change it; outcome: is to improve';
COMMENT ON COLUMN hadvice.features.stage IS 'Place in the order of causes: 0 context and behaviour, 1 body (weight, BMI), 2 other outcomes. Each stage acts on the later ones';
COMMENT ON COLUMN hadvice.features.unit IS 'Unit of all figures of this row, of rules, targets and priors';
COMMENT ON COLUMN hadvice.features.kind IS 'Kind of column, where the data must not decide it; NULL: chosen from the data';
COMMENT ON COLUMN hadvice.features.levels IS 'Accepted words in order: ascending amount (no, borderline, yes), or from worst to best for ratings. Other words are kept as further levels';
COMMENT ON COLUMN hadvice.features.plausible_low IS 'Smaller values are taken for errors and treated as missing';
COMMENT ON COLUMN hadvice.features.plausible_high IS 'Larger values are taken for errors and treated as missing';
COMMENT ON COLUMN hadvice.features.recommended_low IS 'Lower end of the recommended range; downward advice never goes below it. NULL: no number in the guideline';
COMMENT ON COLUMN hadvice.features.recommended_high IS 'Upper end of the recommended range; upward advice never goes above it. NULL: no number in the guideline';
COMMENT ON COLUMN hadvice.features.met_when IS 'When the recommendation counts as met although the value is outside (vigorous minutes in place of moderate ones). Unknown counts as no';
COMMENT ON COLUMN hadvice.features.safe_direction IS 'Where an action may go: up, down, or range (the rules decide)';
COMMENT ON COLUMN hadvice.features.step IS 'Practical unit of change (30 minutes, 250 mg); advice moves in whole steps';
COMMENT ON COLUMN hadvice.features.max_step IS 'Largest realistic change at once; narrows the interval of the rules, never widens it. NULL: the rules alone decide';
COMMENT ON COLUMN hadvice.features.cost IS 'Effort of one step, relative to the others; the search weighs benefit against it';
COMMENT ON COLUMN hadvice.features.digits IS 'Decimals to print';
COMMENT ON COLUMN hadvice.features.synonyms IS 'Other column names for it, in lower case; each belongs to one feature only';
COMMENT ON COLUMN hadvice.features.source IS 'Where the figures come from';
COMMENT ON COLUMN hadvice.features.year IS 'Year of the source';
COMMENT ON COLUMN hadvice.features.builtin IS 'Came with the extension; set by it';
COMMENT ON COLUMN hadvice.features.changed IS 'A built-in row that was changed here; set by a trigger, such rows are dumped';

CREATE TABLE hadvice.targets (
    id           text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    outcome      text NOT NULL,
    low          float8,
    high         float8,
    applies_when jsonpath,
    programme    text,
    precedence   int NOT NULL DEFAULT 100,
    priority     real NOT NULL DEFAULT 1 CHECK (priority >= 0),
    scale        float8 CHECK (scale > 0),
    urgent       float8 CHECK (urgent > high),
    source       text,
    year         int CHECK (year BETWEEN 1900 AND 2200),
    builtin      boolean NOT NULL DEFAULT true,
    changed      boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE  hadvice.targets IS 'Where outcomes should be: in the range if low <= value < high. Of the rows that hold for a person, the highest precedence counts';
COMMENT ON COLUMN hadvice.targets.id IS 'Name of the target; given by default';
COMMENT ON COLUMN hadvice.targets.outcome IS 'Feature of role outcome';
COMMENT ON COLUMN hadvice.targets.low IS 'Lower end, inside the range; NULL: none';
COMMENT ON COLUMN hadvice.targets.high IS 'Upper end, outside the range ("below 130"); NULL: none. Both ends NULL: no target for these people';
COMMENT ON COLUMN hadvice.targets.applies_when IS 'Whom it is for; NULL: everyone. Unknown counts as no';
COMMENT ON COLUMN hadvice.targets.programme IS 'Only within this programme; NULL: always';
COMMENT ON COLUMN hadvice.targets.precedence IS 'The highest one that holds counts; built-in rows have 0 to 50, so a new row wins by default';
COMMENT ON COLUMN hadvice.targets.priority IS 'Weight of the outcome in the search';
COMMENT ON COLUMN hadvice.targets.scale IS 'A clinically meaningful difference of the outcome, in its unit: what counts as one in the search';
COMMENT ON COLUMN hadvice.targets.urgent IS 'Value above high where the outcome counts half of its priority, less below and more above, such as BMI 30; NULL: it counts half at the end of its range';
COMMENT ON COLUMN hadvice.targets.source IS 'Where the figures come from';
COMMENT ON COLUMN hadvice.targets.year IS 'Year of the source';
COMMENT ON COLUMN hadvice.targets.builtin IS 'Came with the extension; set by it';
COMMENT ON COLUMN hadvice.targets.changed IS 'A built-in row that was changed here; set by a trigger, such rows are dumped';

CREATE TABLE hadvice.rules (
    id           text PRIMARY KEY DEFAULT gen_random_uuid()::text,
    feature      text NOT NULL,
    effect       text NOT NULL CHECK (effect IN ('forbid', 'no_increase', 'no_decrease', 'cap', 'floor', 'refer')),
    bound        jsonpath,
    applies_when jsonpath,
    reason       text,
    source       text,
    year         int CHECK (year BETWEEN 1900 AND 2200),
    approved_by  text,
    approved_at  timestamptz,
    active       boolean NOT NULL DEFAULT true,
    builtin      boolean NOT NULL DEFAULT true,
    changed      boolean NOT NULL DEFAULT false,
    CHECK ((bound IS NOT NULL) = (effect IN ('cap', 'floor'))),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

COMMENT ON TABLE  hadvice.rules IS 'What advice must not do, and when a doctor is needed. A new rule can only restrict; loosening a built-in one needs approved_by and a new approved_at in the same statement';
COMMENT ON COLUMN hadvice.rules.id IS 'Name of the rule, as vae_advise_explain shows it; given by default';
COMMENT ON COLUMN hadvice.rules.feature IS 'Action it holds for, * for every action; for refer the feature that raises the flag';
COMMENT ON COLUMN hadvice.rules.effect IS 'forbid: no advice on it; no_increase, no_decrease; cap, floor: highest, lowest target; refer: send to a doctor';
COMMENT ON COLUMN hadvice.rules.bound IS 'For cap and floor: a number, or a jsonpath expression over the person that gives one; if it cannot be computed, the direction is closed';
COMMENT ON COLUMN hadvice.rules.applies_when IS 'jsonpath predicate over the person; NULL: always. Unknown counts as true, for refer as false';
COMMENT ON COLUMN hadvice.rules.reason IS 'Why, in words for the person; for refer it is the advice itself';
COMMENT ON COLUMN hadvice.rules.source IS 'Where the rule comes from';
COMMENT ON COLUMN hadvice.rules.year IS 'Year of the source';
COMMENT ON COLUMN hadvice.rules.approved_by IS 'Who answers for it. NULL: not approved; such a rule only restricts';
COMMENT ON COLUMN hadvice.rules.approved_at IS 'When it was approved';
COMMENT ON COLUMN hadvice.rules.active IS 'Switched on';
COMMENT ON COLUMN hadvice.rules.builtin IS 'Came with the extension; set by it';
COMMENT ON COLUMN hadvice.rules.changed IS 'A built-in row that was changed here; set by a trigger, such rows are dumped';

CREATE TABLE hadvice.programmes (
    programme    text PRIMARY KEY,
    label        text,
    outcomes     text[] NOT NULL DEFAULT '{}',
    focus        text[] NOT NULL DEFAULT '{}',
    domains      text[] NOT NULL DEFAULT '{}',
    applies_when jsonpath,
    precedence   int NOT NULL DEFAULT 0,
    description  text,
    source       text,
    year         int CHECK (year BETWEEN 1900 AND 2200),
    builtin      boolean NOT NULL DEFAULT true,
    changed      boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE  hadvice.programmes IS 'Which outcomes count for whom. Without a wish of the caller, the highest precedence that holds is taken';
COMMENT ON COLUMN hadvice.programmes.programme IS 'Name, as given to vae_advise(programme => ...)';
COMMENT ON COLUMN hadvice.programmes.label IS 'Short English name';
COMMENT ON COLUMN hadvice.programmes.outcomes IS 'Outcomes that count, the most important first';
COMMENT ON COLUMN hadvice.programmes.focus IS 'Those of them whose priority counts double';
COMMENT ON COLUMN hadvice.programmes.domains IS 'Domains whose actions are preferred';
COMMENT ON COLUMN hadvice.programmes.applies_when IS 'For whom it is taken by itself; NULL: everyone. Unknown counts as no';
COMMENT ON COLUMN hadvice.programmes.precedence IS 'The highest one that holds is taken';
COMMENT ON COLUMN hadvice.programmes.description IS 'What it is for';
COMMENT ON COLUMN hadvice.programmes.source IS 'Guideline behind it';
COMMENT ON COLUMN hadvice.programmes.year IS 'Year of the source';
COMMENT ON COLUMN hadvice.programmes.builtin IS 'Came with the extension; set by it';
COMMENT ON COLUMN hadvice.programmes.changed IS 'A built-in row that was changed here; set by a trigger, such rows are dumped';

CREATE TABLE hadvice.effect_priors (
    action       text NOT NULL,
    outcome      text NOT NULL,
    precedence   int NOT NULL DEFAULT 100,
    per          float8 NOT NULL CHECK (per <> 0),
    effect       float8 NOT NULL,
    sd           float8 NOT NULL CHECK (sd > 0),
    applies_when jsonpath,
    source       text,
    year         int CHECK (year BETWEEN 1900 AND 2200),
    builtin      boolean NOT NULL DEFAULT true,
    changed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (action, outcome, precedence)
);

COMMENT ON TABLE  hadvice.effect_priors IS 'What trials found: a change of the action by "per" changes the outcome by "effect" on average. Of the rows that hold, the highest precedence counts';
COMMENT ON COLUMN hadvice.effect_priors.action IS 'Feature of role action';
COMMENT ON COLUMN hadvice.effect_priors.outcome IS 'Feature of role outcome';
COMMENT ON COLUMN hadvice.effect_priors.precedence IS 'The highest one that holds counts; built-in rows have 0 to 50';
COMMENT ON COLUMN hadvice.effect_priors.per IS 'Change of the action, in its unit, with its sign; about the size of the trials, so scale down from it rather than up';
COMMENT ON COLUMN hadvice.effect_priors.effect IS 'Mean change of the outcome, in its unit';
COMMENT ON COLUMN hadvice.effect_priors.sd IS 'Uncertainty of that mean for this kind of person: confidence interval, spread between trials and conversion together';
COMMENT ON COLUMN hadvice.effect_priors.applies_when IS 'Whom it is for; NULL: everyone. Unknown counts as no';
COMMENT ON COLUMN hadvice.effect_priors.source IS 'Trial or meta-analysis, and how the figure was converted';
COMMENT ON COLUMN hadvice.effect_priors.year IS 'Year of the source';
COMMENT ON COLUMN hadvice.effect_priors.builtin IS 'Came with the extension; set by it';
COMMENT ON COLUMN hadvice.effect_priors.changed IS 'A built-in row that was changed here; set by a trigger, such rows are dumped';

CREATE TABLE hadvice.texts (
    feature   text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('up', 'down', 'none')),
    lang      text NOT NULL CHECK (lang ~ '^[a-z]{2,3}$'),
    sentence  text NOT NULL CHECK (sentence <> ''),
    builtin   boolean NOT NULL DEFAULT true,
    changed   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (feature, direction, lang)
);

COMMENT ON TABLE  hadvice.texts IS 'Sentence templates by feature, direction and language; a missing language falls back to en';
COMMENT ON COLUMN hadvice.texts.feature IS 'An action (up, down); a feature (none: its name in this language, for en see features.label); a rule of effect refer (none: its sentence, for en see rules.reason); a unit as "unit:points" (none); or effect and effect_trials (up, down: the sentence on the expected effect, without and with trials), keep (nothing to change), unknown (nothing recorded that has a target), nothing (values out of range, but no safe change), refer (frame of a red flag), guideline (added when only the guideline carries the item)';
COMMENT ON COLUMN hadvice.texts.direction IS 'Way of the change; for effect the way of the outcome; none for the rest';
COMMENT ON COLUMN hadvice.texts.lang IS 'Language: en, zh, ...';
COMMENT ON COLUMN hadvice.texts.sentence IS 'Template. {from} {to}: values now and advised, {change}: the difference without sign, {unit}; in effect {outcome} {effect} {low} {high} {unit}, counted in the direction of the row (so {low} may be negative); in refer {reason}; in guideline {source}';
COMMENT ON COLUMN hadvice.texts.builtin IS 'Came with the extension; set by it';
COMMENT ON COLUMN hadvice.texts.changed IS 'A built-in row that was changed here; set by a trigger, such rows are dumped';

CREATE TABLE hadvice.column_map (
    source      regclass NOT NULL,
    column_name name NOT NULL,
    feature     text NOT NULL REFERENCES hadvice.features (feature),
    factor      float8 NOT NULL DEFAULT 1 CHECK (factor <> 0 AND factor > '-Infinity' AND factor < 'Infinity'),
    "offset"    float8 NOT NULL DEFAULT 0 CHECK ("offset" > '-Infinity' AND "offset" < 'Infinity'),
    PRIMARY KEY (source, column_name),
    UNIQUE (source, feature)
);

COMMENT ON TABLE  hadvice.column_map IS 'Columns that are a feature under another name or in another unit; kept by vae_map_column, writable by the owner of the source';
COMMENT ON COLUMN hadvice.column_map.source IS 'Table or view';
COMMENT ON COLUMN hadvice.column_map.column_name IS 'Its column';
COMMENT ON COLUMN hadvice.column_map.feature IS 'The feature it holds';
COMMENT ON COLUMN hadvice.column_map.factor IS 'Value in catalogue units = factor * column + offset';
COMMENT ON COLUMN hadvice.column_map."offset" IS 'Value in catalogue units = factor * column + offset';
