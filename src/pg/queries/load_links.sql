-- What ties relations together: each row is relation, kind of link, the other's schema and name, and the constraint of a foreign key. The
-- extended statistics of relations, too.
SELECT link.relation, link.kind, n.nspname AS schema, c.relname AS name, link.constraint_name, link.place
FROM (SELECT DISTINCT k.confrelid AS relation, 'referenced by' AS kind, k.conrelid AS other, k.conname::text AS constraint_name, 0 AS place
      FROM pg_depend AS d
      JOIN pg_constraint AS k ON k.oid = d.objid AND k.contype = 'f' AND k.confrelid = d.refobjid
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::oid[]) AND d.classid = 'pg_constraint'::regclass
      UNION ALL
      SELECT h.inhrelid, 'parent', h.inhparent, '', h.inhseqno FROM pg_inherits AS h WHERE h.inhrelid = ANY ($1::oid[])
      UNION ALL
      SELECT h.inhparent, 'child', h.inhrelid, '', 0 FROM pg_inherits AS h WHERE h.inhparent = ANY ($1::oid[])
      UNION ALL
      SELECT DISTINCT d.refobjid, 'view', r.ev_class, '', 0
      FROM pg_depend AS d
      JOIN pg_rewrite AS r ON r.oid = d.objid AND r.ev_class <> d.refobjid
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::oid[]) AND d.classid = 'pg_rewrite'::regclass) AS link
JOIN pg_class AS c ON c.oid = link.other
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE link.kind <> 'view' OR c.relkind IN ('v', 'm')
UNION ALL
SELECT s.stxrelid, 'statistics', n.nspname, s.stxname, '', 0
FROM pg_statistic_ext AS s
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
WHERE s.stxrelid = ANY ($1::oid[])
ORDER BY relation, kind, place, schema, name, constraint_name
