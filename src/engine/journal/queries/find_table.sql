-- The first of the schemas that has a table by that name, and whether we may read and write it.
SELECT n.nspname, has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT')
  FROM unnest($2::text[]) WITH ORDINALITY AS p (schema, i)
  JOIN pg_namespace n ON n.nspname = p.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $1 AND c.relkind IN ('r', 'p')
 ORDER BY p.i LIMIT 1
