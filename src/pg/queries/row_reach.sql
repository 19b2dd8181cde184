-- Where a change of rows goes from relations $1, changed as $2 says (plan::RowUse), and from those named by one of $3: to partitions and
-- children, along foreign keys that act or that TRUNCATE … CASCADE follows, and to what views and rules stand on. All with how they are reached.
WITH RECURSIVE named AS (
    SELECT w.oid, w.use FROM unnest($1::oid[], $2::integer[]) AS w (oid, use)
    UNION
    SELECT c.oid, 2 FROM pg_class AS c WHERE c.relname = ANY ($3::text[]) AND c.relkind IN ('r', 'p', 'v')
), reached AS (
    SELECT oid, use FROM named
    UNION
    SELECT n.oid, reached.use
    FROM reached
    CROSS JOIN LATERAL (
        SELECT h.inhrelid AS oid FROM pg_inherits AS h WHERE h.inhparent = reached.oid
        UNION ALL
        -- pg_constraint has no index on confrelid; pg_depend has one that leads to the same rows.
        SELECT k.conrelid
        FROM pg_depend AS d
        JOIN pg_constraint AS k ON k.oid = d.objid AND k.contype = 'f' AND k.confrelid = reached.oid
        WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = reached.oid AND d.classid = 'pg_constraint'::regclass
          AND (reached.use = 3 OR (reached.use = 2 AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))))
        UNION ALL
        SELECT d.refobjid
        FROM pg_rewrite AS r
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
        WHERE r.ev_class = reached.oid AND d.refobjid <> reached.oid
    ) AS n
)
SELECT c.oid, n.nspname, c.relname, max(reached.use)
FROM reached
JOIN pg_class AS c ON c.oid = reached.oid AND c.relkind = 'r'
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgbelay')
GROUP BY c.oid, n.nspname, c.relname
