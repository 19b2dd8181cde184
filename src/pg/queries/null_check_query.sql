-- The query that tells whether column $3 of table $1.$2 holds nothing but NULL: where that is a short look, since the table is small
-- or its statistics say so already, and where nothing goes with the column of which the catalog's value does not know.
SELECT format('SELECT NOT EXISTS (SELECT FROM ONLY %I.%I WHERE %I IS DISTINCT FROM NULL)', n.nspname, c.relname, a.attname)
FROM pg_namespace AS n
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind = 'r' AND NOT c.relhassubclass AND NOT c.relispartition
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = $1::text AND c.relname = $2::text AND a.attname = $3::text AND has_column_privilege(c.oid, a.attnum, 'SELECT')
  AND (pg_relation_size(c.oid) < 8388608
       OR EXISTS (SELECT FROM pg_stats AS s WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND s.null_frac = 1))
  AND NOT EXISTS (SELECT
                  FROM pg_depend AS d
                  WHERE d.classid = 'pg_statistic_ext'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                    AND d.refobjsubid = a.attnum)
