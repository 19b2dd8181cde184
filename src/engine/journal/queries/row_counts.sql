SELECT relation, schema, name, before, after, note FROM pgbelay.row_count WHERE run = $1 ORDER BY schema, name
