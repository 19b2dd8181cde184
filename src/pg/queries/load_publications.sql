SELECT c.oid, p.pubname
FROM pg_class AS c
CROSS JOIN pg_publication AS p
WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
  AND (p.puballtables OR EXISTS (SELECT FROM pg_publication_rel AS m WHERE m.prrelid = c.oid AND m.prpubid = p.oid))
ORDER BY c.oid, p.pubname
