UPDATE pgbelay.row_count AS k
   SET schema = c.schema, name = c.name, after = NULLIF(c.rows, '')::bigint, note = c.note
  FROM pgbelay.run r, unnest($3::oid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS c (relation, schema, name, rows, note)
 WHERE r.id = $1 AND r.epoch = $2 AND k.run = r.id AND k.relation = c.relation
