-- Whether schema pgbelay is there, whether it is a journal, and whether we may trust it: nobody but its owner may create
-- objects in it, nothing in it carries triggers or rules, and the owner is one of us or a superuser.
SELECT n.oid IS NOT NULL AS present,
       to_regclass('pgbelay.journal') IS NOT NULL AND to_regclass('pgbelay.run') IS NOT NULL
           AND to_regclass('pgbelay.step') IS NOT NULL AND to_regclass('pgbelay.file') IS NOT NULL AS journal,
       COALESCE(pg_has_role(n.nspowner, 'USAGE') OR o.rolsuper
                OR has_table_privilege(to_regclass('pgbelay.run'), 'INSERT'), false) AS usable,
       COALESCE(pg_get_userbyid(n.nspowner), '') AS owner,
       COALESCE((SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END, ', ')
                   FROM aclexplode(n.nspacl) a
                  WHERE a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner), '') AS creators,
       COALESCE((SELECT string_agg(c.relname, ', ')
                   FROM pg_class c
                  WHERE c.relnamespace = n.oid
                    AND (c.relowner <> n.nspowner OR c.relhastriggers OR c.relhasrules OR c.relkind NOT IN ('r', 'i', 'S'))),
                '') AS strange,
       COALESCE(pg_has_role(n.nspowner, 'USAGE'), false) AS owned
  FROM (SELECT 1) one
  LEFT JOIN pg_namespace n ON n.nspname = 'pgbelay'
  LEFT JOIN pg_roles o ON o.oid = n.nspowner
