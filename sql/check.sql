-- hadvice: what is wrong with the catalogue.

SET LOCAL search_path = @extschema@, pg_temp;

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
    SELECT 'unknown word "' || m[2] || '" for ' || f.feature, c.tab, c.key, 'Its words are ' || array_to_string(f.levels, ', ') || '.'
    FROM conditions c, regexp_matches(c.jp::text, '[$@]\."([^"]+)" [!=]= "([^"]*)"', 'g') m, hadvice.features f
    WHERE f.feature = m[1] AND f.levels IS NOT NULL AND m[2] <> ALL (f.levels)
    UNION ALL
    SELECT 'number without ' || what, 'features', feature, 'Set ' || hint || '.'
    FROM hadvice.features, LATERAL (VALUES ('unit', 'unit', unit IS NULL), ('plausible range', 'plausible_low and plausible_high', plausible_low IS NULL OR plausible_high IS NULL)) v (what, hint, missing)
    WHERE levels IS NULL AND kind IS DISTINCT FROM 'categorical' AND missing
    UNION ALL
    SELECT 'no label', 'features', feature, 'Sentences need one.' FROM hadvice.features WHERE coalesce(label, '') = ''
    UNION ALL
    SELECT 'no ' || what, tab, key, 'Every figure needs its source and its year.'
    FROM (SELECT 'features', feature, source, year FROM hadvice.features
          UNION ALL SELECT 'targets', id, source, year FROM hadvice.targets
          UNION ALL SELECT 'rules', id, source, year FROM hadvice.rules
          UNION ALL SELECT 'programmes', programme, source, year FROM hadvice.programmes
          UNION ALL SELECT 'effect_priors', action || '/' || outcome || '/' || precedence, source, year FROM hadvice.effect_priors) x (tab, key, source, year),
         LATERAL (VALUES ('source', coalesce(source, '') = ''), ('year', year IS NULL)) v (what, missing)
    WHERE missing
    UNION ALL
    SELECT 'no reason', 'rules', id, 'The person has a right to it.' FROM hadvice.rules WHERE coalesce(reason, '') = ''
    UNION ALL
    SELECT 'empty target range', 'targets', id, 'low must be below high.' FROM hadvice.targets WHERE low >= high
    UNION ALL
    SELECT 'target lies outside the plausible range of ' || outcome, 'targets', id, 'Correct one of them.'
    FROM hadvice.targets t JOIN hadvice.features f ON f.feature = t.outcome
    WHERE t.low NOT BETWEEN f.plausible_low AND f.plausible_high OR t.high NOT BETWEEN f.plausible_low AND f.plausible_high
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
    SELECT 'no zh text', 'texts', key, 'Add a row of direction none to hadvice.texts.'
    FROM (SELECT feature FROM hadvice.features WHERE builtin AND role <> 'context'
          UNION ALL SELECT id FROM hadvice.rules WHERE builtin AND effect = 'refer') x (key)
    WHERE NOT EXISTS (SELECT FROM hadvice.texts t WHERE t.feature = x.key AND t.direction = 'none' AND t.lang = 'zh')
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
