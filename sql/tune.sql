-- hadvice: a search for training options within a time.
--
--   SELECT * FROM vae_tune('health_records', '5 minutes', exclude => '{respondent_id}');
--
-- Best first; the options are those of vae_train by their names, {} are the defaults:
--   SELECT vae_train('health_records', latent => 36, learning_rate => 0.0014);

SET LOCAL search_path = @extschema@, pg_temp;

CREATE TYPE vae_tuning AS (
    options         jsonb,
    validation_elbo float8,
    epochs          int,
    parameters      bigint,
    seconds         float8,
    complete        boolean
);
COMMENT ON TYPE vae_tuning IS 'A trial of vae_tune: the options that differ from the defaults, ELBO on the held-out rows in nats a row (NULL: it diverged), epochs, size of the network, time, and whether it ended by itself';

CREATE FUNCTION vae_tune(
    source              regclass,
    budget              interval,
    columns             name[]   DEFAULT NULL,
    exclude             name[]   DEFAULT NULL,
    hidden              int[]    DEFAULT NULL,
    latent              int      DEFAULT NULL,
    beta                float8   DEFAULT 1,
    epochs              int      DEFAULT NULL,
    batch_size          int      DEFAULT NULL,
    learning_rate       float8   DEFAULT NULL,
    validation_fraction float8   DEFAULT 0.1,
    seed                bigint   DEFAULT 0,
    max_duration        interval DEFAULT NULL,
    architecture        text     DEFAULT 'auto'
) RETURNS SETOF vae_tuning
    AS 'MODULE_PATHNAME', 'vae_tune' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 20;
COMMENT ON FUNCTION vae_tune(regclass, interval, name[], name[], int[], int, float8, int, int, float8, float8, bigint, interval, text) IS
    'Tries training options for as long as budget: hidden, latent, learning_rate, batch_size, as far as they are not given, judged on held-out rows; best first, {} are the defaults';
