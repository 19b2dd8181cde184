-- The relations $1 (an index stands for its table too) with their closure: parents and children at every level, views on them
-- at every level, what named views are made from, sequences of columns and their owners, tables at the other ends of foreign keys with their partitions, and the default
-- partitions beside those that are named. Indexes come with their tables.
WITH RECURSIVE bases AS (
    SELECT unnest($1::oid[]) AS oid
    UNION
    SELECT d.refobjid
    FROM bases
    JOIN pg_rewrite AS r ON r.ev_class = bases.oid
    JOIN pg_class AS v ON v.oid = bases.oid AND v.relkind IN ('v', 'm')
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class AS c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
), named AS (
    SELECT oid FROM bases
    UNION
    SELECT i.indrelid FROM pg_index AS i WHERE i.indexrelid = ANY ($1::oid[])
    UNION
    SELECT d.refobjid FROM pg_depend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = ANY ($1::oid[]) AND d.objsubid = 0
      AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION
    SELECT a.adrelid
    FROM pg_depend AS d
    JOIN pg_attrdef AS a ON a.oid = d.objid
    WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::oid[]) AND d.refobjsubid = 0
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
    SELECT d.refobjid
    FROM family
    JOIN pg_attrdef AS a ON a.adrelid = family.oid
    JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class AS s ON s.oid = d.refobjid AND s.relkind = 'S'
    UNION
    SELECT k.confrelid FROM family JOIN pg_constraint AS k ON k.conrelid = family.oid AND k.contype = 'f'
    UNION
    -- pg_constraint has no index on confrelid; pg_depend has one that leads to the same rows.
    SELECT k.conrelid
    FROM family
    JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = family.oid AND d.classid = 'pg_constraint'::regclass
    JOIN pg_constraint AS k ON k.oid = d.objid AND k.contype = 'f' AND k.confrelid = family.oid
    UNION
    SELECT p.partdefid FROM up JOIN pg_partitioned_table AS p ON p.partrelid = up.oid WHERE p.partdefid <> 0
), below AS (
    SELECT oid FROM neighbours
    UNION
    SELECT h.inhrelid FROM below JOIN pg_inherits AS h ON h.inhparent = below.oid
)
SELECT oid FROM family UNION SELECT oid FROM below
