SELECT pg_get_partition_constraintdef(c.oid)
  FROM pg_class c
 WHERE c.oid = to_regclass(quote_ident($1) || '.' || quote_ident($2))
