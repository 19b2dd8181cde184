-- An INVALID index that is the parent of partitions' indexes waits for them and is not half done.
WITH t AS (
    SELECT DISTINCT COALESCE(i.indrelid, c.oid) AS oid
      FROM unnest($1::text[], $2::text[]) AS w (schema, name)
      JOIN pg_namespace n ON n.nspname = w.schema
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
      LEFT JOIN pg_index i ON i.indexrelid = c.oid
)
SELECT format('index %s on %s is INVALID', i.indexrelid::regclass, i.indrelid::regclass)
  FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
 WHERE NOT i.indisvalid AND x.relkind = 'i'
UNION ALL
SELECT format('constraint %I on %s is NOT VALID', k.conname, k.conrelid::regclass)
  FROM t JOIN pg_constraint k ON k.conrelid = t.oid
 WHERE NOT k.convalidated
 ORDER BY 1
