SELECT a.pid, a.state, COALESCE(EXTRACT(epoch FROM clock_timestamp() - a.state_change) * 1000, 0)::bigint
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = $1::bigint::oid AND l.objid = $2::bigint::oid
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.pid <> ALL ($3::integer[])
