-- pg_class is read with a join, not to_regclass(): a name that is not there must not fail, and search_path plays no part.
-- The functions, not pg_stat_all_tables: that view groups all indexes of the database for one table's.
SELECT c.oid,
       COALESCE(pg_stat_get_numscans(c.oid) + pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
                + pg_stat_get_tuples_deleted(c.oid), 0)
       + COALESCE((SELECT sum(pg_stat_get_numscans(i.indexrelid)) FROM pg_index AS i WHERE i.indrelid = c.oid), 0)::bigint
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, i)
  LEFT JOIN pg_namespace n ON n.nspname = w.schema
  LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
 ORDER BY w.i
