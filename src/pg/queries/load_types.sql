-- Types by name, as for functions, and those of the columns of the relations $4.
SELECT t.oid, n.nspname, t.typname, t.typtype,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum AS e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE '' END,
       t.typtype = 'd' AND (t.typnotnull OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = 0 AND k.contypid = t.oid)),
       pg_get_userbyid(t.typowner), t.typacl::text, obj_description(t.oid, 'pg_type')
FROM (SELECT t.oid
      FROM unnest($1::text[], $2::text[]) AS w (schema, name)
      JOIN pg_type AS t ON t.typname = w.name
      JOIN pg_namespace AS n ON n.oid = t.typnamespace
      WHERE n.nspname = w.schema OR (w.schema = '' AND (n.nspname = 'pg_catalog' OR n.nspname = ANY ($3::text[])))
      UNION
      SELECT a.atttypid
      FROM pg_attribute AS a
      JOIN pg_type AS t ON t.oid = a.atttypid AND t.typnamespace <> 'pg_catalog'::regnamespace AND t.typtype IN ('d', 'e')
      WHERE a.attrelid = ANY ($4::oid[]) AND a.attnum > 0 AND NOT a.attisdropped) AS wanted
JOIN pg_type AS t ON t.oid = wanted.oid
JOIN pg_namespace AS n ON n.oid = t.typnamespace
