-- Of tables $1: those that are there, what they are called now, and why their rows cannot be counted ("" when they can). Who holds or awaits
-- ACCESS EXCLUSIVE would be waited for.
SELECT c.oid, n.nspname, c.relname,
       CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT') THEN 'no right to read it'
            WHEN EXISTS (SELECT FROM pg_locks AS l
                         WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
                           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN 'it was locked'
            ELSE '' END
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'r'
ORDER BY n.nspname, c.relname
