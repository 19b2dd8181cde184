-- The definition of the constraint that was made on our copy $1 of a table.
SELECT regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')
FROM pg_constraint AS k
WHERE k.conrelid = to_regclass('pg_temp.' || quote_ident($1)) AND k.conname = 'pgbelay_check'
