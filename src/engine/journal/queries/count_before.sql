-- What was counted first stays: by a process that died, or before a failover.
INSERT INTO pgbelay.row_count (run, relation, schema, name, before, note)
SELECT r.id, c.relation, c.schema, c.name, NULLIF(c.rows, '')::bigint, c.note
  FROM pgbelay.run r, unnest($3::oid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS c (relation, schema, name, rows, note)
 WHERE r.id = $1 AND r.epoch = $2
ON CONFLICT (run, relation) DO NOTHING
