-- The type vae_model: text, binary and bytea forms, what is refused, vae_info and vae_weights.
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS hadvice;
BEGIN;
SELECT plan(33);

CREATE TABLE people AS
SELECT 165 + 5 * sin(i) AS height, (ARRAY['female', 'male'])[1 + i % 2] AS sex
  FROM generate_series(1, 50) AS i;
CREATE TEMP TABLE kept AS
SELECT vae_fit('people', epochs => 1, hidden => '{4}', latent => 1) AS m;

-- there and back
SELECT ok((SELECT m::text::vae_model::bytea = m::bytea FROM kept), 'text');
SELECT ok((SELECT m::bytea::vae_model::text = m::text FROM kept), 'bytea');
SELECT ok((SELECT vae_model_send(m) = m::bytea FROM kept), 'binary output is the bytes');
SELECT ok((SELECT left(m::text, 10) = '\x48564145' FROM kept), 'they begin with HVAE, in hexadecimal');
SET LOCAL bytea_output = escape;
SELECT ok((SELECT left(m::text, 10) = '\x48564145' FROM kept), 'whatever bytea_output says');
CREATE TEMP TABLE copied (m vae_model);
COPY kept TO PROGRAM 'cat > hadvice_type_test.bin' (FORMAT binary);
COPY copied FROM PROGRAM 'cat hadvice_type_test.bin; rm hadvice_type_test.bin' (FORMAT binary);
SELECT ok((SELECT copied.m::bytea = kept.m::bytea FROM copied, kept), 'binary input');
SELECT is((SELECT attstorage FROM pg_attribute WHERE attrelid = 'hadvice.models'::regclass
              AND attname = 'model'), 'e', 'stored out of line, not compressed');
SELECT is((SELECT array_agg(castcontext::text || castmethod::text ORDER BY castsource = 'bytea'::regtype) FROM pg_cast
            WHERE 'vae_model'::regtype IN (castsource, casttarget)), '{ab,ef}',
          'to bytea by assignment, from bytea explicit and checked');

-- what is refused: every damaged byte, every cut, anything behind
CREATE FUNCTION pg_temp.state_of(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM bytes::vae_model;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
CREATE TEMP TABLE bytes AS SELECT m::bytea AS b FROM kept;
SELECT is((SELECT pg_temp.state_of(b) FROM bytes), 'accepted', 'whole bytes are accepted');
SELECT is((SELECT array_agg(DISTINCT pg_temp.state_of(set_byte(b, i, get_byte(b, i) # (1 << (i % 8)))))
             FROM bytes, generate_series(8, length(b) - 1) AS i), '{22P03}', 'a flipped bit, byte for byte');
SELECT is((SELECT array_agg(DISTINCT pg_temp.state_of(substr(b, 1, i))) FROM bytes, generate_series(0, length(b) - 1, 7) AS i),
          '{22P03}', 'cut off, at every length');
SELECT is((SELECT pg_temp.state_of(b || '\x00') FROM bytes), '22P03', 'a byte too many');
SELECT is((SELECT pg_temp.state_of(b || b) FROM bytes), '22P03', 'twice the bytes');
SELECT is((SELECT pg_temp.state_of(set_byte(b, 0, 65)) FROM bytes), '22P03', 'another magic');
SELECT is((SELECT pg_temp.state_of(set_byte(b, 4, 99)) FROM bytes), '0A000', 'a version from the future');
SELECT is(pg_temp.state_of(''), '22P03', 'no bytes');
SELECT is(pg_temp.state_of('\x48564145'), '22P03', 'nothing but the magic');
SELECT is(pg_temp.state_of(decode(repeat('ff', 100000), 'hex')), '22P03', 'a hundred thousand 0xff');
SELECT throws_ok($$SELECT 'nonsense'::vae_model$$, '22P03', NULL, 'text that is no model');
SELECT throws_ok($$SELECT '\x4'::vae_model$$, '22023', NULL, 'text that is no hexadecimal');
SELECT throws_ok($$SELECT vae_info('\x48564145'::bytea::vae_model)$$, '22P03', NULL, 'nothing gets past the cast');
CREATE TEMP TABLE damaged (m vae_model);
COPY (SELECT substr(b, 1, 100) FROM bytes) TO PROGRAM 'cat > hadvice_type_test.bin' (FORMAT binary);
SELECT throws_ok($$COPY damaged FROM PROGRAM 'cat hadvice_type_test.bin; rm hadvice_type_test.bin' (FORMAT binary)$$,
                 '22P03', NULL, 'binary input is checked');
SELECT ok((SELECT vae_info(m) IS NOT NULL FROM kept), 'the session goes on');

-- vae_info
CREATE TEMP TABLE info AS SELECT vae_info(m) AS i FROM kept;
SELECT is((SELECT jsonb_path_query_array(i, '$.columns[*].kind') FROM info), '["real", "binary"]', 'kinds');
SELECT is((SELECT i #> '{columns,1,levels}' FROM info), '["female", "male"]', 'levels');
SELECT is((SELECT i ->> 'source' FROM info), 'public.people', 'source, qualified');
SELECT is((SELECT i ->> 'trainer' FROM info), current_user::text, 'trainer');
SELECT is((SELECT i -> 'row_security' FROM info), 'false', 'row security');
SELECT is((SELECT i ->> 'extension_version' FROM info),
          (SELECT extversion FROM pg_extension WHERE extname = 'hadvice'), 'version of the extension');
SELECT is(vae_version() ->> 'hadvice', (SELECT extversion FROM pg_extension WHERE extname = 'hadvice'),
          'vae_version knows it, too');

-- vae_weights
SELECT is((SELECT array_agg(array_dims(vae_weights(m, t ->> 'name')) =
                            format('[1:%s][1:%s]', t ->> 'rows', t ->> 'cols') )
             FROM (SELECT m, jsonb_path_query(vae_info(m), '$.tensors[*]') AS t FROM kept) AS x
            WHERE NOT coalesce(array_dims(vae_weights(m, t ->> 'name')) =
                            format('[1:%s][1:%s]', t ->> 'rows', t ->> 'cols'), false)
              AND t ->> 'rows' <> '0' AND t ->> 'cols' <> '0'), NULL,
          'every layer is a matrix of its shape');
SELECT ok((SELECT bool_and(w BETWEEN -100 AND 100) FROM kept,
                  unnest(vae_weights(m, vae_info(m) #>> '{tensors,0,name}')) AS w), 'of numbers');
SELECT throws_ok($$SELECT vae_weights(m, 'nowhere') FROM kept$$, '42704',
                 'the model has no layer "nowhere"', 'a layer that is not there');

SELECT finish();
ROLLBACK;
