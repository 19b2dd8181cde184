-- The query that finds the duplicates of a unique index: its keys and predicate come from the catalog, quoted by the server.
SELECT format('SELECT concat_ws('', '', %1$s), count(*) FROM %2$s WHERE (%3$s) IS NOT NULL%4$s GROUP BY %1$s HAVING count(*) > 1 '
              'ORDER BY 2 DESC LIMIT 5',
              string_agg(pg_get_indexdef(i.indexrelid, k, false), ', ' ORDER BY k),
              i.indrelid::regclass,
              string_agg(pg_get_indexdef(i.indexrelid, k, false), ', ' ORDER BY k),
              COALESCE(' AND ' || pg_get_expr(i.indpred, i.indrelid), ''))
  FROM pg_index i, generate_series(1, i.indnkeyatts::integer) k
 WHERE i.indexrelid = $1::oid AND i.indisunique
 GROUP BY i.indexrelid, i.indrelid, i.indpred
