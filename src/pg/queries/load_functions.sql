-- All overloads of $1[i].$2[i]; '' = in any schema of the path $3, or the system's, whose bodies nobody needs.
SELECT p.oid, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid),
       CASE WHEN p.prokind <> 'a' AND n.nspname <> 'pg_catalog' THEN pg_get_functiondef(p.oid) END,
       p.prokind, p.provolatile, pg_get_userbyid(p.proowner), p.proacl::text, obj_description(p.oid, 'pg_proc'),
       coalesce(pg_get_function_result(p.oid), ''),
       ARRAY(SELECT format_type(u.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (type, place) ORDER BY u.place)
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (schema, name)) AS wanted
JOIN pg_proc AS p ON p.proname = wanted.name
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = wanted.schema OR (wanted.schema = '' AND (n.nspname = 'pg_catalog' OR n.nspname = ANY ($3::text[])))
ORDER BY n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)
