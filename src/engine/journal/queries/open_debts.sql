SELECT id, schema, index, table_name, index_oid, why, run FROM pgbelay.debt WHERE settled_at IS NULL ORDER BY id
