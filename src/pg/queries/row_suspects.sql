-- Who probably deleted from table $1: enabled triggers on tables $2 whose functions name it, and other functions that name it and are themselves
-- named by the step ($3: identifiers in its statements).
SELECT format('trigger %I on %s', t.tgname, t.tgrelid::regclass)
FROM pg_class AS c
JOIN pg_trigger AS t ON NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgrelid = ANY ($2::oid[])
JOIN pg_proc AS p ON p.oid = t.tgfoid AND strpos(lower(p.prosrc), lower(c.relname)) > 0
WHERE c.oid = $1::oid
UNION ALL
SELECT format('function %s', p.oid::regprocedure)
FROM pg_class AS c
JOIN pg_proc AS p ON p.proname = ANY ($3::text[]) AND p.prorettype <> 'trigger'::regtype AND strpos(lower(p.prosrc), lower(c.relname)) > 0
WHERE c.oid = $1::oid
ORDER BY 1 LIMIT 3
