-- What a statement reaches without naming it: the relations in the schemas $1, and those that use types and functions in them, of the owners
-- $2, with columns of the types $3[i].$4[i] (at any depth: arrays, domains, row types), whose triggers, defaults, indexes, checks, policies
-- or views use the functions $5[i].$6[i], in the publications $7, and of the statistics $9[i].$10[i]. '' as schema = any of the path $8.
WITH RECURSIVE types (oid) AS (
    SELECT t.oid
    FROM unnest($3::text[], $4::text[]) AS w (schema, name)
    JOIN pg_type AS t ON t.typname = w.name
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE n.nspname = w.schema OR (w.schema = '' AND n.nspname = ANY ($8::text[]))
    UNION
    SELECT t.oid FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE n.nspname = ANY ($1::text[])
    UNION
    SELECT u.oid
    FROM types
    JOIN pg_depend AS d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = types.oid
    CROSS JOIN LATERAL (SELECT d.objid AS oid WHERE d.classid = 'pg_type'::regclass
                        UNION ALL
                        SELECT c.reltype FROM pg_class AS c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.reltype <> 0) AS u
), functions (oid) AS (
    SELECT p.oid FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1::text[])
    UNION
    SELECT p.oid
    FROM unnest($5::text[], $6::text[]) AS w (schema, name)
    JOIN pg_proc AS p ON p.proname = w.name
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = w.schema OR (w.schema = '' AND n.nspname = ANY ($8::text[]))
), used_by_function (classid, objid) AS (
    SELECT d.classid, d.objid
    FROM functions
    JOIN pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = functions.oid
), users (oid) AS (
    SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1::text[])
    UNION
    SELECT c.oid FROM pg_class AS c WHERE pg_get_userbyid(c.relowner) = ANY ($2::text[])
    UNION
    SELECT d.objid
    FROM types
    JOIN pg_depend AS d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = types.oid AND d.classid = 'pg_class'::regclass
    UNION
    SELECT t.tgrelid FROM used_by_function AS u JOIN pg_trigger AS t ON u.classid = 'pg_trigger'::regclass AND t.oid = u.objid
    UNION
    SELECT a.adrelid FROM used_by_function AS u JOIN pg_attrdef AS a ON u.classid = 'pg_attrdef'::regclass AND a.oid = u.objid
    UNION
    SELECT k.conrelid FROM used_by_function AS u JOIN pg_constraint AS k ON u.classid = 'pg_constraint'::regclass AND k.oid = u.objid
    UNION
    SELECT r.ev_class FROM used_by_function AS u JOIN pg_rewrite AS r ON u.classid = 'pg_rewrite'::regclass AND r.oid = u.objid
    UNION
    SELECT y.polrelid FROM used_by_function AS u JOIN pg_policy AS y ON u.classid = 'pg_policy'::regclass AND y.oid = u.objid
    UNION
    SELECT COALESCE(i.indrelid, u.objid)
    FROM used_by_function AS u
    LEFT JOIN pg_index AS i ON i.indexrelid = u.objid
    WHERE u.classid = 'pg_class'::regclass
    UNION
    SELECT m.prrelid FROM pg_publication_rel AS m JOIN pg_publication AS b ON b.oid = m.prpubid WHERE b.pubname = ANY ($7::text[])
    UNION
    SELECT s.stxrelid
    FROM unnest($9::text[], $10::text[]) AS w (schema, name)
    JOIN pg_statistic_ext AS s ON s.stxname = w.name
    JOIN pg_namespace AS n ON n.oid = s.stxnamespace
    WHERE n.nspname = w.schema OR (w.schema = '' AND n.nspname = ANY ($8::text[]))
)
SELECT c.oid
FROM users
JOIN pg_class AS c ON c.oid = users.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
