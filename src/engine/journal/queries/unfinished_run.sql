SELECT id, digest, name, kind, state, operator, started_at::timestamptz(0)::text
  FROM pgbelay.run
 WHERE state IN ('running', 'paused', 'waiting', 'stopped', 'interrupted')
   AND (system_identifier = $1 OR '' IN (system_identifier, $1)) AND database_oid = $2::oid
 ORDER BY id DESC LIMIT 1
