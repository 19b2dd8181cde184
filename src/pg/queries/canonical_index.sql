-- The form without names (see load_indexes.sql) of the one index on our copy $1 of a table.
SELECT (SELECT CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'USING ' || substr(definition, length(prefix) + 1)
        FROM pg_get_indexdef(i.indexrelid) AS definition,
             (SELECT format('CREATE %sINDEX %I ON %s.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname,
                            shown.schema, tbl.relname) AS prefix
              FROM unnest(ARRAY[quote_ident(tn.nspname), 'pg_temp']) AS shown (schema)) AS possible
        WHERE starts_with(definition, prefix)
        LIMIT 1)
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_class AS tbl ON tbl.oid = i.indrelid
JOIN pg_namespace AS tn ON tn.oid = tbl.relnamespace
WHERE i.indrelid = to_regclass('pg_temp.' || quote_ident($1))
