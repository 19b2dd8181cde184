SELECT n, relation, schema, name, deleted, inserted, emptied FROM pgbelay.row_deletion WHERE run = $1 ORDER BY n, schema, name
