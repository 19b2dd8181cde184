-- The column came with 14: read by name, it is NULL before.
SELECT COALESCE(bool_or((to_jsonb(h) ->> 'inhdetachpending')::boolean), false)
  FROM pg_inherits h
  JOIN pg_class c ON c.oid = h.inhrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2
