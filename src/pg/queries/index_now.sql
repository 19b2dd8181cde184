-- A partitioned index that is not valid waits for those of its partitions: it is no leftover of anybody's.
SELECT i.indexrelid, i.indrelid, i.indisvalid OR c.relkind = 'I', m.nspname, t.relname
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace m ON m.oid = t.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2
