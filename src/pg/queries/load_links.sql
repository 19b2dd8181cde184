-- What ties relations together: each row is relation, kind of link, the other's schema and name, and the constraint of a foreign key.
SELECT link.relation, link.kind, n.nspname, c.relname, link.constraint_name
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
ORDER BY link.relation, link.kind, link.place, n.nspname, c.relname, link.constraint_name
