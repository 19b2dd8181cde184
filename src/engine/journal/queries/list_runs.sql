SELECT r.id, r.kind, COALESCE(r.undoes, 0), r.name, r.digest, r.plan_digest, r.state, COALESCE(c.request, 'run'),
       r.started_at::timestamptz(0)::text, COALESCE(r.finished_at::timestamptz(0)::text, ''), r.operator, r.role, r.client,
       r.url_source, r.verified, COALESCE(r.error, ''),
       CASE WHEN $3::boolean THEN r.plan ELSE '' END, r.system_identifier, r.database_oid
  FROM pgbelay.run r LEFT JOIN pgbelay.control c ON c.run = r.id
 WHERE ($1::bigint IS NULL OR r.id = $1::bigint)
 ORDER BY r.id DESC LIMIT $2::integer
