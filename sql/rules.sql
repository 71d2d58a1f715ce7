-- hadvice: what advice must not do, and who must see a doctor (hadvice.rules). None is approved: all of them
-- restrict. "S" below is the table of safe intervals that nothing may exceed (test/data/safe_ranges.sql).

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

-- 1. Nobody these adult targets are not made for, and nobody who needs help now.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('all_under_18',              '*', 'forbid', NULL, '!($.age_years >= 18)', 'The targets are for adults; whose age is not recorded may be a child.', 'WHO 2020; DGA 2020-25', 2020),
('all_pregnant',              '*', 'forbid', NULL, '$.pregnant == "yes"', 'In pregnancy goals belong to the midwife or doctor.', 'DGA 2020-25; WHO 2020', 2020),
('all_bp_crisis',             '*', 'forbid', NULL, '$.systolic_mmhg >= 180 || $.diastolic_mmhg >= 120', 'Blood pressure of 180/120 or more comes first: nothing else before a doctor has seen it.', 'ACC/AHA 2017, kept 2025', 2025),
('all_chest_pain',            '*', 'forbid', NULL, '$.chest_pain == "yes"', 'Chest pain comes first: nothing else before a doctor has seen it.', 'AHA', 2021),
('all_self_harm',             '*', 'forbid', NULL, '$.self_harm_thoughts == "yes"', 'Thoughts of self-harm come first: talk to someone today.', 'PHQ-9 item 9', 2001);

-- 2. Energy and weight. S: 1200 kcal, 1000 kcal a day, 10 % and BMI 22 downward; upward only below BMI 18.5.
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
('energy_bmi_16',             'energy_kcal', 'forbid', NULL, '$.bmi_kg_m2 < 16 || exists($ ? (@.weight_kg * 10000 < 16 * @.height_cm * @.height_cm))', 'Below BMI 16 refeeding is dangerous without a doctor.', 'NICE CG32', 2006),
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
('weight_bmi_16',             'weight_kg', 'forbid', NULL, '$.bmi_kg_m2 < 16 || exists($ ? (@.weight_kg * 10000 < 16 * @.height_cm * @.height_cm))', 'Below BMI 16 weight belongs in a doctor''s hands.', 'NICE CG32', 2006),
('weight_eating_disorder',    'weight_kg', 'forbid', NULL, '$.eating_disorder == "yes"', 'No weight goals with an eating disorder.', 'NICE NG69, eating disorders', 2017);

-- 3. Diet. S: sugar to 20 g, saturated fat to 5 g, sodium to 1500 mg, fibre to 45 g and 20 g at once,
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

-- 4. Alcohol and tobacco only fall. Heavy drinking (8 drinks a week in women, 15 in men; 416 and 780 a year)
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

-- 5. Movement and sitting. S: walking to 840, moderate to 600 (300 more at once), vigorous to 300 (150 at once),
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

-- 6. Sleep. S: 7 to 9 h. Less than S: who sleeps 7 to 9 h keeps it; from 65 years up to 8 h; long sleep falls to 9 h.
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year) VALUES
('sleep_floor',               'sleep_hours', 'floor', '9', NULL, 'Only sleep above 9 h may become shorter.', 'AASM/SRS 2015', 2015),
('sleep_cap',                 'sleep_hours', 'cap', '9', NULL, 'Up to 9 h.', 'NSF 2015', 2015),
('sleep_cap_65',              'sleep_hours', 'cap', '8', '!($.age_years < 65)', 'Up to 8 h from 65 years.', 'NSF 2015', 2015),
('sleep_enough',              'sleep_hours', 'no_increase', NULL, '!($.sleep_hours < 7)', 'Seven hours and more are enough.', 'AASM/SRS 2015', 2015),
('sleep_apnoea_shift',        'sleep_hours', 'forbid', NULL, '$.sleep_apnoea == "yes" || $.night_shift == "yes"', 'With sleep apnoea or night shifts more hours are not the answer.', 'AASM 2019, sleep apnoea', 2019);

-- 7. Off by default: for tables that record pregnancy for every woman. With it, a woman of 15-49 years is taken for
-- pregnant unless the record says no. Most tables have no such column (NHANES leaves pregnant women out), and there
-- it would stop all weight advice to young women. Switch on:  UPDATE hadvice.rules SET active = true,
-- approved_by = '...', approved_at = now() WHERE id IN ('energy_pregnancy_unknown', 'weight_pregnancy_unknown');
INSERT INTO hadvice.rules (id, feature, effect, bound, applies_when, reason, source, year, active) VALUES
('energy_pregnancy_unknown',  'energy_kcal', 'no_decrease', NULL, '!($.sex == "male") && !($.age_years < 15) && !($.age_years > 49) && !($.pregnant == "no")', 'No calorie deficit while pregnancy is possible.', 'DGA 2020-25', 2020, false),
('weight_pregnancy_unknown',  'weight_kg',   'no_decrease', NULL, '!($.sex == "male") && !($.age_years < 15) && !($.age_years > 49) && !($.pregnant == "no")', 'No weight loss while pregnancy is possible.', 'DGA 2020-25', 2020, false);

-- 8. Red flags. They never hold by mere absence of a value. What they stop is said by the rules above.
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
