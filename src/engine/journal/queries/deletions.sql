-- From which tables this transaction has deleted, by itself, a trigger or a function: each that it did so in is locked. TRUNCATE does not
-- count as deleting: its table has a new file, written by us, that is empty, and had rows by the statistics.
INSERT INTO pgbelay.row_deletion (run, n, epoch, relation, schema, name, deleted, inserted, emptied)
SELECT $1::bigint, $3::integer, $2::integer, d.oid, d.nspname, d.relname, d.deleted, d.inserted, d.emptied
FROM (
    SELECT c.oid, s.nspname, c.relname,
           GREATEST(pg_stat_get_xact_tuples_deleted(c.oid) - COALESCE((b.rows -> c.oid::text ->> 0)::bigint, 0), 0) AS deleted,
           GREATEST(pg_stat_get_xact_tuples_inserted(c.oid) - COALESCE((b.rows -> c.oid::text ->> 1)::bigint, 0), 0) AS inserted,
           CASE WHEN l.exclusive AND age(c.xmin) <= 0 AND c.relfilenode <> c.oid AND pg_relation_size(c.oid) = 0
                THEN pg_stat_get_live_tuples(c.oid) ELSE 0 END AS emptied
    FROM (SELECT k.relation, bool_or(k.mode = 'AccessExclusiveLock') AS exclusive
          FROM pg_locks AS k
          WHERE k.pid = pg_backend_pid() AND k.locktype = 'relation' AND k.mode IN ('RowExclusiveLock', 'AccessExclusiveLock')
            AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          GROUP BY k.relation) AS l
    JOIN pg_class AS c ON c.oid = l.relation AND c.relkind = 'r' AND c.relpersistence <> 't'
    JOIN pg_namespace AS s ON s.oid = c.relnamespace AND s.nspname NOT IN ('pg_catalog', 'information_schema', 'pgbelay')
    CROSS JOIN (SELECT NULLIF(current_setting('pgbelay.rows_before', true), '')::json AS rows) AS b
) AS d
WHERE d.deleted > 0 OR d.emptied > 0
