-- What names $1.$2 mean, one row a name and in their order; a schema of '' is looked for along $3.
SELECT found.oid, found.nspname, found.relname, found.relkind, found.columns
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (schema, name, n)
LEFT JOIN LATERAL (
    SELECT c.oid, n.nspname, c.relname, c.relkind,
           (SELECT array_agg(a.attname::text ORDER BY a.attnum)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_namespace AS n
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.name
    WHERE n.nspname = wanted.schema OR (wanted.schema = '' AND n.nspname = ANY ($3::text[]))
    ORDER BY array_position($3::text[], n.nspname::text)
    LIMIT 1
) AS found ON true
ORDER BY wanted.n
