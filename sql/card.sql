-- hadvice: the model card, what one should know of a model before trusting it (DESIGN A6, issue 6).

SET LOCAL search_path = pg_catalog, pg_temp; -- as for the registry

CREATE FUNCTION hadvice.is_held_out("row" record, columns name[], fraction float8) RETURNS boolean
    AS 'MODULE_PATHNAME', 'vae_is_held_out' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION hadvice.is_held_out(record, name[], float8) IS
    'Whether trainings that look at these columns and hold out this fraction leave the row out: decided by what it says, so for life';

-- How well outcomes are told from context and behaviour in people the model was not trained on. One row a cell:
-- what is recorded, what is expected, and whether the 90 % interval holds it. Some seconds.
CREATE FUNCTION hadvice.outcome_cells(model text, version int, held_out boolean, most int)
RETURNS TABLE (person int, person_group text, log_likelihood float8, column_name name, actual float8, expected float8, inside boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    m        record;
    looked   name[];
    outcomes text[];
BEGIN
    SELECT a.source::regclass AS source, a.model AS bytes, a.metrics, (a.options ->> 'validation_fraction')::float8 AS fraction INTO m
      FROM hadvice.models AS a WHERE a.name = outcome_cells.model AND a.version = outcome_cells.version;
    SELECT array_agg(c ->> 'name') FILTER (WHERE c ->> 'role' = 'outcome' AND c ->> 'kind' IN ('real', 'positive', 'count')),
           array_agg(c ->> 'name') || ARRAY(SELECT jsonb_object_keys(m.metrics -> 'left_out'))
      INTO outcomes, looked FROM jsonb_array_elements(@extschema@.vae_info(m.bytes) -> 'columns') AS c;
    RETURN QUERY EXECUTE format(
        'WITH people AS MATERIALIZED (
             SELECT row_number() OVER ()::int AS person, to_jsonb(t) AS p, hadvice.person_group(@extschema@.vae_features(t, model => $1, version => $2)) AS person_group,
                    @extschema@.vae_log_likelihood(t, samples => 20, model => $1, version => $2) AS log_likelihood
               FROM %s AS t WHERE NOT $5 OR hadvice.is_held_out(t, $3, $6) LIMIT $4)
         SELECT p.person, p.person_group, p.log_likelihood, c.column_name::name, (p.p ->> c.column_name)::float8, c.value::float8,
                (p.p ->> c.column_name)::float8 BETWEEN c.low::float8 AND c.high::float8
           FROM people AS p LEFT JOIN LATERAL @extschema@.vae_impute_cells(p.p - $7, model => $1, version => $2) AS c
                ON c.column_name = ANY ($7) AND jsonb_typeof(p.p -> c.column_name) = ''number''', m.source)
    USING outcome_cells.model, outcome_cells.version, looked, most, held_out, m.fraction, coalesce(outcomes, '{}');
END
$$;
COMMENT ON FUNCTION hadvice.outcome_cells(text, int, boolean, int) IS
    'Outcomes of people not trained on (or of anyone) beside what the model expects of their context and behaviour; for vae_model_card';

-- What a reader must be told, in words, from the rest of a card.
CREATE FUNCTION hadvice.model_limits(card jsonb) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(l ORDER BY i) FILTER (WHERE l IS NOT NULL) FROM (VALUES
    (1, 'Not a medical device. Effects are differences between people alike in this database, with trials weighed in where the catalogue has them: associations, no proof of cause.'),
    (2, (SELECT format('Trained on people of %s to %s years; of others it knows nothing.', c ->> 'low', c ->> 'high')
           FROM jsonb_array_elements(nullif(card -> 'columns', 'null')) AS c WHERE c ->> 'feature' = 'age_years')),
    (3, CASE WHEN (card #>> '{training,row_security}')::boolean THEN
            'The trainer saw the table through row security: rows hidden from that role are not in the model, and those it saw may be a special selection.' END),
    (4, CASE WHEN (card #>> '{training,validation_rows}')::int = 0 THEN
            'No rows were held out: all figures are about the rows it was trained on, and flatter it.' END),
    (5, CASE WHEN card #>> '{training,privacy_epsilon}' IS NULL THEN
            'Trained without differential privacy: its weights and what is sampled from it may tell something of single people. Give it to nobody who may not see the rows.' END),
    (6, CASE WHEN card -> 'evaluation' ->> 'note' IS NOT NULL THEN format('Not judged on held-out rows: %s.', card -> 'evaluation' ->> 'note') END),
    (7, (SELECT format('Outcomes are told worse for: %s.', string_agg(format('%s (error %s times that of all)', g ->> 'group',
                       round(((g ->> 'error')::float8 / (card #>> '{evaluation,error}')::float8)::numeric, 2)), ', '))
           FROM jsonb_array_elements(nullif(card #> '{evaluation,subgroups}', 'null')) AS g
          WHERE (g ->> 'error')::float8 > 1.2 * (card #>> '{evaluation,error}')::float8 HAVING count(*) > 0)),
    (8, (SELECT format('Too few held-out people to judge: %s.', string_agg(g ->> 'group', ', '))
           FROM jsonb_array_elements(nullif(card #> '{evaluation,subgroups}', 'null')) AS g WHERE g -> 'error' = 'null' HAVING count(*) > 0)),
    (9, (SELECT format('Intervals that should hold 90 %% of the values hold fewer or more of: %s.',
                       string_agg(format('%s (%s %%)', o ->> 'outcome', round(100 * (o ->> 'inside_90')::numeric)), ', '))
           FROM jsonb_array_elements(nullif(card #> '{evaluation,outcomes}', 'null')) AS o
          WHERE (o ->> 'people')::int >= 50 AND abs((o ->> 'inside_90')::float8 - 0.9) > 0.05 HAVING count(*) > 0)),
    (10, (SELECT format('The table has moved since the training: %s. Train anew (vae_retrain).', string_agg(d ->> 'column', ', '))
            FROM jsonb_array_elements(nullif(card -> 'drift', 'null')) AS d WHERE (d ->> 'psi')::float8 >= 0.25 HAVING count(*) > 0)),
    (11, (SELECT format('More than half of the values are missing in: %s.', string_agg(c ->> 'name', ', '))
            FROM jsonb_array_elements(nullif(card -> 'columns', 'null')) AS c WHERE (c ->> 'missing_fraction')::float8 > 0.5 HAVING count(*) > 0)),
    (12, CASE WHEN (card #>> '{catalogue,approved_rules}')::int < (card #>> '{catalogue,rules}')::int THEN
             format('%s of %s rules of the catalogue are approved by nobody; they only restrict.',
                    (card #>> '{catalogue,rules}')::int - (card #>> '{catalogue,approved_rules}')::int, card #>> '{catalogue,rules}') END),
    (13, CASE WHEN (card #>> '{feedback,harmed}')::int > 0 THEN format('%s people said that advice did them harm: see hadvice.feedback.', card #>> '{feedback,harmed}') END)
    ) AS t (i, l)
$$;
COMMENT ON FUNCTION hadvice.model_limits(jsonb) IS 'The limits of a model in words, from its card; for vae_model_card';

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION vae_model_card(model text, version int DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    m          record;
    info       jsonb;
    card       jsonb;
    evaluation jsonb;
    drift      jsonb;
    readable   boolean;
    held       boolean;
BEGIN
    IF vae_model_card.model IS NULL THEN
        RAISE EXCEPTION 'model must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT a.*, c.oid::regclass AS relation INTO m FROM hadvice.models AS a LEFT JOIN pg_class AS c ON c.oid = a.source
     WHERE a.name = vae_model_card.model AND CASE WHEN vae_model_card.version IS NULL THEN a.is_current ELSE a.version = vae_model_card.version END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no % of a model "%"', coalesce('version ' || vae_model_card.version, 'current version'), vae_model_card.model
            USING ERRCODE = 'undefined_object', HINT = 'vae_models lists the models you may use.';
    END IF;
    info := @extschema@.vae_info(m.model);
    readable := m.relation IS NOT NULL AND has_table_privilege(m.relation, 'SELECT');
    held := coalesce((info ->> 'validation_rows')::int, 0) > 0;

    card := jsonb_build_object(
        'model', m.name, 'version', m.version, 'is_current', m.is_current, 'owner', m.owner::text, 'trained_at', m.trained_at,
        'comment', m.comment, 'extension_version', info -> 'extension_version', 'architecture', info -> 'architecture', 'parameters', info -> 'parameters',
        'training', (SELECT jsonb_object_agg(k, info -> k) FROM unnest('{source,trainer,row_security,rows,validation_rows,fingerprint,seed,epochs,best_epoch,privacy_epsilon,privacy_delta}'::text[]) AS k)
                    || jsonb_build_object('seconds', m.seconds, 'options', m.options, 'left_out', m.metrics -> 'left_out', 'source_is_there', m.relation IS NOT NULL),
        'columns', (SELECT jsonb_agg((SELECT jsonb_object_agg(k, c -> k) FROM unnest('{name,feature,unit,role,kind,missing_fraction,mean,stddev,low,high,levels}'::text[]) AS k WHERE c ? k))
                      FROM jsonb_array_elements(info -> 'columns') AS c),
        'fit', jsonb_build_object('train_elbo', info -> 'train_elbo', 'validation_elbo', info -> 'validation_elbo', 'independent_columns_elbo', info -> 'baseline_elbo', 'unit', 'nats per person'),
        'catalogue', (SELECT jsonb_build_object('rules', count(*), 'approved_rules', count(*) FILTER (WHERE r.approved_by IS NOT NULL)) FROM hadvice.rules AS r WHERE r.active),
        'feedback', (SELECT jsonb_build_object('people', count(DISTINCT f.person), 'answers', count(*),
                                               'harmed', count(DISTINCT f.person) FILTER (WHERE f.verdict = 'harmed'),
                                               'calibrated_effects', (SELECT count(*) FROM hadvice.effect_calibration AS e WHERE e.model = m.name AND e.owner = m.owner))
                       FROM hadvice.feedback AS f WHERE f.model = m.name AND f.owner = m.owner));

    IF NOT readable THEN
        evaluation := jsonb_build_object('note', CASE WHEN m.relation IS NULL THEN 'the source has been dropped' ELSE 'you may not read the source' END);
    ELSE
        WITH cells AS MATERIALIZED (
            SELECT c.*, abs(c.actual - c.expected) / nullif((i ->> 'stddev')::float8, 0) AS error, (c.expected - c.actual) / nullif((i ->> 'stddev')::float8, 0) AS bias,
                   coalesce(nullif(i ->> 'feature', ''), c.column_name) AS outcome, i ->> 'unit' AS unit
              FROM hadvice.outcome_cells(m.name, m.version, held, 1000) AS c LEFT JOIN jsonb_array_elements(info -> 'columns') AS i ON i ->> 'name' = c.column_name
        ), people AS (SELECT DISTINCT ON (person) person, person_group, log_likelihood FROM cells)
        SELECT jsonb_build_object(
            'rows', CASE WHEN held THEN 'held out' ELSE 'trained on' END,
            'people', (SELECT count(*) FROM people), 'log_likelihood', (SELECT avg(log_likelihood) FROM people),
            'error', (SELECT avg(error) FROM cells), 'error_unit', 'standard deviations, mean absolute',
            'inside_90', (SELECT avg(inside::int) FROM cells),
            'outcomes', (SELECT jsonb_agg(jsonb_build_object('outcome', o.outcome, 'unit', o.unit, 'people', o.n, 'mean_absolute_error', o.mae, 'error', o.error, 'bias', o.bias, 'inside_90', o.inside) ORDER BY o.outcome)
                           FROM (SELECT outcome, unit, count(*) AS n, avg(abs(actual - expected)) AS mae, avg(error) AS error, avg(bias) AS bias, avg(inside::int) AS inside
                                   FROM cells WHERE column_name IS NOT NULL GROUP BY outcome, unit) AS o),
            -- groups of fewer than ten are named, not measured: figures of so few tell of single people
            'subgroups', (SELECT jsonb_agg(CASE WHEN g.n < 10 THEN jsonb_build_object('group', g.person_group, 'people', 'fewer than 10', 'error', NULL)
                                           ELSE jsonb_build_object('group', g.person_group, 'people', g.n, 'log_likelihood', g.log_likelihood, 'error', g.error, 'inside_90', g.inside,
                                                'bias', (SELECT jsonb_object_agg(b.outcome, b.bias) FROM (SELECT c.outcome, avg(c.bias) AS bias FROM cells AS c
                                                          WHERE c.person_group = g.person_group AND c.outcome IS NOT NULL GROUP BY c.outcome HAVING count(*) >= 10) AS b)) END ORDER BY g.person_group)
                            FROM (SELECT p.person_group, count(DISTINCT p.person) AS n, avg(p.log_likelihood) AS log_likelihood,
                                         (SELECT avg(c.error) FROM cells AS c WHERE c.person_group = p.person_group) AS error,
                                         (SELECT avg(c.inside::int) FROM cells AS c WHERE c.person_group = p.person_group) AS inside
                                    FROM people AS p GROUP BY p.person_group) AS g))
          INTO evaluation;
        IF m.is_current THEN
            SELECT jsonb_agg(jsonb_build_object('column', d.column_name, 'psi', d.psi, 'ks', d.ks, 'missing_change', d.missing_change, 'note', d.note)) INTO drift
              FROM @extschema@.vae_drift(m.name) AS d;
        END IF;
    END IF;
    card := card || jsonb_build_object('evaluation', evaluation, 'drift', drift);
    RETURN card || jsonb_build_object('limits', to_jsonb(hadvice.model_limits(card)));
END
$$;
COMMENT ON FUNCTION vae_model_card(text, int) IS
    'What one should know of a model: data, columns, fingerprint, row security, how well it does on held-out people by sex and age, calibration, drift, and limits in words';

CREATE FUNCTION vae_model_card_markdown(model text, version int DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
    WITH t (c) AS MATERIALIZED (SELECT @extschema@.vae_model_card(vae_model_card_markdown.model, vae_model_card_markdown.version))
    SELECT concat_ws(E'\n\n',
        format('# Model card: %s, version %s', c ->> 'model', c ->> 'version'),
        (SELECT string_agg('- ' || l, E'\n') FROM jsonb_array_elements_text(c -> 'limits') AS l),
        '## Data',
        concat_ws(E'\n', '| | |', '|---|---|',
            format('| source | %s%s |', c #>> '{training,source}', CASE WHEN (c #>> '{training,source_is_there}')::boolean THEN '' ELSE ' (dropped since)' END),
            format('| rows | %s trained on, %s held out |', c #>> '{training,rows}', c #>> '{training,validation_rows}'),
            format('| fingerprint of the rows | %s |', c #>> '{training,fingerprint}'),
            format('| trained | %s by %s, hadvice %s, seed %s |', left(c ->> 'trained_at', 10), c #>> '{training,trainer}', c ->> 'extension_version', c #>> '{training,seed}'),
            format('| row security | %s |', CASE WHEN (c #>> '{training,row_security}')::boolean THEN 'the trainer saw part of the rows' ELSE 'not in force' END),
            format('| differential privacy | %s |', coalesce('epsilon ' || (c #>> '{training,privacy_epsilon}'), 'none')),
            format('| model | %s, %s weights, %s epochs |', c ->> 'architecture', c ->> 'parameters', c #>> '{training,epochs}'),
            format('| owner | %s |', c ->> 'owner')),
        '## Columns',
        E'| column | feature | role | kind | unit | missing | range or levels |\n|---|---|---|---|---|---|---|' || E'\n' ||
        (SELECT string_agg(format('| %s | %s | %s | %s | %s | %s %% | %s |', replace(k ->> 'name', '|', '\|'), coalesce(k ->> 'feature', ''), k ->> 'role', k ->> 'kind', coalesce(k ->> 'unit', ''),
                                  round(100 * (k ->> 'missing_fraction')::numeric, 1),
                                  replace(coalesce((SELECT string_agg(e, ', ') FROM jsonb_array_elements_text(k -> 'levels') AS e), trim_scale(round((k ->> 'low')::numeric, 1)) || ' to ' || trim_scale(round((k ->> 'high')::numeric, 1)), ''), '|', '\|')), E'\n')
           FROM jsonb_array_elements(nullif(c -> 'columns', 'null')) AS k),
        (SELECT 'Left out: ' || string_agg(format('%s (%s)', e.key, e.value), ', ') || '.' FROM jsonb_each_text(c #> '{training,left_out}') AS e),
        '## How well it does',
        format('ELBO in nats per person: %s on the rows trained on, %s held out; of independent columns: %s.', round((c #>> '{fit,train_elbo}')::numeric, 2),
               coalesce(round((c #>> '{fit,validation_elbo}')::numeric, 2)::text, 'none'), coalesce(round((c #>> '{fit,independent_columns_elbo}')::numeric, 2)::text, 'not known')),
        format('Outcomes told from context and behaviour, %s people (%s). Errors and biases in standard deviations; 90 %% intervals should hold 90 %%.', c #>> '{evaluation,people}', c #>> '{evaluation,rows}'),
        E'| outcome | people | mean absolute error | in sd | bias | inside 90 % |\n|---|---|---|---|---|---|' || E'\n' ||
        (SELECT string_agg(format('| %s | %s | %s %s | %s | %s | %s %% |', o ->> 'outcome', o ->> 'people', round((o ->> 'mean_absolute_error')::numeric, 2), coalesce(o ->> 'unit', ''),
                                  round((o ->> 'error')::numeric, 2), round((o ->> 'bias')::numeric, 2), round(100 * (o ->> 'inside_90')::numeric)), E'\n')
           FROM jsonb_array_elements(nullif(c #> '{evaluation,outcomes}', 'null')) AS o),
        E'| people | number | error in sd | inside 90 % | log density, own units |\n|---|---|---|---|---|' || E'\n' ||
        (SELECT string_agg(format('| %s | %s | %s | %s | %s |', g ->> 'group', g ->> 'people', coalesce(round((g ->> 'error')::numeric, 2)::text, ''),
                                  coalesce(round(100 * (g ->> 'inside_90')::numeric) || ' %', ''), coalesce(round((g ->> 'log_likelihood')::numeric, 1)::text, '')), E'\n')
           FROM jsonb_array_elements(nullif(c #> '{evaluation,subgroups}', 'null')) AS g),
        '## Drift since the training',
        coalesce((SELECT E'| column | PSI | note |\n|---|---|---|\n' || string_agg(format('| %s | %s | %s |', d ->> 'column', round((d ->> 'psi')::numeric, 3), coalesce(d ->> 'note', '')), E'\n' ORDER BY n)
                    FROM jsonb_array_elements(nullif(c -> 'drift', 'null')) WITH ORDINALITY AS t (d, n) WHERE n <= 10), 'Not measured.'),
        '## Feedback',
        format('%s answers of %s people; %s effects calibrated by what came of advice; %s people said that it did harm.', c #>> '{feedback,answers}', c #>> '{feedback,people}',
               c #>> '{feedback,calibrated_effects}', c #>> '{feedback,harmed}')) || E'\n'
      FROM t
$$;
COMMENT ON FUNCTION vae_model_card_markdown(text, int) IS 'vae_model_card as Markdown, limits first';
