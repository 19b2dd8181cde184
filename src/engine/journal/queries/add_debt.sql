INSERT INTO pgbelay.debt (run, n, schema, index, table_name, index_oid, why) VALUES ($1, $2, $3, $4, $5, $6::oid, $7)
