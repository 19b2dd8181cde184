-- NOT ENFORCED came with 18: inside the lateral subquery its name means the column where there is one, else the stand-in.
SELECT k.conrelid, k.oid, k.conname, k.contype, pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred,
       k.connoinherit, k.coninhcount > 0, k.enforced,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
             ORDER BY u.place),
       fn.nspname, f.relname,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
             ORDER BY u.place),
       k.confupdtype, k.confdeltype, k.confmatchtype, coalesce(pg_get_expr(k.conbin, k.conrelid), ''),
       CASE WHEN k.contype <> 'f' THEN coalesce(idx.relname, '') ELSE '' END, obj_description(k.oid, 'pg_constraint'),
       CASE WHEN k.contype = 'f' THEN coalesce(idx.relname, '') ELSE '' END
FROM (VALUES (true)) AS stand_in (conenforced),
     LATERAL (SELECT x.*, conenforced AS enforced FROM pg_constraint AS x WHERE x.conrelid = ANY ($1::oid[])) AS k
LEFT JOIN pg_class AS f ON f.oid = k.confrelid
LEFT JOIN pg_namespace AS fn ON fn.oid = f.relnamespace
LEFT JOIN pg_class AS idx ON idx.oid = k.conindid
ORDER BY k.conrelid, k.conname
