SELECT i.indexrelid
  FROM pg_index i
  JOIN pg_class c ON c.oid IN (i.indexrelid, i.indrelid)
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2
 ORDER BY 1
