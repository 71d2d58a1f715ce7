-- The catalogue is the clinicians': vae_check_catalogue finds every kind of mistake, what is built in or approved changes by
-- approval only, and whatever they add to rules, targets and programmes, nothing is loosened that they did not sign.
\set ECHO none
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(90);

-- what comes with the extension
SELECT is_empty('SELECT * FROM vae_check_catalogue()', 'nothing is wrong with what comes along');
SELECT cmp_ok(count(*), '>=', 40::bigint, '40 features and more of habits and outcomes') FROM hadvice.features WHERE domain <> 'context';
SELECT set_eq($$ SELECT DISTINCT domain FROM hadvice.features $$, $$ VALUES ('context'), ('diet'), ('exercise'), ('sleep'), ('alcohol'), ('smoking'), ('weight'), ('mental'), ('vitals'), ('labs') $$,
              'over all domains');
SELECT is_empty($$ SELECT feature FROM hadvice.features WHERE num_nulls(label, source, year) > 0
                   OR (levels IS NULL AND kind IS DISTINCT FROM 'categorical' AND num_nulls(unit, plausible_low, plausible_high) > 0) $$,
                'each with a label, a source and a year, and a unit and a range or words');
SELECT is_empty($$ SELECT id FROM hadvice.rules WHERE num_nulls(reason, source, year) > 0 $$, 'each rule with a reason, a source and a year');
SELECT is_empty($$ SELECT id FROM hadvice.rules WHERE approved_by IS NOT NULL $$, 'and none signed by us');
SELECT is_empty($$ SELECT feature, l FROM hadvice.features, unnest('{en,zh}'::text[]) l WHERE role = 'action'
                   AND NOT EXISTS (SELECT FROM hadvice.texts t WHERE (t.feature, t.lang) = (features.feature, l) AND direction <> 'none') $$,
                'every action has its sentence in English and Chinese');
SELECT is_empty($$ SELECT feature FROM hadvice.features WHERE role = 'action' AND feature ~ 'medic|warfarin|insulin' $$, 'no medicine is an action');

