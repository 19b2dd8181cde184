SELECT p.polrelid, p.polname,
       format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.polname, n.nspname, c.relname,
              CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
              CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
              (SELECT string_agg(CASE WHEN r.oid = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.oid)) END, ', ')
               FROM unnest(p.polroles) AS r (oid)))
       || coalesce(format(' USING (%s)', pg_get_expr(p.polqual, p.polrelid)), '')
       || coalesce(format(' WITH CHECK (%s)', pg_get_expr(p.polwithcheck, p.polrelid)), ''),
       obj_description(p.oid, 'pg_policy')
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE p.polrelid = ANY ($1::oid[])
ORDER BY p.polrelid, p.polname
