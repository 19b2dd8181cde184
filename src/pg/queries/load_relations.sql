WITH loaded AS (
    SELECT unnest($1::oid[]) AS oid
    UNION
    SELECT i.indexrelid FROM pg_index AS i WHERE i.indrelid = ANY ($1::oid[])
)
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE'),
       CASE WHEN c.relkind IN ('r', 'm', 'S', 'i', 't') THEN coalesce(pg_relation_size(c.oid), 0) ELSE 0 END,
       c.reltuples, c.relispopulated, coalesce(am.amname, ''), coalesce(ts.spcname, ''), coalesce(c.reloptions, '{}'), c.relacl::text,
       obj_description(c.oid, 'pg_class'), c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
       c.relispartition,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE coalesce(pg_relation_size(c.reltoastrelid), 0) END,
       c.relhastriggers AND EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled = 'D')
FROM loaded
JOIN pg_class AS c ON c.oid = loaded.oid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
