-- The relations $1 (an index stands for its table too) with their closure: parents and children at every level, views on them
-- at every level, owned sequences and their owners, tables at the other ends of foreign keys. Indexes come with their tables.
WITH RECURSIVE named AS (
    SELECT unnest($1::oid[]) AS oid
    UNION
    SELECT i.indrelid FROM pg_index AS i WHERE i.indexrelid = ANY ($1::oid[])
    UNION
    SELECT d.refobjid FROM pg_depend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = ANY ($1::oid[]) AND d.objsubid = 0
      AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
), up AS (
    SELECT oid FROM named
    UNION
    SELECT h.inhparent FROM up JOIN pg_inherits AS h ON h.inhrelid = up.oid
), down AS (
    SELECT oid FROM named
    UNION
    SELECT h.inhrelid FROM down JOIN pg_inherits AS h ON h.inhparent = down.oid
), views AS (
    SELECT oid FROM down
    UNION
    SELECT r.ev_class
    FROM views
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = views.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS r ON r.oid = d.objid AND r.ev_class <> views.oid
), family AS (
    SELECT oid FROM up UNION SELECT oid FROM views
), neighbours AS (
    SELECT d.objid AS oid
    FROM family
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = family.oid AND d.refobjsubid > 0
                       AND d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND d.deptype IN ('a', 'i')
    JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
    UNION
    SELECT k.confrelid FROM family JOIN pg_constraint AS k ON k.conrelid = family.oid AND k.contype = 'f'
    UNION
    -- pg_constraint has no index on confrelid; pg_depend has one that leads to the same rows.
    SELECT k.conrelid
    FROM family
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = family.oid AND d.classid = 'pg_constraint'::regclass
    JOIN pg_constraint AS k ON k.oid = d.objid AND k.contype = 'f' AND k.confrelid = family.oid
)
SELECT oid FROM family UNION SELECT oid FROM neighbours
