-- hadvice: where outcomes should be, and which count for whom (hadvice.targets, hadvice.programmes).

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

-- Outcomes that measure the same thing share a weight of about one: pressure (systolic, diastolic), sugar
-- (HbA1c, fasting glucose), lipids (four), size (BMI, waist), mood. A value is urgent where guidelines begin
-- to treat: obesity (WHO 2000: BMI 30; Asian populations 27.5, WHO 2004), moderate depression or anxiety (10).
INSERT INTO hadvice.targets (id, outcome, low, high, precedence, priority, scale, urgent, applies_when, source, year) VALUES
('systolic',            'systolic_mmhg',           NULL,  130,  0, 0.7, 10,  NULL, NULL, 'ACC/AHA 2017, kept 2025: below 130', 2025),
('diastolic',           'diastolic_mmhg',          NULL,   80,  0, 0.5, 5,   NULL, NULL, 'ACC/AHA 2017, kept 2025: below 80', 2025),
('hba1c',               'hba1c_percent',           NULL,  5.7,  0, 0.8, 0.5, NULL, NULL, 'ADA 2025: below 5.7', 2025),
('hba1c_diabetes',      'hba1c_percent',           NULL,    7, 10,  0.8,  0.5, NULL, '$.diabetes_diagnosed == "yes"', 'ADA 2025: below 7 for most adults with diabetes', 2025),
('hba1c_diabetes_frail', 'hba1c_percent',           NULL,    8, 20,  0.8,  0.5, NULL, '$.diabetes_diagnosed == "yes" && $.frail == "yes"', 'ADA 2025, older adults with complex health: below 8', 2025),
('glucose',             'fasting_glucose_mg_dl',   NULL,  100,  0, 0.3, 15,  NULL, NULL, 'ADA 2025: below 100', 2025),
('glucose_diabetes',    'fasting_glucose_mg_dl',     80,  130, 10,  0.3,   15,  NULL, '$.diabetes_diagnosed == "yes"', 'ADA 2025: 80-130 with diabetes', 2025),
('total_cholesterol',   'total_cholesterol_mg_dl', NULL,  200,  0, 0.3, 20,  NULL, NULL, 'NCEP ATP III 2002: below 200', 2002),
('ldl',                 'ldl_mg_dl',               NULL,  130,  0, 0.3, 20,  NULL, NULL, 'NCEP ATP III 2002: 130 and more is borderline high', 2002),
('ldl_high_risk',       'ldl_mg_dl',               NULL,  100, 10,  0.3,   20,  NULL, '$.cardiovascular_disease == "yes" || $.diabetes_diagnosed == "yes"', 'NCEP ATP III 2002: below 100; lower goals are the doctor''s', 2002),
('hdl_men',             'hdl_mg_dl',                 40, NULL,  0, 0.4, 5,   NULL, NULL, 'NCEP ATP III 2002: below 40 is low', 2002),
('hdl_women',           'hdl_mg_dl',                 50, NULL, 10, 0.4, 5,   NULL, '$.sex == "female"', 'harmonised metabolic syndrome 2009: women below 50', 2009),
('triglycerides',       'triglycerides_mg_dl',     NULL,  150,  0, 0.2, 50,  NULL, NULL, 'NCEP ATP III 2002: below 150', 2002),
('bmi',                 'bmi_kg_m2',               18.5,   25,  0, 0.8, 2,     30, NULL, 'WHO 2000: 18.5-24.9', 2000),
('bmi_asian',           'bmi_kg_m2',               18.5,   23, 10,  0.8,    2,   27.5, '$.race_ethnicity == "asian"', 'WHO expert consultation 2004: action point 23 for Asian populations', 2004),
('bmi_old',             'bmi_kg_m2',                 22,   30, 20,  0.8,    2,     35, '$.age_years >= 75', 'ESPEN geriatrics 2019: no weight reduction for overweight; below 22 is low', 2019),
('bmi_young',           'bmi_kg_m2',               NULL, NULL, 30, 0,   2,   NULL, '$.age_years < 20', 'adult BMI limits do not hold below 20 years', 2000),
('waist_men',           'waist_cm',                NULL,  102,  0, 0.2, 5,   NULL, NULL, 'NHLBI 1998: men above 102', 1998),
('waist_women',         'waist_cm',                NULL,   88, 10,  0.2,    5,   NULL, '$.sex == "female"', 'NHLBI 1998: women above 88', 1998),
('waist_asian_men',     'waist_cm',                NULL,   90, 20,  0.2,    5,   NULL, '$.race_ethnicity == "asian"', 'IDF 2006: South Asian and Chinese men 90 or more', 2006),
('waist_asian_women',   'waist_cm',                NULL,   80, 30,  0.2,    5,   NULL, '$.race_ethnicity == "asian" && $.sex == "female"', 'IDF 2006: South Asian and Chinese women 80 or more', 2006),
('phq9',                'depression_phq9',         NULL,    5,  0, 1,   3,     10, NULL, 'Kroenke 2001: below 5 minimal', 2001),
('gad7',                'anxiety_gad7',            NULL,    5,  0, 0.7, 3,     10, NULL, 'Spitzer 2006: below 5 minimal', 2006);

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
