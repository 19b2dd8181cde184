-- pg_class is read with a join, not to_regclass(): a name that is not there must not fail, and search_path plays no part.
SELECT c.oid,
       COALESCE(s.seq_scan + COALESCE(s.idx_scan, 0) + s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0)
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, i)
  LEFT JOIN pg_namespace n ON n.nspname = w.schema
  LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
  LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
 ORDER BY w.i
