-- Version 13 has no attcompression: inside the lateral subquery the name means the column where there is one, else the stand-in.
-- Minor releases of late 2026 keep a stamp of their own among a column's options, pg_attver, which is nobody's to set again.
SELECT col.attrelid, col.attname, col.attnum, format_type(col.atttypid, col.atttypmod), col.attnotnull,
       pg_get_expr(def.adbin, def.adrelid), col.attgenerated, col.attidentity,
       CASE WHEN col.attcollation <> 0 AND col.attcollation <> t.typcollation THEN format('%I.%I', cn.nspname, coll.collname) ELSE '' END,
       coalesce(col.attstattarget, -1), col.attstorage,
       CASE col.compression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '' END,
       ARRAY(SELECT o FROM unnest(col.attoptions) AS o WHERE NOT starts_with(o, 'pg_attver=')), col.attacl::text, col_description(col.attrelid, col.attnum)
FROM (VALUES (''::"char")) AS stand_in (attcompression),
     LATERAL (SELECT a.*, attcompression AS compression
              FROM pg_attribute AS a
              WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped) AS col
JOIN pg_class AS c ON c.oid = col.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
JOIN pg_type AS t ON t.oid = col.atttypid
LEFT JOIN pg_attrdef AS def ON def.adrelid = col.attrelid AND def.adnum = col.attnum
LEFT JOIN pg_collation AS coll ON coll.oid = col.attcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = coll.collnamespace
ORDER BY col.attrelid, col.attnum
