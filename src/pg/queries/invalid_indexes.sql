-- Of users' tables. The INVALID parent of partitions' indexes waits for them and is not half done.
SELECT format('%s on %s', i.indexrelid::regclass, i.indrelid::regclass)
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_(toast|temp|catalog)'
ORDER BY 1
