SELECT s.seqrelid,
       format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s', format_type(s.seqtypid, NULL), s.seqincrement,
              s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END),
       coalesce((SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname)
                 FROM pg_depend AS d
                 JOIN pg_class AS c ON c.oid = d.refobjid
                 JOIN pg_namespace AS n ON n.oid = c.relnamespace
                 JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
                 WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.objsubid = 0
                   AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
                 LIMIT 1), '')
FROM pg_sequence AS s
WHERE s.seqrelid = ANY ($1::oid[])
