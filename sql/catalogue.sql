-- hadvice: the catalogue. What a column means, where it should be, what may change and how far,
-- who must see a doctor. Clinicians own it; it is rows, not code.
--
-- How it is read (src/advise.c, src/core/rules.c):
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
--     forbid -> no advice on it. A bound that cannot be computed closes its direction; without any floor or
--     cap only max_step holds (vae_check_catalogue complains). c is always inside; a value out of its
--     plausible range counts as missing, and nothing is advised on it.
--     The search goes towards the recommended range and never past its far end. More rules mean less room,
--     always; none widens what another one closed.
--
-- Sources were checked where marked so in the project's notes; figures of older guidelines are cited by
-- year, so that a clinician sees what to renew. Nothing here starts, stops or doses a medicine.

-- ---------------------------------------------------------------------------------------------------
-- 1. Tables
-- ---------------------------------------------------------------------------------------------------

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


-- ---------------------------------------------------------------------------------------------------
-- 2. Features
-- ---------------------------------------------------------------------------------------------------

-- 2.1 Context: who the person is, what is known, what is taken, and behaviours no interval is known for.
INSERT INTO hadvice.features (feature, label, domain, unit, plausible_low, plausible_high, digits, kind, levels, synonyms, source, year) VALUES
('age_years',                'age',                     'context', 'years',     0,   120, 0, NULL, NULL, '{age,age_yrs,age_in_years,ridageyr}', 'NHANES 2015-2018 (top-coded at 80)', 2018),
('sex',                      'sex',                     'context', NULL,     NULL,  NULL, 0, NULL, '{female,male}', '{gender,riagendr}', 'NHANES 2015-2018', 2018),
('race_ethnicity',           'ethnic group',            'context', NULL,     NULL,  NULL, 0, 'categorical', NULL, '{race,ethnicity,ethnic_group,ridreth3}', 'NHANES 2015-2018', 2018),
('education',                'education',               'context', NULL,     NULL,  NULL, 0, 'ordinal', '{below_9th_grade,9th_to_11th,high_school,some_college,college}', '{education_level,dmdeduc2}', 'NHANES 2015-2018', 2018),
('marital_status',           'marital status',          'context', NULL,     NULL,  NULL, 0, 'categorical', NULL, '{dmdmartl}', 'NHANES 2015-2018', 2018),
('income_poverty_ratio',     'income to poverty ratio', 'context', 'ratio',     0,   100, 1, NULL, NULL, '{poverty_income_ratio,pir,indfmpir}', 'NHANES 2015-2018 (top-coded at 5)', 2018),
('height_cm',                'height',                  'context', 'cm',      100,   230, 1, NULL, NULL, '{body_height_cm,stature_cm,bmxht}', 'NHANES 2015-2018', 2018),
('general_health',           'self-rated health',       'context', NULL,     NULL,  NULL, 0, 'ordinal', '{poor,fair,good,very_good,excellent}', '{self_rated_health,health_status}', 'NHANES 2015-2018', 2018),
('diabetes_diagnosed',       'diagnosed diabetes',      'context', NULL,     NULL,  NULL, 0, 'ordinal', '{no,borderline,yes}', '{diabetes,diabetes_diagnosis,has_diabetes,diq010}', 'NHANES 2015-2018', 2018),
('hypertension_diagnosed',   'diagnosed hypertension',  'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{hypertension,has_hypertension,high_bp,bpq020}', 'NHANES 2015-2018', 2018),
('high_cholesterol_diagnosed', 'diagnosed high cholesterol', 'context', NULL, NULL, NULL, 0, NULL, '{no,yes}', '{high_cholesterol,hyperlipidemia,bpq080}', 'NHANES 2015-2018', 2018),
('cardiovascular_disease',   'cardiovascular disease',  'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{cvd,has_cvd,heart_disease}', 'NHANES 2015-2018: heart failure, coronary disease, angina, infarction or stroke', 2018),
('heart_failure',            'heart failure',           'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{chf,has_heart_failure,mcq160b}', 'NHANES 2015-2018', 2018),
('kidney_disease',           'chronic kidney disease',  'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{ckd,chronic_kidney_disease,has_ckd}', 'KDIGO 2024', 2024),
('liver_disease',            'liver disease',           'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{has_liver_disease,cirrhosis}', 'NHANES 2015-2018', 2018),
('bowel_disease',            'irritable bowel, stricture or obstruction', 'context', NULL, NULL, NULL, 0, NULL, '{no,yes}', '{ibs,irritable_bowel,bowel_obstruction}', 'NICE CG61', 2008),
('diabetic_eye_foot_disease', 'diabetic eye, nerve or foot disease', 'context', NULL, NULL, NULL, 0, NULL, '{no,yes}', '{retinopathy,diabetic_retinopathy,foot_ulcer}', 'ADA Standards of Care', 2025),
('low_blood_sodium',         'low blood sodium',        'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{hyponatremia,hyponatraemia,salt_wasting}', 'AHA/ACC/HFSA 2022, heart failure', 2022),
('eating_disorder',          'eating disorder',         'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{eating_disorder_history,anorexia,bulimia}', 'NICE NG69, eating disorders', 2017),
('frail',                    'frailty',                 'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{frailty,is_frail}', 'ESPEN geriatrics', 2019),
('pregnant',                 'pregnancy',               'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{pregnancy,is_pregnant,ridexprg}', 'DGA 2020-25', 2020),
('breastfeeding',            'breast-feeding',          'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{lactating,lactation}', 'DGA 2020-25', 2020),
('sleep_apnoea',             'sleep apnoea',            'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{sleep_apnea,osa}', 'AASM 2019, sleep apnoea', 2019),
('night_shift',              'night-shift work',        'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{shift_work,night_work,works_nights}', 'AASM 2015, circadian disorders', 2015),
('chest_pain',               'chest pain',              'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{has_chest_pain,angina_now}', 'AHA/ACC 2021, chest pain', 2021),
('self_harm_thoughts',       'thoughts of self-harm',   'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{suicidal_thoughts,suicidality}', 'PHQ-9 item 9', 2001),
('diabetes_medication',      'diabetes medication',     'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{diabetes_meds,takes_diabetes_medication,insulin_or_pills}', 'NHANES 2015-2018: insulin or pills', 2018),
('bp_medication',            'blood-pressure medication', 'context', NULL,   NULL,  NULL, 0, NULL, '{no,yes}', '{bp_meds,antihypertensives,blood_pressure_medication,bpq050a}', 'NHANES 2015-2018', 2018),
('cholesterol_medication',   'cholesterol medication',  'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{statin,cholesterol_meds,lipid_medication,bpq100d}', 'NHANES 2015-2018', 2018),
('diuretic_medication',      'diuretic medication',     'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{diuretic,diuretics,water_pills}', 'AHA/ACC/HFSA 2022, heart failure', 2022),
('warfarin',                 'warfarin',                'context', NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{takes_warfarin,vitamin_k_antagonist}', 'ACCP 2012, antithrombotic therapy', 2012),
('sleep_trouble',            'trouble sleeping',        'sleep',   NULL,     NULL,  NULL, 0, NULL, '{no,yes}', '{trouble_sleeping,insomnia,slq050}', 'NHANES 2015-2018: ever told a doctor', 2018),
('smoking_status',           'smoking status',          'smoking', NULL,     NULL,  NULL, 0, 'categorical', '{never,former,current}', '{smoking,smoker_status}', 'NHANES 2015-2018', 2018),
('diet_self_rated',          'self-rated diet',         'diet',    NULL,     NULL,  NULL, 0, 'ordinal', '{poor,fair,good,very_good,excellent}', '{diet_quality,dbq700}', 'NHANES 2015-2018', 2018),
('protein_g',                'protein',                 'diet',    'g/day',     0,   500, 0, NULL, NULL, '{protein,dietary_protein_g}', 'NHANES 2015-2018; context: 0.8 g/kg or 1.2-1.6 g/kg are disputed, kidney disease decides', 2025),
('carbohydrate_g',           'carbohydrate',            'diet',    'g/day',     0,  1500, 0, NULL, NULL, '{carbohydrate,carbohydrates_g,carbs_g}', 'NHANES 2015-2018; context: with diabetes medicine only with the care team', 2018),
('fat_g',                    'total fat',               'diet',    'g/day',     0,   500, 0, NULL, NULL, '{total_fat_g,dietary_fat_g}', 'NHANES 2015-2018; context: the kind of fat matters, see saturated fat', 2018),
('dietary_cholesterol_mg',   'dietary cholesterol',     'diet',    'mg/day',    0,  3000, 0, NULL, NULL, '{cholesterol_intake_mg}', 'NHANES 2015-2018; context: no limit in DGA 2020-25', 2020),
('calcium_mg',               'calcium',                 'diet',    'mg/day',    0,  8000, 0, NULL, NULL, '{calcium_intake_mg,dietary_calcium_mg}', 'NHANES 2015-2018; context: kidney stones', 2018),
('magnesium_mg',             'magnesium',               'diet',    'mg/day',    0,  2000, 0, NULL, NULL, '{magnesium_intake_mg,dietary_magnesium_mg}', 'NHANES 2015-2018', 2018),
('plain_water_g',            'plain water',             'diet',    'g/day',     0, 16000, 0, NULL, NULL, '{water_g,water_ml,water_ml_day,plain_water_ml}', 'NHANES 2015-2018; context: heart and kidney disease need limits', 2018),
('vegetables_g',             'vegetables',              'diet',    'g/day',     0,  3000, 0, NULL, NULL, '{vegetable_g,vegetables_g_day}', 'Chinese dietary guidelines 2022 (at least 300 g); context: see fruit and vegetables', 2022),
('meals_out_week',           'meals out',               'diet',    'meals/week', 0,   60, 0, 'count', NULL, '{restaurant_meals_week,meals_not_home_week}', 'NHANES 2015-2018', 2018),
('work_activity_min_week',   'activity at work',        'exercise', 'min/week', 0,  8000, 0, NULL, NULL, '{occupational_activity_min_week}', 'NHANES 2015-2018; context: not leisure, long hours are no remedy', 2018),
('strength_days_week',       'strength training',       'exercise', 'days/week', 0,    7, 0, NULL, NULL, '{strength_training_days,resistance_days_week}', 'WHO 2020: 2 days or more; context: needs clearance we cannot see', 2020);

-- 2.2 Body and outcomes: respond, are never set (weight is in 2.3).
INSERT INTO hadvice.features (feature, label, domain, role, stage, unit, plausible_low, plausible_high, recommended_low, recommended_high, digits, kind, synonyms, source, year) VALUES
('bmi_kg_m2',               'BMI',                'weight', 'outcome', 1, 'kg/m2', 10,   90, 18.5,   25, 1, NULL, '{bmi,body_mass_index,bmxbmi}', 'WHO 2000: 18.5-24.9', 2000),
('waist_cm',                'waist',              'weight', 'outcome', 2, 'cm',    40,  200, NULL,   88, 1, NULL, '{waist,waist_circumference,waist_circumference_cm,bmxwaist}', 'NHLBI 1998: above 102 cm in men, 88 in women', 1998),
('body_fat_percent',        'body fat',           'weight', 'outcome', 2, '%',      2,   75, NULL, NULL, 1, NULL, '{body_fat,fat_percent}', 'no agreed target; shown only', 2018),
('systolic_mmhg',           'systolic blood pressure',  'vitals', 'outcome', 2, 'mmHg', 60, 260, 90, 120, 0, NULL, '{sbp,systolic,systolic_bp,systolic_blood_pressure,sys_bp,bpxsy}', 'ACC/AHA 2017, kept 2025: normal below 120', 2025),
('diastolic_mmhg',          'diastolic blood pressure', 'vitals', 'outcome', 2, 'mmHg', 25, 160, 60,  80, 0, NULL, '{dbp,diastolic,diastolic_bp,diastolic_blood_pressure,dia_bp,bpxdi}', 'ACC/AHA 2017, kept 2025: normal below 80', 2025),
('pulse_bpm',               'resting pulse',      'vitals', 'outcome', 2, 'bpm',   25,  220,   60,  100, 0, NULL, '{pulse,heart_rate,resting_heart_rate,resting_pulse,bpxpls}', 'AHA: 60-100 at rest', 2024),
('total_cholesterol_mg_dl', 'total cholesterol',  'labs', 'outcome', 2, 'mg/dl',   50,  600, NULL,  200, 0, NULL, '{total_cholesterol,cholesterol_mg_dl,serum_cholesterol,lbxtc}', 'NCEP ATP III 2002', 2002),
('hdl_mg_dl',               'HDL cholesterol',    'labs', 'outcome', 2, 'mg/dl',    5,  250,   40, NULL, 0, NULL, '{hdl,hdl_cholesterol,hdl_c,lbdhdd}', 'NCEP ATP III 2002', 2002),
('ldl_mg_dl',               'LDL cholesterol',    'labs', 'outcome', 2, 'mg/dl',   10,  450, NULL,  100, 0, NULL, '{ldl,ldl_cholesterol,ldl_c,lbdldl}', 'NCEP ATP III 2002: optimal below 100', 2002),
('triglycerides_mg_dl',     'triglycerides',      'labs', 'outcome', 2, 'mg/dl',   10, 5000, NULL,  150, 0, 'positive', '{triglycerides,triglyceride,trigs,lbxtr}', 'NCEP ATP III 2002', 2002),
('fasting_glucose_mg_dl',   'fasting glucose',    'labs', 'outcome', 2, 'mg/dl',   20,  800,   70,  100, 0, 'positive', '{fasting_glucose,fasting_plasma_glucose,fpg,lbxglu}', 'ADA 2025: below 100', 2025),
('hba1c_percent',           'HbA1c',              'labs', 'outcome', 2, '%',        3,   20, NULL,  5.7, 1, 'positive', '{hba1c,a1c,glycohemoglobin,haemoglobin_a1c,lbxgh}', 'ADA 2025: below 5.7', 2025),
('egfr_ml_min',             'kidney function (eGFR)', 'labs', 'outcome', 2, 'ml/min/1.73m2', 1, 200, 60, NULL, 0, NULL, '{egfr,gfr,egfr_ckd_epi}', 'KDIGO 2024: 60 or more', 2024),
('uric_acid_mg_dl',         'uric acid',          'labs', 'outcome', 2, 'mg/dl',    1,   20, NULL,    7, 1, NULL, '{uric_acid,urate,serum_urate}', 'solubility limit 6.8 mg/dl; shown only', 2020),
('crp_mg_l',                'C-reactive protein', 'labs', 'outcome', 2, 'mg/l',     0,  500, NULL,    3, 1, NULL, '{crp,hs_crp,hscrp,c_reactive_protein}', 'AHA/CDC 2003: above 3 high risk; shown only', 2003),
('alt_u_l',                 'ALT',                'labs', 'outcome', 2, 'U/l',      1, 5000, NULL, NULL, 0, NULL, '{alt,alt_sgpt,sgpt}', 'reference range of the laboratory; shown only', 2020),
('depression_phq9',         'depression score (PHQ-9)', 'mental', 'outcome', 2, 'points', 0, 27, 0,   5, 0, 'count', '{phq9,phq_9,phq9_score,depression_score}', 'Kroenke 2001: 0-4 minimal', 2001),
('anxiety_gad7',            'anxiety score (GAD-7)',    'mental', 'outcome', 2, 'points', 0, 21, 0,   5, 0, 'count', '{gad7,gad_7,gad7_score,anxiety_score}', 'Spitzer 2006: 0-4 minimal', 2006);

-- 2.3 Actions: what advice may change, and how far (the hard limits are rules, section 4).
INSERT INTO hadvice.features (feature, label, domain, role, stage, unit, plausible_low, plausible_high, recommended_low, recommended_high, safe_direction, step, max_step, cost, digits, kind, synonyms, source, year) VALUES
('energy_kcal',                'energy intake',      'diet',     'action', 0, 'kcal/day',  300,  9000, NULL, NULL, 'range', 100,  750, 1,    0, NULL, '{energy,calories,calories_kcal,kcal,calorie_intake}', 'AHA/ACC/TOS 2013: deficit 500-750 kcal; no single intake is recommended', 2013),
('sugar_g',                    'total sugars',       'diet',     'action', 0, 'g/day',       0,  1000,   50,   90, 'down',   10, NULL, 0.5,  0, NULL, '{sugar,sugars_g,total_sugar_g,total_sugars_g}', 'no limit for all sugars: 50 g is WHO 2015 for free sugars (10 % of 2000 kcal), 90 g the EU reference intake (1169/2011)', 2015),
('added_sugar_g',              'added sugar',        'diet',     'action', 0, 'g/day',       0,   800,   25,   50, 'down',   10, NULL, 0.5,  0, NULL, '{added_sugars_g,free_sugars_g,free_sugar_g}', 'WHO 2015: below 10 %, better below 5 % of energy; DGA 2020-25', 2015),
('saturated_fat_g',            'saturated fat',      'diet',     'action', 0, 'g/day',       0,   200,   13,   22, 'down',    2, NULL, 0.5,  0, NULL, '{saturated_fat,sat_fat_g,sfa_g}', 'WHO 2023 and DGA 2020-25: below 10 % of energy (22 g of 2000 kcal); AHA: below 6 % (13 g)', 2023),
('sodium_mg',                  'sodium',             'diet',     'action', 0, 'mg/day',     50, 26000, 1500, 2300, 'down',  250, 2000, 0.5,  0, NULL, '{sodium,sodium_intake_mg,dietary_sodium_mg}', 'DGA 2020-25: below 2300; AHA/ACC 2025: towards 1500 (WHO 2012: below 2000)', 2025),
('fiber_g',                    'fibre',              'diet',     'action', 0, 'g/day',       0,   120,   25,   38, 'up',      5,   20, 0.7,  0, NULL, '{fiber,fibre,fibre_g,dietary_fiber_g}', 'WHO 2023: 25 g or more; IOM 2005: 25 (women) to 38 g (men)', 2023),
('potassium_mg',               'potassium',          'diet',     'action', 0, 'mg/day',     20, 10000, 3500, 4700, 'up',    250, 1500, 0.6,  0, NULL, '{potassium,potassium_intake_mg,dietary_potassium_mg}', 'WHO 2012: 3510 or more; ACC/AHA 2017: 3500-5000 from food', 2017),
('fruit_vegetables_g',         'fruit and vegetables', 'diet',   'action', 0, 'g/day',       0,  3000,  400,  800, 'up',     80,  240, 0.7,  0, NULL, '{fruit_veg_g,fruit_and_vegetables_g}', 'WHO 2023: 400 g or more', 2023),
('caffeine_mg',                'caffeine',           'diet',     'action', 0, 'mg/day',      0,  5000,  200,  400, 'down',   50, NULL, 0.7,  0, NULL, '{caffeine,caffeine_intake_mg}', 'EFSA 2015: up to 400 a day, 200 at once', 2015),
('fast_food_meals_week',       'fast-food meals',    'diet',     'action', 0, 'meals/week',  0,    60,    0, NULL, 'down',    1, NULL, 0.8,  0, 'count', '{fast_food,fast_food_meals,fastfood_week}', 'DGA 2020-25: meals of nutrient-dense foods; no number', 2020),
('sugary_drinks_week',         'sugar-sweetened drinks', 'diet', 'action', 0, 'drinks/week', 0,   150,    0, NULL, 'down',    1, NULL, 0.5,  0, 'count', '{sugary_drinks,soda_week,sweet_drinks_week}', 'DGA 2020-25: water instead; no number', 2020),
('alcohol_g',                  'alcohol',            'alcohol',  'action', 0, 'g/day',       0,   450,    0,   14, 'down',    7, NULL, 0.8,  0, NULL, '{alcohol,alcohol_intake_g,alcohol_grams}', 'AHA/ACC 2025: none is best; DGA 2020-25: at most 14 g (women), 28 g (men)', 2025),
('alcohol_days_year',          'days with alcohol',  'alcohol',  'action', 0, 'days/year',   0,   366,    0, NULL, 'down',   26, NULL, 0.8,  0, NULL, '{drinking_days_year,alcohol_days}', 'AHA/ACC 2025: none is best; no number of days', 2025),
('drinks_per_drinking_day',    'drinks per drinking day', 'alcohol', 'action', 0, 'drinks',  0,    40,    0,    1, 'down',    1, NULL, 0.8,  0, 'count', '{drinks_per_day,drinks_per_occasion}', 'DGA 2020-25: at most 1 (women), 2 (men); none is best', 2020),
('drinks_per_week',            'drinks per week',    'alcohol',  'action', 0, 'drinks/week', 0,   200,    0,    7, 'down',    1, NULL, 0.8,  0, 'count', '{alcohol_drinks_week,weekly_drinks,alcohol_units_week}', 'DGA 2020-25: at most 7 (women), 14 (men); none is best', 2020),
('cigarettes_per_day',         'cigarettes',         'smoking',  'action', 0, 'per day',     0,   150,    0,    0, 'down',    5, NULL, 2,    0, 'count', '{cigarettes,cigarettes_day,cigs_per_day}', 'USPSTF 2021, WHO: none', 2021),
('walk_bike_min_week',         'walking and cycling', 'exercise', 'action', 0, 'min/week',   0,  6720,  150,  300, 'up',     30,  300, 0.5,  0, NULL, '{walking_min_week,active_transport_min_week,walk_minutes_week}', 'WHO 2020: 150-300 min/week of moderate activity', 2020),
('moderate_exercise_min_week', 'moderate exercise',  'exercise', 'action', 0, 'min/week',    0,  6720,  150,  300, 'up',     30,  300, 0.6,  0, NULL, '{moderate_activity_min_week,exercise_min_week,exercise_minutes_week}', 'WHO 2020: 150-300 min/week', 2020),
('vigorous_exercise_min_week', 'vigorous exercise',  'exercise', 'action', 0, 'min/week',    0,  6720,   75,  150, 'up',     15,  150, 0.6,  0, NULL, '{vigorous_activity_min_week,vigorous_minutes_week}', 'WHO 2020: 75-150 min/week', 2020),
('steps_per_day',              'steps',              'exercise', 'action', 0, 'steps/day',   0, 80000, 7000,10000, 'up',    500, 3000, 0.5,  0, NULL, '{steps,daily_steps,step_count,total_steps}', 'Paluch 2022 (47,471 adults): benefit levels off at 8000-10000, from 60 years at 6000-8000', 2022),
('sedentary_min_day',          'sitting time',       'exercise', 'action', 0, 'min/day',     0,  1440, NULL, NULL, 'down',   30,  240, 0.6,  0, NULL, '{sitting_min_day,sedentary_minutes,sitting_time_min}', 'WHO 2020: limit and replace; no number established', 2020),
('sleep_hours',                'sleep',              'sleep',    'action', 0, 'h/night',     1,    20,    7,    9, 'range', 0.5,    2, 0.7,  1, NULL, '{sleep,sleep_duration,sleep_duration_hours,hours_of_sleep}', 'AASM/SRS 2015: 7 h or more; NSF 2015: 7-9 h, from 65 years 7-8 h', 2015),
('weight_kg',                  'weight',             'weight',   'action', 1, 'kg',         25,   300, NULL, NULL, 'range',   1, NULL, 0.6,  1, NULL, '{body_weight,body_weight_kg,body_mass_kg,bmxwt}', 'AHA/ACC/TOS 2013: 5-10 % in six months', 2013);

-- WHO 2020 counts movement as a whole: a vigorous minute is two moderate ones, walking to get about counts.
UPDATE hadvice.features SET met_when = '$.moderate_exercise_min_week + 2 * $.vigorous_exercise_min_week + $.walk_bike_min_week >= 150'
WHERE feature IN ('moderate_exercise_min_week', 'vigorous_exercise_min_week', 'walk_bike_min_week');

-- ---------------------------------------------------------------------------------------------------
-- 3. Targets and programmes
-- ---------------------------------------------------------------------------------------------------

INSERT INTO hadvice.targets (id, outcome, low, high, precedence, priority, scale, applies_when, source, year) VALUES
('systolic',            'systolic_mmhg',           NULL,  130,  0, 1,   10,  NULL, 'ACC/AHA 2017, kept 2025: below 130', 2025),
('diastolic',           'diastolic_mmhg',          NULL,   80,  0, 0.7,  5,  NULL, 'ACC/AHA 2017, kept 2025: below 80', 2025),
('hba1c',               'hba1c_percent',           NULL,  5.7,  0, 1,   0.5, NULL, 'ADA 2025: below 5.7', 2025),
('hba1c_diabetes',      'hba1c_percent',           NULL,    7, 10, 1,   0.5, '$.diabetes_diagnosed == "yes"', 'ADA 2025: below 7 for most adults with diabetes', 2025),
('hba1c_diabetes_frail', 'hba1c_percent',          NULL,    8, 20, 1,   0.5, '$.diabetes_diagnosed == "yes" && $.frail == "yes"', 'ADA 2025, older adults with complex health: below 8', 2025),
('glucose',             'fasting_glucose_mg_dl',   NULL,  100,  0, 0.7, 15,  NULL, 'ADA 2025: below 100', 2025),
('glucose_diabetes',    'fasting_glucose_mg_dl',     80,  130, 10, 0.7, 15,  '$.diabetes_diagnosed == "yes"', 'ADA 2025: 80-130 with diabetes', 2025),
('total_cholesterol',   'total_cholesterol_mg_dl', NULL,  200,  0, 0.7, 20,  NULL, 'NCEP ATP III 2002: below 200', 2002),
('ldl',                 'ldl_mg_dl',               NULL,  130,  0, 0.8, 20,  NULL, 'NCEP ATP III 2002: 130 and more is borderline high', 2002),
('ldl_high_risk',       'ldl_mg_dl',               NULL,  100, 10, 0.8, 20,  '$.cardiovascular_disease == "yes" || $.diabetes_diagnosed == "yes"', 'NCEP ATP III 2002: below 100; lower goals are the doctor''s', 2002),
('hdl_men',             'hdl_mg_dl',                 40, NULL,  0, 0.6,  5,  NULL, 'NCEP ATP III 2002: below 40 is low', 2002),
('hdl_women',           'hdl_mg_dl',                 50, NULL, 10, 0.6,  5,  '$.sex == "female"', 'harmonised metabolic syndrome 2009: women below 50', 2009),
('triglycerides',       'triglycerides_mg_dl',     NULL,  150,  0, 0.6, 50,  NULL, 'NCEP ATP III 2002: below 150', 2002),
('bmi',                 'bmi_kg_m2',               18.5,   25,  0, 0.8,  2,  NULL, 'WHO 2000: 18.5-24.9', 2000),
('bmi_asian',           'bmi_kg_m2',               18.5,   23, 10, 0.8,  2,  '$.race_ethnicity == "asian"', 'WHO expert consultation 2004: action point 23 for Asian populations', 2004),
('bmi_old',             'bmi_kg_m2',                 22,   30, 20, 0.8,  2,  '$.age_years >= 75', 'ESPEN geriatrics 2019: no weight reduction for overweight; below 22 is low', 2019),
('bmi_young',           'bmi_kg_m2',               NULL, NULL, 30, 0,    2,  '$.age_years < 20', 'adult BMI limits do not hold below 20 years', 2000),
('waist_men',           'waist_cm',                NULL,  102,  0, 0.5,  5,  NULL, 'NHLBI 1998: men above 102', 1998),
('waist_women',         'waist_cm',                NULL,   88, 10, 0.5,  5,  '$.sex == "female"', 'NHLBI 1998: women above 88', 1998),
('waist_asian_men',     'waist_cm',                NULL,   90, 20, 0.5,  5,  '$.race_ethnicity == "asian"', 'IDF 2006: South Asian and Chinese men 90 or more', 2006),
('waist_asian_women',   'waist_cm',                NULL,   80, 30, 0.5,  5,  '$.race_ethnicity == "asian" && $.sex == "female"', 'IDF 2006: South Asian and Chinese women 80 or more', 2006),
('phq9',                'depression_phq9',         NULL,    5,  0, 1,    3,  NULL, 'Kroenke 2001: below 5 minimal', 2001),
('gad7',                'anxiety_gad7',            NULL,    5,  0, 0.7,  3,  NULL, 'Spitzer 2006: below 5 minimal', 2006);

-- Every programme counts the whole of cardiometabolic and mental health, as the guidelines of each disease
-- ask for; what differs is the focus (counted double) and the domains preferred.
INSERT INTO hadvice.programmes (programme, label, precedence, applies_when, outcomes, focus, domains, description, source, year) VALUES
('general',      'General health',     0, NULL,
 '{systolic_mmhg,diastolic_mmhg,hba1c_percent,fasting_glucose_mg_dl,total_cholesterol_mg_dl,ldl_mg_dl,hdl_mg_dl,triglycerides_mg_dl,bmi_kg_m2,waist_cm,depression_phq9,anxiety_gad7}',
 '{}', '{}', 'All outcomes, all domains', 'AHA Life''s Essential 8', 2022),
('sleep',        'Sleep',             10, '$.sleep_hours < 6 || ($.sleep_trouble == "yes" && $.sleep_hours < 7)',
 '{depression_phq9,anxiety_gad7,systolic_mmhg,diastolic_mmhg,bmi_kg_m2,waist_cm,hba1c_percent,fasting_glucose_mg_dl,total_cholesterol_mg_dl,ldl_mg_dl,hdl_mg_dl,triglycerides_mg_dl}',
 '{depression_phq9,anxiety_gad7}', '{sleep,exercise,alcohol}', 'Short or troubled sleep and what goes with it', 'AASM/SRS', 2015),
('weight',       'Weight',            20, '$.bmi_kg_m2 >= 30',
 '{bmi_kg_m2,waist_cm,systolic_mmhg,diastolic_mmhg,hba1c_percent,fasting_glucose_mg_dl,triglycerides_mg_dl,hdl_mg_dl,total_cholesterol_mg_dl,ldl_mg_dl,depression_phq9,anxiety_gad7}',
 '{bmi_kg_m2,waist_cm}', '{weight,diet,exercise}', 'Obesity: 5-10 % of the weight, slowly, and its companions', 'AHA/ACC/TOS', 2013),
('hypertension', 'Blood pressure',    30, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90',
 '{systolic_mmhg,diastolic_mmhg,bmi_kg_m2,waist_cm,hba1c_percent,fasting_glucose_mg_dl,total_cholesterol_mg_dl,ldl_mg_dl,hdl_mg_dl,triglycerides_mg_dl,depression_phq9,anxiety_gad7}',
 '{systolic_mmhg,diastolic_mmhg}', '{diet,exercise,weight,alcohol}', 'Blood pressure below 130/80 by salt, weight, movement and alcohol', 'ACC/AHA', 2025),
('diabetes',     'Diabetes',          40, '$.diabetes_diagnosed == "yes" || $.diabetes_medication == "yes" || $.hba1c_percent >= 6.5',
 '{hba1c_percent,fasting_glucose_mg_dl,systolic_mmhg,diastolic_mmhg,ldl_mg_dl,total_cholesterol_mg_dl,hdl_mg_dl,triglycerides_mg_dl,bmi_kg_m2,waist_cm,depression_phq9,anxiety_gad7}',
 '{hba1c_percent,fasting_glucose_mg_dl}', '{exercise,weight,diet,sleep}', 'HbA1c below 7 and the risks beside it; medicines stay with the care team', 'ADA', 2025),
('heart',        'Heart and vessels', 50, '$.cardiovascular_disease == "yes"',
 '{systolic_mmhg,diastolic_mmhg,ldl_mg_dl,total_cholesterol_mg_dl,hdl_mg_dl,triglycerides_mg_dl,hba1c_percent,fasting_glucose_mg_dl,bmi_kg_m2,waist_cm,depression_phq9,anxiety_gad7}',
 '{systolic_mmhg,ldl_mg_dl,total_cholesterol_mg_dl}', '{smoking,diet,exercise,weight}', 'Known heart or vessel disease: pressure, lipids, smoking', 'AHA/ACC', 2025);


-- ---------------------------------------------------------------------------------------------------
-- 4. Rules. None is approved: all of them restrict. "S" below is the table of safe
-- intervals that nothing may exceed (test/data/safe_ranges.sql).
-- ---------------------------------------------------------------------------------------------------

-- 4.1 Nobody these adult targets are not made for, and nobody who needs help now.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('all_under_18',              '*', 'forbid', NULL, '!($.age_years >= 18)', 'The targets are for adults; whose age is not recorded may be a child.', 'WHO 2020; DGA 2020-25', 2020),
('all_pregnant',              '*', 'forbid', NULL, '$.pregnant == "yes"', 'In pregnancy goals belong to the midwife or doctor.', 'SCIENCE 6.3 of this project', 2025),
('all_bp_crisis',             '*', 'forbid', NULL, '$.systolic_mmhg >= 180 || $.diastolic_mmhg >= 120', 'Blood pressure of 180/120 or more comes first: nothing else before a doctor has seen it.', 'ACC/AHA 2017, kept 2025', 2025),
('all_chest_pain',            '*', 'forbid', NULL, '$.chest_pain == "yes"', 'Chest pain comes first: nothing else before a doctor has seen it.', 'AHA', 2021),
('all_self_harm',             '*', 'forbid', NULL, '$.self_harm_thoughts == "yes"', 'Thoughts of self-harm come first: talk to someone today.', 'PHQ-9 item 9', 2001);

-- 4.2 Energy and weight. S: 1200 kcal, 1000 kcal a day, 10 % and BMI 22 downward; upward only below BMI 18.5.
-- Weight and height decide together with the recorded BMI; where they disagree the careful one counts.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('energy_floor',              'energy_kcal', 'floor', '1200', NULL, 'Less than 1200 kcal a day only under supervision.', 'AHA/ACC/TOS 2013', 2013),
('energy_floor_step',         'energy_kcal', 'floor', '$.energy_kcal - 1000', NULL, 'At most 1000 kcal a day less.', 'AHA/ACC/TOS 2013; NHLBI', 2013),
('energy_floor_diabetes',     'energy_kcal', 'floor', '$.energy_kcal - 500', '!($.diabetes_medication == "no")', 'With diabetes medicine a large cut can cause low sugar: small steps, with the care team.', 'ADA 2025', 2025),
('energy_cap',                'energy_kcal', 'cap', '2500', NULL, 'No more than 2500 kcal a day without a dietitian.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('energy_no_gain',            'energy_kcal', 'no_increase', NULL, '!($.bmi_kg_m2 < 18.5) || exists($ ? (@.weight_kg * 10000 >= 18.5 * @.height_cm * @.height_cm))', 'Eating more is advised in underweight only (BMI below 18.5).', 'WHO 2000', 2000),
('energy_no_loss_bmi',        'energy_kcal', 'no_decrease', NULL, '!($.bmi_kg_m2 >= 22) || exists($ ? (@.weight_kg * 10000 < 22 * @.height_cm * @.height_cm))', 'No calorie deficit below BMI 22.', 'AHA/ACC/TOS 2013', 2013),
('energy_no_loss_normal',     'energy_kcal', 'no_decrease', NULL, '$.bmi_kg_m2 < 23 || ($.bmi_kg_m2 < 25 && !($.race_ethnicity == "asian"))', 'No calorie deficit at a normal BMI.', 'WHO 2000; WHO expert consultation 2004', 2004),
('energy_no_loss_age',        'energy_kcal', 'no_decrease', NULL, '!($.age_years >= 20 && $.age_years < 75)', 'No calorie deficit before 20 or from 75 years: muscle and bone come first.', 'ESPEN geriatrics 2019', 2019),
('energy_no_loss_frail',      'energy_kcal', 'no_decrease', NULL, '$.frail == "yes"', 'No calorie deficit in frailty: protein and strength first.', 'ESPEN geriatrics 2019', 2019),
('energy_no_loss_pregnant',   'energy_kcal', 'no_decrease', NULL, '$.pregnant == "yes" || $.breastfeeding == "yes"', 'No calorie deficit in pregnancy or while breast-feeding.', 'DGA 2020-25', 2020),
('energy_bmi_16',             'energy_kcal', 'forbid', NULL, '$.bmi_kg_m2 < 16', 'Below BMI 16 refeeding is dangerous without a doctor.', 'NICE CG32', 2006),
('energy_eating_disorder',    'energy_kcal', 'forbid', NULL, '$.eating_disorder == "yes"', 'No calorie goals with an eating disorder.', 'NICE NG69, eating disorders', 2017),
('weight_floor_tenth',        'weight_kg', 'floor', '$.weight_kg * 0.9', NULL, 'At most a tenth of the weight, over half a year.', 'AHA/ACC/TOS 2013', 2013),
('weight_floor_bmi_22',       'weight_kg', 'floor', '22 * $.height_cm * $.height_cm / 10000', NULL, 'Not below BMI 22.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('weight_floor_bmi_22_own',   'weight_kg', 'floor', '22 * $.weight_kg / $.bmi_kg_m2', NULL, 'Not below BMI 22, by the recorded BMI.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('weight_cap_tenth',          'weight_kg', 'cap', '$.weight_kg * 1.1', NULL, 'At most a tenth of the weight.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('weight_cap_bmi_22',         'weight_kg', 'cap', '22 * $.height_cm * $.height_cm / 10000', NULL, 'Gain up to BMI 22.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('weight_cap_bmi_22_own',     'weight_kg', 'cap', '22 * $.weight_kg / $.bmi_kg_m2', NULL, 'Gain up to BMI 22, by the recorded BMI.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('weight_no_gain',            'weight_kg', 'no_increase', NULL, '!($.bmi_kg_m2 < 18.5) || exists($ ? (@.weight_kg * 10000 >= 18.5 * @.height_cm * @.height_cm))', 'Gaining weight is advised in underweight only (BMI below 18.5).', 'WHO 2000', 2000),
('weight_no_loss_bmi',        'weight_kg', 'no_decrease', NULL, '!($.bmi_kg_m2 >= 22) || exists($ ? (@.weight_kg * 10000 < 22 * @.height_cm * @.height_cm))', 'No weight loss below BMI 22.', 'AHA/ACC/TOS 2013', 2013),
('weight_no_loss_age',        'weight_kg', 'no_decrease', NULL, '!($.age_years >= 20 && $.age_years < 75)', 'No weight loss before 20 or from 75 years: muscle and bone come first.', 'ESPEN geriatrics 2019', 2019),
('weight_no_loss_frail',      'weight_kg', 'no_decrease', NULL, '$.frail == "yes"', 'No weight loss in frailty: protein and strength first.', 'ESPEN geriatrics 2019', 2019),
('weight_no_loss_pregnant',   'weight_kg', 'no_decrease', NULL, '$.pregnant == "yes" || $.breastfeeding == "yes"', 'No weight loss in pregnancy or while breast-feeding.', 'DGA 2020-25', 2020),
('weight_bmi_16',             'weight_kg', 'forbid', NULL, '$.bmi_kg_m2 < 16', 'Below BMI 16 weight belongs in a doctor''s hands.', 'NICE CG32', 2006),
('weight_eating_disorder',    'weight_kg', 'forbid', NULL, '$.eating_disorder == "yes"', 'No weight goals with an eating disorder.', 'NICE NG69, eating disorders', 2017);

-- 4.3 Diet. S: sugar to 20 g, saturated fat to 5 g, sodium to 1500 mg, fibre to 45 g and 20 g at once,
-- potassium to 4700 mg and 1500 mg at once, not with medicines or diseases that hold it back; the rest to 0.
-- Less than S: salt is never raised; with diabetes medicine sugar falls by 50 g at once.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('sugar_no_increase',         'sugar_g', 'no_increase', NULL, NULL, 'Sugar is never raised.', 'WHO 2015', 2015),
('sugar_floor',               'sugar_g', 'floor', '20', NULL, 'Fruit and milk alone hold 20 g of sugar.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('sugar_floor_diabetes',      'sugar_g', 'floor', '$.sugar_g - 50', '!($.diabetes_medication == "no")', 'With diabetes medicine less sugar needs small steps, with the care team.', 'ADA 2025', 2025),
('added_sugar_no_increase',   'added_sugar_g', 'no_increase', NULL, NULL, 'Added sugar is never raised.', 'WHO 2015', 2015),
('added_sugar_floor',         'added_sugar_g', 'floor', '0', NULL, 'None is the end.', 'WHO 2015', 2015),
('added_sugar_floor_diabetes', 'added_sugar_g', 'floor', '$.added_sugar_g - 50', '!($.diabetes_medication == "no")', 'With diabetes medicine less sugar needs small steps, with the care team.', 'ADA 2025', 2025),
('sugary_drinks_no_increase', 'sugary_drinks_week', 'no_increase', NULL, NULL, 'Sweet drinks are never raised.', 'DGA 2020-25', 2020),
('sugary_drinks_floor',       'sugary_drinks_week', 'floor', '0', NULL, 'None is the end.', 'DGA 2020-25', 2020),
('saturated_fat_no_increase', 'saturated_fat_g', 'no_increase', NULL, NULL, 'Saturated fat is never raised.', 'WHO 2023', 2023),
('saturated_fat_floor',       'saturated_fat_g', 'floor', '5', NULL, 'A normal diet holds at least 5 g.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('sodium_no_increase',        'sodium_mg', 'no_increase', NULL, NULL, 'Salt is never raised.', 'WHO 2012', 2012),
('sodium_floor',              'sodium_mg', 'floor', '1500', NULL, 'Not below 1500 mg.', 'DRI 2019; AHA/ACC 2025', 2025),
('sodium_heart_failure',      'sodium_mg', 'forbid', NULL, '$.heart_failure == "yes" || $.diuretic_medication == "yes" || $.low_blood_sodium == "yes"', 'With heart failure, diuretics or low blood sodium, salt and fluid belong to the doctor.', 'AHA/ACC/HFSA 2022, heart failure', 2022),
('sodium_low_bp',             'sodium_mg', 'no_decrease', NULL, '$.systolic_mmhg < 90', 'No less salt when blood pressure is low (below 90).', 'AHA', 2024),
('fiber_no_decrease',         'fiber_g', 'no_decrease', NULL, NULL, 'Fibre is never lowered.', 'WHO 2023', 2023),
('fiber_cap',                 'fiber_g', 'cap', '45', NULL, 'Up to 45 g.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('fiber_cap_step',            'fiber_g', 'cap', '$.fiber_g + 20', NULL, 'At most 20 g more, slowly.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('fiber_bowel',               'fiber_g', 'no_increase', NULL, '$.bowel_disease == "yes"', 'No fast fibre rise with irritable bowel or strictures.', 'NICE CG61', 2008),
('potassium_no_decrease',     'potassium_mg', 'no_decrease', NULL, NULL, 'Potassium is never lowered.', 'WHO 2012', 2012),
('potassium_cap',             'potassium_mg', 'cap', '4700', NULL, 'Up to 4700 mg from food.', 'DRI 2005; ACC/AHA 2017', 2017),
('potassium_cap_step',        'potassium_mg', 'cap', '$.potassium_mg + 1500', NULL, 'At most 1500 mg more.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('potassium_bp_medication',   'potassium_mg', 'no_increase', NULL, '!($.bp_medication == "no")', 'Some blood-pressure medicines hold potassium back: no increase.', 'AHA/ACC 2025', 2025),
('potassium_diabetes_medication', 'potassium_mg', 'no_increase', NULL, '!($.diabetes_medication == "no")', 'With diabetes medicine the kidneys must be known before potassium rises.', 'KDOQI 2020', 2020),
('potassium_diabetes',        'potassium_mg', 'no_increase', NULL, '!($.diabetes_diagnosed == "no")', 'With diabetes the kidneys must be known before potassium rises.', 'KDOQI 2020', 2020),
('potassium_cvd',             'potassium_mg', 'no_increase', NULL, '!($.cardiovascular_disease == "no")', 'With heart or vessel disease medicines may hold potassium back: no increase.', 'AHA/ACC 2025', 2025),
('potassium_kidney',          'potassium_mg', 'no_increase', NULL, '$.kidney_disease == "yes" || $.egfr_ml_min < 60', 'No more potassium with weak kidneys.', 'AHA/ACC 2025; KDOQI 2020', 2025),
('potassium_diuretic',        'potassium_mg', 'no_increase', NULL, '$.diuretic_medication == "yes"', 'Some diuretics hold potassium back: no increase.', 'AHA/ACC 2025', 2025),
('fruit_veg_no_decrease',     'fruit_vegetables_g', 'no_decrease', NULL, NULL, 'Fruit and vegetables are never lowered.', 'WHO 2023', 2023),
('fruit_veg_cap',             'fruit_vegetables_g', 'cap', '800', NULL, 'Up to 800 g.', 'Aune 2017', 2017),
('fruit_veg_cap_step',        'fruit_vegetables_g', 'cap', '$.fruit_vegetables_g + 240', NULL, 'At most three portions more.', 'WHO 2023', 2023),
('fruit_veg_kidney',          'fruit_vegetables_g', 'no_increase', NULL, '$.kidney_disease == "yes" || $.egfr_ml_min < 60', 'With weak kidneys potassium in fruit and vegetables is for the care team.', 'KDOQI 2020', 2020),
('fruit_veg_warfarin',        'fruit_vegetables_g', 'no_increase', NULL, '$.warfarin == "yes"', 'No abrupt change of leafy vegetables with warfarin.', 'ACCP 2012, antithrombotic therapy', 2012),
('caffeine_no_increase',      'caffeine_mg', 'no_increase', NULL, NULL, 'Caffeine is never raised.', 'EFSA 2015', 2015),
('caffeine_floor',            'caffeine_mg', 'floor', '0', NULL, 'None is the end.', 'EFSA 2015', 2015),
('fast_food_no_increase',     'fast_food_meals_week', 'no_increase', NULL, NULL, 'Fast food is never raised.', 'DGA 2020-25', 2020),
('fast_food_floor',           'fast_food_meals_week', 'floor', '0', NULL, 'None is the end.', 'DGA 2020-25', 2020);

-- 4.4 Alcohol and tobacco only fall. Heavy drinking (8 drinks a week in women, 15 in men; 416 and 780 a year)
-- must not stop abruptly: no advice, a doctor. Not known to be below that counts as heavy, and as a woman; of two
-- measures (days and drinks a day, drinks a week) each that is recorded must be below.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('alcohol_g_no_increase',     'alcohol_g', 'no_increase', NULL, NULL, 'Alcohol is never raised.', 'AHA/ACC 2025; WHO 2023', 2025),
('alcohol_days_no_increase',  'alcohol_days_year', 'no_increase', NULL, NULL, 'Alcohol is never raised.', 'AHA/ACC 2025; WHO 2023', 2025),
('drinks_day_no_increase',    'drinks_per_drinking_day', 'no_increase', NULL, NULL, 'Alcohol is never raised.', 'AHA/ACC 2025; WHO 2023', 2025),
('drinks_week_no_increase',   'drinks_per_week', 'no_increase', NULL, NULL, 'Alcohol is never raised.', 'AHA/ACC 2025; WHO 2023', 2025),
('alcohol_g_floor',           'alcohol_g', 'floor', '0', NULL, 'None is the end.', 'AHA/ACC 2025', 2025),
('alcohol_days_floor',        'alcohol_days_year', 'floor', '0', NULL, 'None is the end.', 'AHA/ACC 2025', 2025),
('drinks_day_floor',          'drinks_per_drinking_day', 'floor', '0', NULL, 'None is the end.', 'AHA/ACC 2025', 2025),
('drinks_week_floor',         'drinks_per_week', 'floor', '0', NULL, 'None is the end.', 'AHA/ACC 2025', 2025),
('alcohol_g_heavy',           'alcohol_g', 'forbid', NULL, '!((($.alcohol_days_year * $.drinks_per_drinking_day < 416 || ($.sex == "male" && $.alcohol_days_year * $.drinks_per_drinking_day < 780)) && ($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15) || !exists($.drinks_per_week))) || (($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15)) && (!exists($.alcohol_days_year) || !exists($.drinks_per_drinking_day))) || (!exists($.alcohol_days_year) && !exists($.drinks_per_week) && $.alcohol_g < 16))', 'Heavy drinking is not stopped abruptly without help.', 'NIAAA (8 and 15 drinks a week)', 2024),
('alcohol_days_heavy',        'alcohol_days_year', 'forbid', NULL, '!((($.alcohol_days_year * $.drinks_per_drinking_day < 416 || ($.sex == "male" && $.alcohol_days_year * $.drinks_per_drinking_day < 780)) && ($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15) || !exists($.drinks_per_week))) || (($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15)) && (!exists($.alcohol_days_year) || !exists($.drinks_per_drinking_day))))', 'Heavy drinking is not stopped abruptly without help.', 'NIAAA (8 and 15 drinks a week)', 2024),
('drinks_day_heavy',          'drinks_per_drinking_day', 'forbid', NULL, '!((($.alcohol_days_year * $.drinks_per_drinking_day < 416 || ($.sex == "male" && $.alcohol_days_year * $.drinks_per_drinking_day < 780)) && ($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15) || !exists($.drinks_per_week))) || (($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15)) && (!exists($.alcohol_days_year) || !exists($.drinks_per_drinking_day))))', 'Heavy drinking is not stopped abruptly without help.', 'NIAAA (8 and 15 drinks a week)', 2024),
('drinks_week_heavy',         'drinks_per_week', 'forbid', NULL, '!((($.alcohol_days_year * $.drinks_per_drinking_day < 416 || ($.sex == "male" && $.alcohol_days_year * $.drinks_per_drinking_day < 780)) && ($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15) || !exists($.drinks_per_week))) || (($.drinks_per_week < 8 || ($.sex == "male" && $.drinks_per_week < 15)) && (!exists($.alcohol_days_year) || !exists($.drinks_per_drinking_day))))', 'Heavy drinking is not stopped abruptly without help.', 'NIAAA (8 and 15 drinks a week)', 2024),
('cigarettes_no_increase',    'cigarettes_per_day', 'no_increase', NULL, NULL, 'Smoking is never raised.', 'USPSTF 2021', 2021),
('cigarettes_floor',          'cigarettes_per_day', 'floor', '0', NULL, 'None is the goal.', 'USPSTF 2021', 2021);

-- 4.5 Movement and sitting. S: walking to 840, moderate to 600 (300 more at once), vigorous to 300 (150 at once),
-- vigorous not above 75 years, with heart or vessel disease, or BP 180/110; sitting to 120 min. None falls but sitting.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('walk_no_decrease',          'walk_bike_min_week', 'no_decrease', NULL, NULL, 'Walking is never lowered.', 'WHO 2020', 2020),
('walk_cap',                  'walk_bike_min_week', 'cap', '840', NULL, 'Up to two hours a day.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('walk_cap_step',             'walk_bike_min_week', 'cap', '$.walk_bike_min_week + 300', NULL, 'At most 300 min a week more.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('moderate_no_decrease',      'moderate_exercise_min_week', 'no_decrease', NULL, NULL, 'Exercise is never lowered.', 'WHO 2020', 2020),
('moderate_cap',              'moderate_exercise_min_week', 'cap', '600', NULL, 'Up to 600 min a week.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('moderate_cap_step',         'moderate_exercise_min_week', 'cap', '$.moderate_exercise_min_week + 300', NULL, 'At most 300 min a week more.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('moderate_cap_diabetes',     'moderate_exercise_min_week', 'cap', '$.moderate_exercise_min_week + 150', '$.diabetes_medication == "yes"', 'With diabetes medicine exercise grows in smaller steps, with the care team (low sugar).', 'ADA 2025', 2025),
('moderate_cap_cvd',          'moderate_exercise_min_week', 'cap', '$.moderate_exercise_min_week + 150', '$.cardiovascular_disease == "yes"', 'With heart or vessel disease exercise grows in smaller steps.', 'AHA', 2020),
('vigorous_no_decrease',      'vigorous_exercise_min_week', 'no_decrease', NULL, NULL, 'Exercise is never lowered.', 'WHO 2020', 2020),
('vigorous_cap',              'vigorous_exercise_min_week', 'cap', '300', NULL, 'Up to 300 min a week.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('vigorous_cap_step',         'vigorous_exercise_min_week', 'cap', '$.vigorous_exercise_min_week + 150', NULL, 'At most 150 min a week more.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('vigorous_age',              'vigorous_exercise_min_week', 'no_increase', NULL, '!($.age_years <= 75)', 'No new vigorous exercise above 75 years.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025),
('vigorous_cvd',              'vigorous_exercise_min_week', 'no_increase', NULL, '!($.cardiovascular_disease == "no")', 'Vigorous exercise needs a doctor''s clearance with heart or vessel disease, or when it is not known.', 'AHA 2020; ACSM', 2020),
('vigorous_bp',               'vigorous_exercise_min_week', 'no_increase', NULL, '!($.systolic_mmhg < 180) || !($.diastolic_mmhg < 110)', 'No vigorous exercise at 180/110 or more, or when blood pressure is not known.', 'AHA; ACSM', 2020),
('vigorous_frail',            'vigorous_exercise_min_week', 'no_increase', NULL, '$.frail == "yes" || $.pregnant == "yes" || $.diabetic_eye_foot_disease == "yes"', 'No new vigorous exercise in frailty, pregnancy, or with diabetic eye, nerve or foot disease.', 'ADA 2025; WHO 2020', 2025),
('steps_no_decrease',         'steps_per_day', 'no_decrease', NULL, NULL, 'Steps are never lowered.', 'WHO 2020', 2020),
('steps_cap',                 'steps_per_day', 'cap', '10000', NULL, 'Up to 10000 steps.', 'Paluch 2022', 2022),
('steps_cap_60',              'steps_per_day', 'cap', '8000', '!($.age_years < 60)', 'Up to 8000 steps from 60 years.', 'Paluch 2022', 2022),
('steps_cap_step',            'steps_per_day', 'cap', '$.steps_per_day + 3000', NULL, 'At most 3000 steps more.', 'Paluch 2022', 2022),
('sedentary_no_increase',     'sedentary_min_day', 'no_increase', NULL, NULL, 'Sitting is never raised.', 'WHO 2020', 2020),
('sedentary_floor',           'sedentary_min_day', 'floor', '120', NULL, 'Two hours of sitting are part of a day.', 'hadvice safety limit (test/data/safe_ranges.sql)', 2025);

-- 4.6 Sleep. S: 7 to 9 h. Less than S: who sleeps 7 to 9 h keeps it; from 65 years up to 8 h; long sleep falls to 9 h.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('sleep_floor',               'sleep_hours', 'floor', '9', NULL, 'Only sleep above 9 h may become shorter.', 'AASM/SRS 2015', 2015),
('sleep_cap',                 'sleep_hours', 'cap', '9', NULL, 'Up to 9 h.', 'NSF 2015', 2015),
('sleep_cap_65',              'sleep_hours', 'cap', '8', '!($.age_years < 65)', 'Up to 8 h from 65 years.', 'NSF 2015', 2015),
('sleep_enough',              'sleep_hours', 'no_increase', NULL, '!($.sleep_hours < 7)', 'Seven hours and more are enough.', 'AASM/SRS 2015', 2015),
('sleep_apnoea_shift',        'sleep_hours', 'forbid', NULL, '$.sleep_apnoea == "yes" || $.night_shift == "yes"', 'With sleep apnoea or night shifts more hours are not the answer.', 'AASM 2019, sleep apnoea', 2019);

-- 4.7 Off by default: for tables that record pregnancy for every woman. With it, a woman of 15-49 years is taken for
-- pregnant unless the record says no. Most tables have no such column (NHANES leaves pregnant women out), and there
-- it would stop all weight advice to young women. Switch on:  UPDATE hadvice.rules SET active = true,
-- approved_by = '...', approved_at = now() WHERE id IN ('energy_pregnancy_unknown', 'weight_pregnancy_unknown');
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year, active) VALUES
('energy_pregnancy_unknown',  'energy_kcal', 'no_decrease', NULL, '!($.sex == "male") && !($.age_years < 15) && !($.age_years > 49) && !($.pregnant == "no")', 'No calorie deficit while pregnancy is possible.', 'DGA 2020-25', 2020, false),
('weight_pregnancy_unknown',  'weight_kg',   'no_decrease', NULL, '!($.sex == "male") && !($.age_years < 15) && !($.age_years > 49) && !($.pregnant == "no")', 'No weight loss while pregnancy is possible.', 'DGA 2020-25', 2020, false);

-- 4.8 Red flags. They never hold by mere absence of a value. What they stop is said by the rules above.
INSERT INTO hadvice.rules (id, feature, effect, applies_when, reason, source, year) VALUES
('refer_chest_pain',          'chest_pain', 'refer', '$.chest_pain == "yes"', 'Chest pain: call emergency services if it is there now, otherwise see a doctor today.', 'AHA', 2021),
('refer_self_harm',           'self_harm_thoughts', 'refer', '$.self_harm_thoughts == "yes"', 'Thoughts of harming yourself: please talk to a doctor, a crisis line or someone close to you today.', 'PHQ-9 item 9', 2001),
('refer_bp_crisis',           'systolic_mmhg', 'refer', '$.systolic_mmhg >= 180 || $.diastolic_mmhg >= 120', 'Blood pressure of 180/120 or more: measure again and see a doctor today; with chest pain, breathlessness or weakness call emergency services.', 'ACC/AHA 2017, kept 2025', 2025),
('refer_bp_160',              'systolic_mmhg', 'refer', '($.systolic_mmhg >= 160 || $.diastolic_mmhg >= 100) && !($.systolic_mmhg >= 180 || $.diastolic_mmhg >= 120)', 'Blood pressure of 160/100 or more: have it checked by a doctor in the next weeks.', 'ACC/AHA 2017: stage 2; NICE NG136: 160/100', 2022),
('refer_bmi_16',              'bmi_kg_m2', 'refer', '$.bmi_kg_m2 < 16', 'BMI below 16: see a doctor this week; gaining weight needs medical care.', 'NICE CG32', 2006),
('refer_phq9_15',             'depression_phq9', 'refer', '$.depression_phq9 >= 15', 'A PHQ-9 score of 15 or more points to depression: see a doctor this week; treatment helps.', 'Kroenke 2001', 2001),
('refer_phq9_10',             'depression_phq9', 'refer', '$.depression_phq9 >= 10 && $.depression_phq9 < 15', 'A PHQ-9 score of 10 or more: talk it over with a doctor or a counsellor.', 'Kroenke 2001; USPSTF 2023', 2023),
('refer_gad7_15',             'anxiety_gad7', 'refer', '$.anxiety_gad7 >= 15', 'A GAD-7 score of 15 or more points to severe anxiety: see a doctor soon; treatment helps.', 'Spitzer 2006', 2006),
('refer_glucose_low',         'fasting_glucose_mg_dl', 'refer', '$.fasting_glucose_mg_dl < 54', 'Glucose below 54 mg/dl: see a doctor now, above all if you take diabetes medicine.', 'ADA 2025', 2025),
('refer_hba1c_new',           'hba1c_percent', 'refer', '$.hba1c_percent >= 6.5 && !($.diabetes_diagnosed == "yes")', 'HbA1c of 6.5 % or more without known diabetes: have it confirmed by a doctor.', 'ADA 2025', 2025),
('refer_glucose_new',         'fasting_glucose_mg_dl', 'refer', '$.fasting_glucose_mg_dl >= 126 && !($.diabetes_diagnosed == "yes")', 'Fasting glucose of 126 mg/dl or more without known diabetes: have it confirmed by a doctor.', 'ADA 2025', 2025),
('refer_hba1c_10',            'hba1c_percent', 'refer', '$.hba1c_percent >= 10 && $.diabetes_diagnosed == "yes"', 'HbA1c of 10 % or more: see your diabetes team soon.', 'ADA 2025', 2025),
('refer_triglycerides_500',   'triglycerides_mg_dl', 'refer', '$.triglycerides_mg_dl >= 500', 'Triglycerides of 500 mg/dl or more can inflame the pancreas: see a doctor.', 'NCEP ATP III 2002', 2002),
('refer_ldl_190',             'ldl_mg_dl', 'refer', '$.ldl_mg_dl >= 190', 'LDL of 190 mg/dl or more: see a doctor, it may run in the family.', 'NCEP ATP III 2002; ACC/AHA 2018', 2018),
('refer_egfr_30',             'egfr_ml_min', 'refer', '$.egfr_ml_min < 30', 'Kidney function below 30: diet and medicines belong to a kidney specialist.', 'KDIGO 2024', 2024),
('refer_pulse_131',           'pulse_bpm', 'refer', '$.pulse_bpm >= 131', 'A resting pulse above 130: see a doctor today.', 'RCP NEWS2 2017', 2017),
('refer_heavy_drinking',      'drinks_per_drinking_day', 'refer', '($.sex == "female" && exists($ ? (@.alcohol_days_year * @.drinks_per_drinking_day >= 416))) || exists($ ? (@.alcohol_days_year * @.drinks_per_drinking_day >= 780)) || ($.sex == "female" && $.drinks_per_week >= 8) || $.drinks_per_week >= 15', 'Your drinking is in the range that harms: do not stop abruptly, ask a doctor how to cut down.', 'NIAAA (8 and 15 drinks a week)', 2024),
('refer_eating_disorder',     'eating_disorder', 'refer', '$.eating_disorder == "yes"', 'With an eating disorder, eating and weight goals belong to your care team.', 'NICE NG69, eating disorders', 2017),
('refer_sleep_apnoea',        'sleep_apnoea', 'refer', '$.sleep_apnoea == "yes"', 'Sleep apnoea: tired days or loud snoring in spite of treatment are for your sleep clinic.', 'AASM 2019, sleep apnoea', 2019),
('refer_pregnant',            'pregnant', 'refer', '$.pregnant == "yes"', 'In pregnancy, goals for weight, food and exercise belong to your midwife or doctor.', 'DGA 2020-25', 2020),
('refer_under_18',            'age_years', 'refer', '$.age_years < 18', 'These recommendations are for adults: please ask a doctor for children and young people.', 'WHO 2020', 2020);


-- ---------------------------------------------------------------------------------------------------
-- 5. Effect priors: what trials found
-- ---------------------------------------------------------------------------------------------------
-- "hypertensive" is a diagnosis or 140/90. Figures are those of the source at the size of its trials; nothing
-- is scaled up. sd is wide where a conversion was needed (soluble to total fibre, g to Hedges to points).

INSERT INTO hadvice.effect_priors (action, outcome, precedence, per, effect, sd, applies_when, source, year) VALUES
('weight_kg', 'systolic_mmhg',  0, -1, -0.5,  0.3, NULL, 'ACC/AHA 2017: -2 to -3 per 5 kg in normal blood pressure', 2017),
('weight_kg', 'systolic_mmhg', 10, -1, -1.05, 0.4, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'Neter 2003, 25 trials: -1.05 (0.66 to 1.43) per kg; ACC/AHA 2017: about 1 per kg', 2003),
('weight_kg', 'diastolic_mmhg', 0, -1, -0.6,  0.3, NULL, 'Neter 2003: untreated -2.91 per 5.1 kg', 2003),
('weight_kg', 'diastolic_mmhg', 10, -1, -0.92, 0.4, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'Neter 2003: -0.92 (0.55 to 1.28) per kg', 2003),
('weight_kg', 'ldl_mg_dl',      0, -1, -0.8,  0.5, NULL, 'Dattilo 1992, 70 studies: -0.77 per kg; Hasan 2020: -1.28', 1992),
('weight_kg', 'total_cholesterol_mg_dl', 0, -1, -1.5, 0.9, NULL, 'Dattilo 1992; 1.3 % per kg in the review of 14 two-year studies (Obes Rev 2010)', 1992),
('weight_kg', 'triglycerides_mg_dl', 0, -1, -1.5, 1.2, NULL, 'Dattilo 1992: -1.33 per kg; Hasan 2020: -4.0', 1992),
('weight_kg', 'hdl_mg_dl',      0, -1, 0.35,  0.2, NULL, 'Dattilo 1992: +0.35 per kg once weight is stable', 1992),
('weight_kg', 'hba1c_percent', 10, -1, -0.1,  0.05, '$.diabetes_diagnosed == "yes"', 'Gummesson 2017, 58 trials in type 2 diabetes: -0.1 per kg', 2017),
('energy_kcal', 'bmi_kg_m2',    0, -500, -1.8, 0.9, '$.bmi_kg_m2 >= 25', 'AHA/ACC/TOS 2013: 500-750 kcal less, about 5 kg in six months; 1.8 kg/m2 at 167 cm', 2013),
('sodium_mg', 'systolic_mmhg',  0, -1725, -2.4, 0.7, NULL, 'He 2013, 34 trials, 75 mmol less: normal pressure -2.42 (1.29 to 3.56); ACC/AHA 2017: -2 to -3', 2013),
('sodium_mg', 'systolic_mmhg', 10, -1725, -5.4, 1.0, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'He 2013, 75 mmol less: hypertensive -5.39; ACC/AHA 2017: -5 to -6', 2013),
('sodium_mg', 'diastolic_mmhg', 0, -1725, -1.0, 0.5, NULL, 'He 2013: normal pressure -1.00 (0.15 to 1.85)', 2013),
('sodium_mg', 'diastolic_mmhg', 10, -1725, -2.8, 0.7, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'He 2013: hypertensive -2.82 (2.11 to 3.54)', 2013),
('potassium_mg', 'systolic_mmhg', 0, 2000, -1.0, 1.0, NULL, 'Aburto 2013: no clear effect in normal pressure; ACC/AHA 2017: -2', 2013),
('potassium_mg', 'systolic_mmhg', 10, 2000, -4.5, 1.5, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'ACC/AHA 2017: -4 to -5; Poorolajal 2017: -4.25 (2.53 to 5.96); about 50 mmol', 2017),
('moderate_exercise_min_week', 'systolic_mmhg',   0, 150, -2.0, 1.2, NULL, 'ACC/AHA 2017: -2 to -4; Cornelissen 2013: normal -0.75, high normal -2.1', 2017),
('moderate_exercise_min_week', 'systolic_mmhg',  10, 150, -6.5, 2.0, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'ACC/AHA 2017, 90-150 min/week: -5 to -8; Cornelissen 2013: -8.3', 2017),
('moderate_exercise_min_week', 'diastolic_mmhg',  0, 150, -1.5, 0.8, NULL, 'Cornelissen 2013: normal -1.1, high normal -1.7', 2013),
('moderate_exercise_min_week', 'diastolic_mmhg', 10, 150, -5.0, 1.5, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'Cornelissen 2013: -5.2 (3.4 to 6.8); 2005: -4.9', 2013),
('moderate_exercise_min_week', 'hdl_mg_dl',       0, 150,  2.5, 1.0, NULL, 'Kodama 2007, 25 trials: +2.53, from 120 min/week', 2007),
('moderate_exercise_min_week', 'hba1c_percent',  10, 150, -0.67, 0.25, '$.diabetes_diagnosed == "yes"', 'Umpierre 2011, 47 trials: -0.67 (0.49 to 0.84); -0.36 up to 150 min/week, -0.89 above', 2011),
('moderate_exercise_min_week', 'depression_phq9', 10, 150, -2.0, 1.2, '$.depression_phq9 >= 10', 'Noetel 2024, mixed aerobic exercise: g -0.43; taken as 5 points per sd', 2024),
('vigorous_exercise_min_week', 'systolic_mmhg',   0, 75, -2.0, 1.4, NULL, 'as moderate exercise, half the minutes (WHO 2020)', 2017),
('vigorous_exercise_min_week', 'systolic_mmhg',  10, 75, -6.5, 2.5, '$.hypertension_diagnosed == "yes" || $.systolic_mmhg >= 140 || $.diastolic_mmhg >= 90', 'as moderate exercise, half the minutes (WHO 2020)', 2017),
('vigorous_exercise_min_week', 'diastolic_mmhg',  0, 75, -1.5, 1.0, NULL, 'as moderate exercise, half the minutes (WHO 2020)', 2013),
('vigorous_exercise_min_week', 'hdl_mg_dl',       0, 75,  2.5, 1.2, NULL, 'as moderate exercise, half the minutes (WHO 2020)', 2007),
('vigorous_exercise_min_week', 'hba1c_percent',  10, 75, -0.67, 0.3, '$.diabetes_diagnosed == "yes"', 'as moderate exercise, half the minutes (WHO 2020)', 2011),
('walk_bike_min_week', 'systolic_mmhg',   0, 150, -4.1, 1.8, NULL, 'Cochrane 2021 (CD008823), 73 trials, 153 min/week: -4.1', 2021),
('walk_bike_min_week', 'diastolic_mmhg',  0, 150, -1.8, 0.9, NULL, 'Cochrane 2021 (CD008823): -1.8', 2021),
('walk_bike_min_week', 'depression_phq9', 10, 150, -3.0, 1.5, '$.depression_phq9 >= 10', 'Noetel 2024, walking or jogging: g -0.62 (0.45 to 0.80); taken as 5 points per sd', 2024),
('sedentary_min_day', 'systolic_mmhg',    0, -60, -1.1, 1.0, NULL, 'Hadgraft 2021, 33 trials: -1.1; the reduction taken as 60 min/day', 2021),
('sedentary_min_day', 'waist_cm',         0, -60, -0.7, 0.6, NULL, 'Hadgraft 2021: -0.7; the reduction taken as 60 min/day', 2021),
('sedentary_min_day', 'hdl_mg_dl',        0, -60,  1.5, 1.2, NULL, 'Hadgraft 2021: +0.04 mmol/l; the reduction taken as 60 min/day', 2021),
('fiber_g', 'ldl_mg_dl',                  0, 10, -5.5, 2.5, NULL, 'Brown 1999, 67 trials: -0.057 mmol/l per g soluble; a quarter of fibre taken as soluble', 1999),
('fiber_g', 'total_cholesterol_mg_dl',    0, 10, -4.4, 2.0, NULL, 'Brown 1999: -0.045 mmol/l per g soluble; a quarter of fibre taken as soluble', 1999),
('saturated_fat_g', 'ldl_mg_dl',          0, -10, -8.0, 2.0, NULL, 'Mensink (WHO) 2016, 74 trials: -0.042 (MUFA) to -0.055 mmol/l (PUFA) per 1 % of energy; 10 g is 4.5 % of 2000 kcal', 2016),
('saturated_fat_g', 'total_cholesterol_mg_dl', 0, -10, -9.5, 2.5, NULL, 'Mensink (WHO) 2016: -0.046 to -0.064 mmol/l per 1 % of energy', 2016),
('alcohol_g', 'systolic_mmhg',            0, -14,  0.0, 0.7, NULL, 'Roerecke 2017, 36 trials: no clear change up to two drinks a day', 2017),
('alcohol_g', 'systolic_mmhg',           10, -14, -1.0, 0.6, '$.alcohol_g > 28', 'ACC/AHA 2017: -3 to -4 for cutting three drinks or more a day', 2017);


-- ---------------------------------------------------------------------------------------------------
-- 6. Keeping it: who may change what, and how a change survives dump and restore
-- ---------------------------------------------------------------------------------------------------
-- Dumped are rows a user added or changed. A built-in row cannot be deleted or renamed (it would come back at
-- the next restore); it can be changed, and inserting a row with its key is that same change: so a restore,
-- where CREATE EXTENSION fills the tables first, ends with the user's version. (A restore that disables
-- triggers does not.) Update scripts of the extension disable the trigger, and leave changed rows alone.

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
    IF NOT OLD.builtin THEN
        NEW.changed := false;
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM unnest(TG_ARGV) k WHERE to_jsonb(NEW) -> k <> to_jsonb(OLD) -> k) THEN
        RAISE EXCEPTION 'row "%" of hadvice.% is built in and cannot be renamed', row_key, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', HINT = 'Add a row of your own instead.';
    END IF;
    IF TG_TABLE_NAME = 'rules' THEN
        IF (NEW.feature, NEW.effect, NEW.bound::text, NEW.applies_when::text, NEW.active)
           IS DISTINCT FROM (OLD.feature, OLD.effect, OLD.bound::text, OLD.applies_when::text, OLD.active)
           AND (NEW.approved_by IS NULL OR NEW.approved_at IS NOT DISTINCT FROM OLD.approved_at) THEN
            RAISE EXCEPTION 'built-in rule "%" cannot be changed without approval', row_key
                USING ERRCODE = 'restrict_violation',
                      HINT = 'Set approved_by and a new approved_at in the same statement; to restrict further, add a rule of your own.';
        END IF;
    END IF;
    NEW.changed := OLD.changed OR to_jsonb(NEW) - 'changed' <> to_jsonb(OLD) - 'changed';
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION hadvice.catalogue_guard() IS 'Trigger of the catalogue: marks changed built-in rows, keeps them, asks for approval of loosened rules';
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


-- ---------------------------------------------------------------------------------------------------
-- 7. Functions
-- ---------------------------------------------------------------------------------------------------

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

-- What is wrong with the catalogue. Conditions that do not parse cannot be stored; fields they name can be unknown.
CREATE FUNCTION vae_check_catalogue() RETURNS TABLE (problem text, "table" text, key text, hint text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    WITH conditions (tab, key, jp) AS (
        SELECT 'rules', id, applies_when FROM hadvice.rules
        UNION ALL SELECT 'rules', id, bound FROM hadvice.rules
        UNION ALL SELECT 'targets', id, applies_when FROM hadvice.targets
        UNION ALL SELECT 'programmes', programme, applies_when FROM hadvice.programmes
        UNION ALL SELECT 'effect_priors', action || '/' || outcome || '/' || precedence, applies_when FROM hadvice.effect_priors
    ), names (tab, key, name, role) AS (         -- every place that names a feature, and the role it must have there
        SELECT 'targets', id, outcome, 'outcome' FROM hadvice.targets
        UNION ALL SELECT 'rules', id, feature, CASE effect WHEN 'refer' THEN NULL ELSE 'action' END FROM hadvice.rules WHERE feature <> '*'
        UNION ALL SELECT 'programmes', programme, o, 'outcome' FROM hadvice.programmes, unnest(outcomes || focus) o
        UNION ALL SELECT 'effect_priors', action || '/' || outcome || '/' || precedence, action, 'action' FROM hadvice.effect_priors
        UNION ALL SELECT 'effect_priors', action || '/' || outcome || '/' || precedence, outcome, 'outcome' FROM hadvice.effect_priors
        UNION ALL SELECT DISTINCT c.tab, c.key, m[1], NULL FROM conditions c, regexp_matches(c.jp::text, '[$@]\."([^"]+)"', 'g') m
    ), directions (feature, direction) AS (      -- every way an action may go
        SELECT f.feature, d FROM hadvice.features f, unnest('{up,down}'::text[]) d
        WHERE f.role = 'action' AND f.safe_direction IN (d, 'range')
          AND NOT EXISTS (SELECT FROM hadvice.rules r
                          WHERE r.feature IN (f.feature, '*') AND r.active AND r.applies_when IS NULL
                            AND r.effect IN ('forbid', CASE d WHEN 'up' THEN 'no_increase' ELSE 'no_decrease' END))
    ), words (word, feature) AS (
        SELECT feature, feature FROM hadvice.features
        UNION ALL SELECT lower(s), feature FROM hadvice.features, unnest(synonyms) s
    ), bounds AS (                               -- bounds that are plain numbers and always hold
        SELECT feature, max(b) FILTER (WHERE effect = 'floor') AS floor, min(b) FILTER (WHERE effect = 'cap') AS cap
        FROM (SELECT feature, effect, (bound::text)::float8 AS b FROM hadvice.rules
              WHERE active AND applies_when IS NULL AND bound::text ~ '^[0-9.]+$') x GROUP BY feature
    )
    SELECT 'unknown feature "' || name || '"', tab, key, 'Add it to hadvice.features or correct the name.'
    FROM names n WHERE NOT EXISTS (SELECT FROM hadvice.features f WHERE f.feature = n.name)
    UNION ALL
    SELECT format('"%s" is of role %s, not %s', n.name, f.role, n.role), tab, key, 'Correct the name or the role.'
    FROM names n JOIN hadvice.features f ON f.feature = n.name WHERE f.role <> n.role
    UNION ALL
    SELECT 'empty plausible range', 'features', feature, 'plausible_low must be below plausible_high.'
    FROM hadvice.features WHERE plausible_low >= plausible_high
    UNION ALL
    SELECT 'empty recommended range', 'features', feature, 'recommended_low must not be above recommended_high.'
    FROM hadvice.features WHERE recommended_low > recommended_high
    UNION ALL
    SELECT 'recommended range lies outside the plausible one', 'features', feature, 'Correct one of them.'
    FROM hadvice.features WHERE recommended_low < plausible_low OR recommended_low > plausible_high
                             OR recommended_high > plausible_high OR recommended_high < plausible_low
    UNION ALL
    SELECT 'synonym "' || word || '" is used for ' || string_agg(DISTINCT feature, ', '), 'features', min(feature), 'A column name can mean one feature only.'
    FROM words GROUP BY word HAVING count(*) > 1
    UNION ALL
    SELECT 'action without ' || what, 'features', feature, 'Set ' || what || '.'
    FROM hadvice.features, LATERAL (VALUES ('safe_direction', safe_direction IS NULL), ('step', step IS NULL)) v (what, missing)
    WHERE role = 'action' AND missing
    UNION ALL
    SELECT 'an outcome cannot be an action', 'features', feature, 'Actions have stage 0, weight has 1; stage 2 responds to them.'
    FROM hadvice.features WHERE role = 'action' AND stage > CASE domain WHEN 'weight' THEN 1 ELSE 0 END
    UNION ALL
    SELECT 'an outcome needs stage 1 or 2', 'features', feature, 'Stage 0 holds context and behaviour.'
    FROM hadvice.features WHERE role = 'outcome' AND stage = 0
    UNION ALL
    SELECT 'step is larger than max_step', 'features', feature, 'No change is possible.'
    FROM hadvice.features WHERE role = 'action' AND step > max_step
    UNION ALL
    SELECT 'no label', 'features', feature, 'Sentences need one.' FROM hadvice.features WHERE coalesce(label, '') = ''
    UNION ALL
    SELECT 'no source', tab, key, 'Every figure needs its source.'
    FROM (SELECT 'features', feature, source FROM hadvice.features
          UNION ALL SELECT 'targets', id, source FROM hadvice.targets
          UNION ALL SELECT 'rules', id, source FROM hadvice.rules
          UNION ALL SELECT 'programmes', programme, source FROM hadvice.programmes
          UNION ALL SELECT 'effect_priors', action || '/' || outcome || '/' || precedence, source FROM hadvice.effect_priors) x (tab, key, source)
    WHERE coalesce(source, '') = ''
    UNION ALL
    SELECT 'no reason', 'rules', id, 'The person has a right to it.' FROM hadvice.rules WHERE coalesce(reason, '') = ''
    UNION ALL
    SELECT 'empty target range', 'targets', id, 'low must be below high.' FROM hadvice.targets WHERE low >= high
    UNION ALL
    SELECT 'target without scale', 'targets', id, 'Set what counts as one in the search, such as 10 mmHg.'
    FROM hadvice.targets WHERE scale IS NULL
    UNION ALL
    SELECT 'two targets of one precedence for ' || t.outcome, 'targets', min(t.id) || ', ' || max(t.id), 'Only one may count: change a precedence.'
    FROM hadvice.targets t GROUP BY t.outcome, t.programme, t.precedence HAVING count(*) > 1
    UNION ALL
    SELECT 'unknown programme "' || programme || '"', 'targets', id, 'Add it to hadvice.programmes or correct the name.'
    FROM hadvice.targets t WHERE programme IS NOT NULL AND NOT EXISTS (SELECT FROM hadvice.programmes p WHERE p.programme = t.programme)
    UNION ALL
    SELECT 'unknown domain "' || d || '"', 'programmes', programme, 'No feature has it.'
    FROM hadvice.programmes, unnest(domains) d WHERE NOT EXISTS (SELECT FROM hadvice.features f WHERE f.domain = d)
    UNION ALL
    SELECT 'programme without outcomes', 'programmes', programme, 'Nothing would count.' FROM hadvice.programmes WHERE outcomes = '{}'
    UNION ALL
    SELECT 'no programme holds for everyone', 'programmes', NULL, 'One needs applies_when NULL.'
    WHERE NOT EXISTS (SELECT FROM hadvice.programmes WHERE applies_when IS NULL)
    UNION ALL
    SELECT 'floor above cap', 'rules', b.feature, 'The rules contradict each other: nothing can be advised.'
    FROM bounds b JOIN hadvice.features f USING (feature)
    WHERE b.floor > b.cap AND f.safe_direction <> 'range'
    UNION ALL
    SELECT 'the rules stop before the recommended range', 'rules', f.feature, 'The recommended range cannot be reached.'
    FROM hadvice.features f JOIN bounds b USING (feature)
    WHERE (f.safe_direction = 'up' AND b.cap < f.recommended_low) OR (f.safe_direction = 'down' AND b.floor > f.recommended_high)
    UNION ALL
    SELECT format('action may go %s without any bound', d.direction), 'rules', d.feature,
           format('Add a %s.', CASE d.direction WHEN 'up' THEN 'cap' ELSE 'floor' END)
    FROM directions d
    WHERE NOT EXISTS (SELECT FROM hadvice.rules r WHERE r.feature = d.feature AND r.active AND r.applies_when IS NULL
                                                     AND r.effect = CASE d.direction WHEN 'up' THEN 'cap' ELSE 'floor' END)
    UNION ALL
    SELECT 'action can go nowhere', 'rules', f.feature, 'Its rules close every direction for everyone. If that is meant, make it context.'
    FROM hadvice.features f WHERE f.role = 'action' AND f.safe_direction IS NOT NULL
                              AND NOT EXISTS (SELECT FROM directions d WHERE d.feature = f.feature)
    UNION ALL
    SELECT format('no %s text for going %s', l, d.direction), 'texts', d.feature, 'Add a row to hadvice.texts.'
    FROM directions d JOIN hadvice.features f USING (feature), unnest('{en,zh}'::text[]) l
    WHERE (l = 'en' OR f.builtin)
      AND NOT EXISTS (SELECT FROM hadvice.texts t WHERE t.feature = d.feature AND t.direction = d.direction AND t.lang = l)
    UNION ALL
    SELECT 'unknown feature or key "' || feature || '"', 'texts', feature || '/' || direction || '/' || lang,
           'A feature, a rule of effect refer, or a general key; see the comment of hadvice.texts.feature.'
    FROM hadvice.texts t
    WHERE feature NOT IN ('effect', 'effect_trials', 'keep', 'unknown', 'nothing', 'refer', 'guideline') AND feature NOT LIKE 'unit:%'
      AND NOT EXISTS (SELECT FROM hadvice.features f WHERE f.feature = t.feature)
      AND NOT EXISTS (SELECT FROM hadvice.rules r WHERE r.id = t.feature AND r.effect = 'refer')
    UNION ALL
    SELECT 'unknown placeholder ' || m[1], 'texts', feature || '/' || direction || '/' || lang, 'See the comment of hadvice.texts.sentence.'
    FROM hadvice.texts, regexp_matches(sentence, '(\{[^}]*\}?)', 'g') m
    WHERE m[1] NOT IN ('{from}', '{to}', '{change}', '{unit}', '{outcome}', '{effect}', '{low}', '{high}', '{reason}', '{source}')
    UNION ALL
    SELECT 'mapped source no longer exists', 'column_map', source::oid::text || '/' || column_name, 'Delete the row.'
    FROM hadvice.column_map m WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = m.source)
    UNION ALL
    SELECT 'mapped column no longer exists', 'column_map', source || '/' || column_name, 'Call vae_unmap_column.'
    FROM hadvice.column_map m JOIN pg_class c ON c.oid = m.source
    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = m.source AND a.attname = m.column_name AND NOT a.attisdropped)
$$;
COMMENT ON FUNCTION vae_check_catalogue() IS 'Contradictions, gaps and unknown names in the catalogue and the column map; no row means nothing was found';
