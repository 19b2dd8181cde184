-- FOR TABLES IN SCHEMA, from version 15.
SELECT c.oid, p.pubname
FROM pg_class AS c
JOIN pg_publication_namespace AS m ON m.pnnspid = c.relnamespace
JOIN pg_publication AS p ON p.oid = m.pnpubid
WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
ORDER BY c.oid, p.pubname
