-- The names of the relations that are called so, and of what belongs to them: partitions, and the indexes of partitions.
WITH RECURSIVE family AS (
    SELECT c.oid
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = $1 AND ($2 = '' OR n.nspname = $2)
    UNION
    SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid
)
SELECT DISTINCT c.relname FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid
