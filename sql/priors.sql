-- hadvice: what trials found (hadvice.effect_priors).
--
-- "hypertensive" is a diagnosis or 140/90. Figures are those of the source at the size of its trials; nothing
-- is scaled up. sd is wide where a conversion was needed (soluble to total fibre, g to Hedges to points).

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

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
