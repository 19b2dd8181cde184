SELECT i.indexrelid, i.indrelid, i.indisvalid, m.nspname, t.relname
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace m ON m.oid = t.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2
