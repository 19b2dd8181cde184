-- The canonical form is the definition without what pg_get_indexdef() puts in front of USING: that prefix is built again
-- and taken off, since a name may itself contain " USING ". A temporary table's schema shows as pg_temp or by its true name.
-- NULLS NOT DISTINCT came with 15: inside the lateral subquery its name means the column where there is one, else the stand-in.
SELECT i.indexrelid, i.indrelid, n.nspname, c.relname, i.indisunique, i.indisprimary, i.indisexclusion, i.nulls_not_distinct,
       i.indimmediate, i.indisvalid, i.indisready, i.indisclustered, i.indisreplident, am.amname,
       ARRAY(SELECT coalesce(a.attname::text, '')
             FROM generate_series(0, i.indnkeyatts - 1) AS k
             LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k] AND i.indkey[k] <> 0
             ORDER BY k),
       ARRAY(SELECT coalesce(a.attname::text, '')
             FROM generate_series(i.indnkeyatts, i.indnatts - 1) AS k
             LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]
             ORDER BY k),
       i.indexprs IS NOT NULL,
       NOT EXISTS (SELECT
                   FROM generate_series(0, i.indnkeyatts - 1) AS k
                   JOIN pg_opclass AS oc ON oc.oid = i.indclass[k]
                   LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k] AND i.indkey[k] <> 0
                   WHERE NOT oc.opcdefault OR i.indoption[k] <> 0
                      OR (a.attnum IS NOT NULL AND i.indcollation[k] <> 0 AND i.indcollation[k] <> a.attcollation)),
       pg_get_expr(i.indpred, i.indrelid),
       definition.text,
       (SELECT CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END || 'USING ' || substr(definition.text, length(prefix) + 1)
        FROM (SELECT format('CREATE %sINDEX %I ON %s%s.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname,
                            CASE WHEN c.relkind = 'I' THEN 'ONLY ' ELSE '' END, shown.schema, tbl.relname) AS prefix
              FROM unnest(ARRAY[quote_ident(tn.nspname), 'pg_temp']) AS shown (schema)) AS possible
        WHERE starts_with(definition.text, prefix)
        LIMIT 1),
       coalesce(ts.spcname, ''), coalesce(con.conname, ''),
       ARRAY(SELECT a.attnum || ':' || a.attstattarget FROM pg_attribute AS a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0),
       obj_description(i.indexrelid, 'pg_class'),
       CASE WHEN c.relkind = 'i' THEN coalesce(pg_relation_size(i.indexrelid), 0) ELSE 0 END,
       pn.nspname, parent.relname, c.relkind = 'I',
       CASE WHEN i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
            THEN ARRAY(SELECT DISTINCT a.attname::text
                       FROM pg_depend AS d
                       JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                       WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_class'::regclass
                         AND d.refobjid = i.indrelid AND d.refobjsubid > 0)
            ELSE '{}' END
FROM (VALUES (false)) AS stand_in (indnullsnotdistinct),
     LATERAL (SELECT x.*, indnullsnotdistinct AS nulls_not_distinct FROM pg_index AS x WHERE x.indrelid = ANY ($1::oid[])) AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_class AS tbl ON tbl.oid = i.indrelid
JOIN pg_namespace AS tn ON tn.oid = tbl.relnamespace
JOIN pg_am AS am ON am.oid = c.relam
JOIN LATERAL (SELECT pg_get_indexdef(i.indexrelid) AS text) AS definition ON definition.text IS NOT NULL
LEFT JOIN pg_tablespace AS ts ON ts.oid = c.reltablespace
LEFT JOIN pg_constraint AS con ON con.conrelid = i.indrelid AND con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_inherits AS h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_class AS parent ON parent.oid = h.inhparent
LEFT JOIN pg_namespace AS pn ON pn.oid = parent.relnamespace
WHERE tbl.relkind <> 't'
ORDER BY i.indrelid, c.relname