-- every kind of mistake is found, and only by making it
CREATE FUNCTION pg_temp.problems(change text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    BEGIN
        EXECUTE change;
        found := ARRAY(SELECT problem || ' / ' || "table" || ' / ' || coalesce(key, '') FROM vae_check_catalogue() ORDER BY 1);
        RAISE EXCEPTION USING ERRCODE = 'HV001';
    EXCEPTION WHEN SQLSTATE 'HV001' THEN
        RETURN found;
    END;
END $$;
CREATE TEMP TABLE mistakes (change text, problem text);
INSERT INTO mistakes VALUES
($$ INSERT INTO hadvice.rules (id, feature, effect, reason, source, year) VALUES ('t', 'juggling_h', 'forbid', 'r', 's', 2025) $$, 'unknown feature "juggling_h" / rules / t'),
($$ INSERT INTO hadvice.rules (id, feature, effect, applies_when, reason, source, year) VALUES ('t', 'sugar_g', 'forbid', '$.jugglng > 3', 'r', 's', 2025) $$, 'unknown feature "jugglng" / rules / t'),
($$ INSERT INTO hadvice.rules (id, feature, effect, bound, reason, source, year) VALUES ('t', 'sugar_g', 'floor', '$.sugr_g - 3', 'r', 's', 2025) $$, 'unknown feature "sugr_g" / rules / t'),
($$ UPDATE hadvice.targets SET applies_when = '$.hart == "yes"' WHERE id = 'ldl_high_risk' $$, 'unknown feature "hart" / targets / ldl_high_risk'),
($$ UPDATE hadvice.programmes SET outcomes = outcomes || '{juggling_h}' WHERE programme = 'sleep' $$, 'unknown feature "juggling_h" / programmes / sleep'),
($$ INSERT INTO hadvice.effect_priors (action, outcome, per, effect, sd, source, year) VALUES ('juggling_h', 'systolic_mmhg', 1, 1, 1, 's', 2025) $$, 'unknown feature "juggling_h" / effect_priors / juggling_h/systolic_mmhg/100'),
($$ INSERT INTO hadvice.targets (id, outcome, high, scale, source, year) VALUES ('t', 'sodium_mg', 2000, 100, 's', 2025) $$, '"sodium_mg" is of role action, not outcome / targets / t'),
($$ INSERT INTO hadvice.rules (id, feature, effect, reason, source, year) VALUES ('t', 'age_years', 'forbid', 'r', 's', 2025) $$, '"age_years" is of role context, not action / rules / t'),
($$ INSERT INTO hadvice.rules (id, feature, effect, applies_when, reason, source, year) VALUES ('t', 'sugar_g', 'forbid', '$.sex == "femal"', 'r', 's', 2025) $$, 'unknown word "femal" for sex / rules / t'),
($$ UPDATE hadvice.features SET plausible_high = 0 WHERE feature = 'fiber_g' $$, 'empty plausible range / features / fiber_g'),
($$ UPDATE hadvice.features SET recommended_low = 60 WHERE feature = 'fiber_g' $$, 'empty recommended range / features / fiber_g'),
($$ UPDATE hadvice.features SET recommended_high = 130 WHERE feature = 'fiber_g' $$, 'recommended range lies outside the plausible one / features / fiber_g'),
($$ UPDATE hadvice.features SET synonyms = '{fibre}' WHERE feature = 'sodium_mg' $$, 'synonym "fibre" is used for fiber_g, sodium_mg / features / fiber_g'),
($$ UPDATE hadvice.features SET safe_direction = NULL WHERE feature = 'fiber_g' $$, 'action without safe_direction / features / fiber_g'),
($$ UPDATE hadvice.features SET step = NULL WHERE feature = 'fiber_g' $$, 'action without step / features / fiber_g'),
($$ UPDATE hadvice.features SET stage = 2 WHERE feature = 'fiber_g' $$, 'an outcome cannot be an action / features / fiber_g'),
($$ UPDATE hadvice.features SET stage = 0 WHERE feature = 'ldl_mg_dl' $$, 'an outcome needs stage 1 or 2 / features / ldl_mg_dl'),
($$ UPDATE hadvice.features SET max_step = 3 WHERE feature = 'fiber_g' $$, 'step is larger than max_step / features / fiber_g'),
($$ UPDATE hadvice.features SET label = '' WHERE feature = 'fiber_g' $$, 'no label / features / fiber_g'),
($$ UPDATE hadvice.features SET unit = NULL WHERE feature = 'fiber_g' $$, 'number without unit / features / fiber_g'),
($$ UPDATE hadvice.features SET plausible_low = NULL WHERE feature = 'fiber_g' $$, 'number without plausible range / features / fiber_g'),
($$ UPDATE hadvice.features SET source = NULL WHERE feature = 'fiber_g' $$, 'no source / features / fiber_g'),
($$ UPDATE hadvice.features SET year = NULL WHERE feature = 'fiber_g' $$, 'no year / features / fiber_g'),
($$ INSERT INTO hadvice.rules (id, feature, effect, reason, year) VALUES ('t', 'sugar_g', 'forbid', 'r', 2025) $$, 'no source / rules / t'),
($$ INSERT INTO hadvice.rules (id, feature, effect, source, year) VALUES ('t', 'sugar_g', 'forbid', 's', 2025) $$, 'no reason / rules / t'),
($$ UPDATE hadvice.targets SET source = '' WHERE id = 'ldl' $$, 'no source / targets / ldl'),
($$ UPDATE hadvice.programmes SET year = NULL WHERE programme = 'sleep' $$, 'no year / programmes / sleep'),
($$ UPDATE hadvice.effect_priors SET source = NULL WHERE action = 'fiber_g' AND outcome = 'ldl_mg_dl' $$, 'no source / effect_priors / fiber_g/ldl_mg_dl/0'),
($$ UPDATE hadvice.targets SET low = 130 WHERE id = 'ldl' $$, 'empty target range / targets / ldl'),
($$ UPDATE hadvice.targets SET high = 1300 WHERE id = 'ldl' $$, 'target lies outside the plausible range of ldl_mg_dl / targets / ldl'),
($$ UPDATE hadvice.targets SET scale = NULL WHERE id = 'ldl' $$, 'target without scale / targets / ldl'),
($$ INSERT INTO hadvice.targets (id, outcome, high, scale, precedence, source, year) VALUES ('t', 'ldl_mg_dl', 90, 20, 10, 's', 2025) $$, 'two targets of one precedence for ldl_mg_dl / targets / ldl_high_risk, t'),
($$ UPDATE hadvice.targets SET programme = 'juggling' WHERE id = 'ldl' $$, 'unknown programme "juggling" / targets / ldl'),
($$ UPDATE hadvice.programmes SET domains = '{juggling}' WHERE programme = 'sleep' $$, 'unknown domain "juggling" / programmes / sleep'),
($$ UPDATE hadvice.programmes SET outcomes = '{}' WHERE programme = 'sleep' $$, 'programme without outcomes / programmes / sleep'),
($$ UPDATE hadvice.programmes SET applies_when = '$.age_years > 50' WHERE programme = 'general' $$, 'no programme holds for everyone / programmes / '),
($$ INSERT INTO hadvice.rules (id, feature, effect, bound, reason, source, year) VALUES ('t', 'fiber_g', 'floor', '50', 'r', 's', 2025) $$, 'floor above cap / rules / fiber_g'),
($$ INSERT INTO hadvice.rules (id, feature, effect, bound, reason, source, year) VALUES ('t', 'fiber_g', 'cap', '20', 'r', 's', 2025) $$, 'the rules stop before the recommended range / rules / fiber_g'),
($$ UPDATE hadvice.rules SET active = false, approved_by = 'dr', approved_at = now() WHERE id = 'sedentary_floor' $$, 'action may go down without any bound / rules / sedentary_min_day'),
($$ INSERT INTO hadvice.rules (id, feature, effect, reason, source, year) VALUES ('t', 'fiber_g', 'forbid', 'r', 's', 2025) $$, 'action can go nowhere / rules / fiber_g'),
($$ INSERT INTO hadvice.features (feature, label, domain, role, unit, plausible_low, plausible_high, safe_direction, step, source, year) VALUES ('t', 't', 'diet', 'action', 'g/day', 0, 9, 'up', 1, 's', 2025) $$, 'no en text for going up / texts / t'),
($$ UPDATE hadvice.features SET safe_direction = 'range' WHERE feature = 'sodium_mg'; UPDATE hadvice.rules SET active = false, approved_by = 'dr', approved_at = now() WHERE id = 'sodium_no_increase' $$, 'no zh text for going up / texts / sodium_mg'),
($$ UPDATE hadvice.features SET role = 'outcome', stage = 2 WHERE feature = 'general_health' $$, 'no zh text / texts / general_health'),
($$ INSERT INTO hadvice.texts (feature, direction, lang, sentence) VALUES ('t', 'up', 'en', 'x') $$, 'unknown feature or key "t" / texts / t/up/en'),
($$ UPDATE hadvice.texts SET sentence = 'Eat {howmuch}.' WHERE (feature, direction, lang) = ('fiber_g', 'up', 'en') $$, 'unknown placeholder {howmuch} / texts / fiber_g/up/en'),
($$ UPDATE hadvice.texts SET sentence = 'Eat {to' WHERE (feature, direction, lang) = ('fiber_g', 'up', 'en') $$, 'unknown placeholder {to / texts / fiber_g/up/en'),
($$ CREATE TABLE public.hv_t (a int); INSERT INTO hadvice.column_map VALUES ('public.hv_t', 'a', 'fiber_g'); ALTER TABLE public.hv_t DROP a, ADD b int $$, 'mapped column no longer exists / column_map / public.hv_t/a'),
($$ CREATE TABLE public.hv_t (a int); INSERT INTO hadvice.column_map VALUES ('public.hv_t', 'a', 'fiber_g'); DROP TABLE public.hv_t $$, 'mapped source no longer exists / column_map / ');
SELECT ok(EXISTS (SELECT FROM unnest(pg_temp.problems(change)) p WHERE starts_with(p, problem)), problem) FROM mistakes;
SELECT is_empty('SELECT * FROM vae_check_catalogue()', 'and nothing is left of them');

-- conditions that do not parse, and values that nothing can mean, are not stored at all
SELECT throws_ok($$ INSERT INTO hadvice.rules (id, feature, effect, applies_when) VALUES ('t', 'sugar_g', 'forbid', '$.age_years >') $$, '42601', NULL, 'a condition that does not parse');
SELECT throws_ok($$ UPDATE hadvice.targets SET urgent = 20 WHERE id = 'bmi' $$, '23514', NULL, 'urgent before it is out of range');
SELECT throws_ok($$ INSERT INTO hadvice.rules (id, feature, effect) VALUES ('t', 'sugar_g', 'cap') $$, '23514', NULL, 'a cap without a bound');
SELECT throws_ok($$ INSERT INTO hadvice.rules (id, feature, effect, bound) VALUES ('t', 'sugar_g', 'forbid', '5') $$, '23514', NULL, 'a bound without a cap');
SELECT throws_ok($$ INSERT INTO hadvice.rules (id, feature, effect) VALUES ('t', 'sugar_g', 'allow') $$, '23514', NULL, 'an effect that would loosen');
SELECT throws_ok($$ INSERT INTO hadvice.rules (id, feature, effect, approved_by) VALUES ('t', 'sugar_g', 'forbid', 'dr') $$, '23514', NULL, 'an approval without its date');
SELECT throws_ok($$ INSERT INTO hadvice.effect_priors (action, outcome, per, effect, sd) VALUES ('sugar_g', 'ldl_mg_dl', 1, 1, 0) $$, '23514', NULL, 'a trial without doubt');

-- approval
SELECT throws_ok(format('UPDATE hadvice.rules SET %s WHERE id = ''fiber_cap''', change), '23001', NULL, 'unsigned: ' || change)
FROM unnest(ARRAY['active = false', 'bound = ''90''', 'effect = ''floor''', 'feature = ''sugar_g''', 'applies_when = ''$.age_years > 90''']) change;
SELECT throws_ok($$ DELETE FROM hadvice.rules WHERE id = 'fiber_cap' $$, '23001', NULL, 'a built-in rule stays');
SELECT throws_ok($$ DELETE FROM hadvice.targets WHERE id = 'ldl' $$, '23001', NULL, 'so does a target');
SELECT throws_ok($$ UPDATE hadvice.rules SET id = 'x' WHERE id = 'fiber_cap' $$, '23001', NULL, 'under its name');
SELECT throws_ok($$ INSERT INTO hadvice.rules (id, feature, effect, bound, reason, source, year) VALUES ('fiber_cap', 'fiber_g', 'cap', '90', 'r', 's', 2025) $$, '23001', NULL,
                 'nor does another one take its place');
SELECT lives_ok($$ UPDATE hadvice.rules SET reason = 'in other words' WHERE id = 'fiber_cap' $$, 'words may change');
SELECT lives_ok($$ UPDATE hadvice.rules SET bound = '40', approved_by = 'dr', approved_at = '2026-01-01' WHERE id = 'fiber_cap' $$, 'signed, it changes');
SELECT throws_ok($$ UPDATE hadvice.rules SET bound = '60' WHERE id = 'fiber_cap' $$, '23001', NULL, 'an old signature is not for a new rule');
SELECT ok(changed AND builtin, 'and is kept in dumps') FROM hadvice.rules WHERE id = 'fiber_cap';
INSERT INTO hadvice.rules (id, feature, effect, reason, source, year) VALUES ('own', 'caffeine_mg', 'forbid', 'r', 's', 2025);
SELECT lives_ok($$ UPDATE hadvice.rules SET applies_when = '$.age_years > 50' WHERE id = 'own' $$, 'a rule of one''s own changes freely');
SELECT lives_ok($$ UPDATE hadvice.rules SET approved_by = 'dr', approved_at = '2026-01-01' WHERE id = 'own' $$, 'until it is signed');
SELECT throws_ok($$ UPDATE hadvice.rules SET active = false WHERE id = 'own' $$, '23001', NULL, 'then it is not switched off by the way');
SELECT throws_ok($$ UPDATE hadvice.rules SET active = false, approved_by = NULL, approved_at = NULL WHERE id = 'own' $$, '23001', NULL, 'nor without a name');
SELECT throws_ok($$ DELETE FROM hadvice.rules WHERE id = 'own' $$, '23001', NULL, 'nor deleted');
SELECT lives_ok($$ UPDATE hadvice.rules SET active = false, approved_by = 'dr', approved_at = '2026-01-02' WHERE id = 'own' $$, 'but by the one who signs');
SELECT lives_ok($$ DELETE FROM hadvice.rules WHERE id = 'own' $$, 'and then it may go');
CREATE ROLE hadvice_test_user;
SET LOCAL ROLE hadvice_test_user;
SELECT throws_ok(format('DELETE FROM hadvice.%I', t), '42501', NULL, 'others read ' || t) FROM unnest('{features,targets,rules,programmes,effect_priors,texts}'::text[]) t;
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
