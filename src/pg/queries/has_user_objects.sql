WITH schema AS (
    SELECT oid FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pgbelay') AND NOT starts_with(nspname::text, 'pg_')
)
SELECT EXISTS (SELECT FROM pg_class AS c
               WHERE c.relnamespace IN (SELECT oid FROM schema) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
                 AND NOT EXISTS (SELECT FROM pg_depend AS d
                                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
    OR EXISTS (SELECT FROM pg_proc AS p
               WHERE p.pronamespace IN (SELECT oid FROM schema)
                 AND NOT EXISTS (SELECT FROM pg_depend AS d
                                 WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
    OR EXISTS (SELECT FROM pg_type AS t
               WHERE t.typnamespace IN (SELECT oid FROM schema) AND t.typtype IN ('d', 'e', 'r', 'c', 'b')
                 AND NOT EXISTS (SELECT FROM pg_depend AS d
                                 WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype IN ('e', 'i')))
