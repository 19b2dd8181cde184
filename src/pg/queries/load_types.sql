-- Types by name, as for functions.
SELECT t.oid, n.nspname, t.typname, t.typtype,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE '' END,
       t.typtype = 'd' AND (t.typnotnull OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = 0 AND k.contypid = t.oid)),
       pg_get_userbyid(t.typowner), t.typacl::text, obj_description(t.oid, 'pg_type')
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (schema, name)) AS wanted
JOIN pg_type AS t ON t.typname = wanted.name
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname = wanted.schema OR (wanted.schema = '' AND (n.nspname = 'pg_catalog' OR n.nspname = ANY ($3::text[])))
