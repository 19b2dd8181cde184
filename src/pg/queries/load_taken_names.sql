-- Names in the schemas $1 that begin like one of the $2, of relations (r) and constraints (c). The ranges of names go through the indexes,
-- which are in the order of "C"; $3[i] is the end of the range that begins with $2[i], '' where there is none.
WITH prefix AS (
    SELECT DISTINCT w.first, w.past FROM unnest($2::text[], $3::text[]) AS w (first, past)
), schema AS (
    SELECT n.oid, n.nspname FROM pg_namespace AS n WHERE n.nspname = ANY ($1::text[])
)
SELECT DISTINCT 'r', schema.nspname, c.relname
FROM prefix
JOIN pg_class AS c ON c.relname >= prefix.first COLLATE "C" AND c.relname < prefix.past COLLATE "C"
JOIN schema ON schema.oid = c.relnamespace
UNION ALL
SELECT DISTINCT 'r', schema.nspname, c.relname
FROM prefix
JOIN pg_class AS c ON starts_with(c.relname::text, prefix.first)
JOIN schema ON schema.oid = c.relnamespace
WHERE prefix.past = ''
UNION ALL
SELECT DISTINCT 'c', schema.nspname, k.conname
FROM prefix
JOIN pg_constraint AS k ON k.conname >= prefix.first COLLATE "C" AND k.conname < prefix.past COLLATE "C"
JOIN schema ON schema.oid = k.connamespace
UNION ALL
SELECT DISTINCT 'c', schema.nspname, k.conname
FROM prefix
JOIN pg_constraint AS k ON starts_with(k.conname::text, prefix.first)
JOIN schema ON schema.oid = k.connamespace
WHERE prefix.past = ''
