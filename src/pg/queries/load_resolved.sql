-- What the relations named $1[i].$2[i] ('' = along search_path) are, by the server's own rules. Run under the user's
-- search_path, so everything of the system's is qualified.
WITH wanted AS (
    SELECT w.schema, w.name FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS w (schema, name)
)
SELECT pg_catalog.current_schemas(false),
       current_user,
       ARRAY(SELECT n.nspname FROM pg_catalog.pg_namespace AS n),
       ARRAY(SELECT e.extname FROM pg_catalog.pg_extension AS e),
       ARRAY(SELECT s.part
             FROM pg_catalog.pg_description AS d
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) d.objoid,
                  LATERAL (VALUES (1, n.nspname::pg_catalog.text), (2, d.description)) AS s (place, part)
             WHERE d.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
             ORDER BY n.oid, s.place),
       ARRAY(SELECT pg_catalog.to_regclass(pg_catalog.quote_ident(wanted.name))::pg_catalog.oid
             FROM wanted
             WHERE wanted.schema OPERATOR(pg_catalog.=) ''
               AND pg_catalog.to_regclass(pg_catalog.quote_ident(wanted.name)) IS NOT NULL
             UNION
             SELECT c.oid
             FROM wanted
             JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) wanted.schema
             JOIN pg_catalog.pg_class AS c ON c.relname OPERATOR(pg_catalog.=) wanted.name AND c.relnamespace OPERATOR(pg_catalog.=) n.oid),
       pg_catalog.current_setting('TimeZone'),
       pg_catalog.pg_get_userbyid(10)
