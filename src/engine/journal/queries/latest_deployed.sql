-- The latest run of this very database that deployed digest $1 ('': any), of name $2 ('': any), and was not rolled back since.
-- $3, $4: the server's and the database's identity: others' runs come with copies.
SELECT id, digest, verified, operator, finished_at::timestamptz(0)::text
  FROM pgbelay.run
 WHERE kind = 'deploy' AND state = 'deployed' AND $1 IN ('', digest) AND $2 IN ('', name)
   AND (system_identifier = $3 OR '' IN (system_identifier, $3)) AND database_oid = $4::oid
 ORDER BY id DESC LIMIT 1
