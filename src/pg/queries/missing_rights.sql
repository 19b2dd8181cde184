-- $1: relations that must be owned, $2: schemas in which something is created, both quoted as in SQL; $3: the role that does it.
-- Each row: what is missing, and the statement that mends it.
WITH actor AS (
    SELECT r.oid, r.rolname FROM pg_roles AS r WHERE r.rolname = coalesce(nullif($3, ''), current_user)
)
SELECT format('role %I does not exist', $3), format('CREATE ROLE %I', $3)
WHERE $3 <> '' AND NOT EXISTS (SELECT FROM actor)
UNION ALL
SELECT format('role %I may not SET ROLE %I', session_user, actor.rolname), format('GRANT %I TO %I', actor.rolname, session_user)
FROM actor
WHERE $3 <> '' AND NOT pg_has_role(session_user, actor.oid, 'MEMBER')
UNION ALL
SELECT format('role %I does not own %s, %I does', actor.rolname, wanted.name, pg_get_userbyid(c.relowner)),
       format('deploy as %1$I, or ALTER TABLE %3$s OWNER TO %2$I%4$s', pg_get_userbyid(c.relowner), actor.rolname, wanted.name,
              -- Nobody should become a superuser for one change.
              CASE WHEN o.rolsuper THEN '' ELSE format(', or GRANT %I TO %I', o.rolname, actor.rolname) END)
FROM actor, unnest($1::text[]) AS wanted (name)
JOIN pg_class AS c ON c.oid = to_regclass(wanted.name)
JOIN pg_roles AS o ON o.oid = c.relowner
WHERE NOT pg_has_role(actor.oid, c.relowner, 'USAGE')
UNION ALL
SELECT format('role %I may not create in schema %s', actor.rolname, wanted.name),
       format('GRANT CREATE ON SCHEMA %s TO %I', wanted.name, actor.rolname)
FROM actor, unnest($2::text[]) AS wanted (name)
JOIN pg_namespace AS n ON n.oid = to_regnamespace(wanted.name)
WHERE NOT has_schema_privilege(actor.oid, n.oid, 'CREATE')
