SELECT n.nspname, x.relname
  FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = x.relnamespace
 WHERE NOT i.indisvalid AND x.relname ~ '_cc(new|old)[0-9]*$'
   AND t.oid IN (SELECT COALESCE(j.indrelid, c.oid)
                   FROM pg_class c
                   JOIN pg_namespace m ON m.oid = c.relnamespace
                   LEFT JOIN pg_index j ON j.indexrelid = c.oid
                  WHERE m.nspname = $1 AND c.relname = $2)
