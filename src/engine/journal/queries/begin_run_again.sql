-- The row of a run that is known, on a server that was promoted without it.
INSERT INTO pgbelay.run (kind, undoes, name, digest, plan_digest, plan, operator, client, url_source, system_identifier, database_oid,
                         incarnation, id, epoch)
OVERRIDING SYSTEM VALUE
VALUES ($1, NULLIF($2, '')::bigint, $3, $4, $5, $6, $7, $8, $9, $10, $11::oid, $12, $13, $14)
