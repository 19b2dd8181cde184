-- Who holds SHARE UPDATE EXCLUSIVE on table $1, $2 left out, and the number under which it holds advisory lock ($3, number) in share mode.
SELECT DISTINCT l.pid, '',
       coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''), coalesce(a.backend_type, ''),
       coalesce(a.state, ''), left(coalesce(a.query, ''), 4000), coalesce(a.wait_event_type || ':' || a.wait_event, ''),
       (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint,
       (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint,
       coalesce(a.query = '<insufficient privilege>', false), a.backend_start, a.xact_start,
       (SELECT max(worker.objid::bigint)
        FROM pg_locks AS worker
        WHERE worker.pid = l.pid AND worker.locktype = 'advisory' AND worker.classid = $3::oid AND worker.objsubid = 2
          AND worker.mode = 'ShareLock' AND worker.granted AND worker.database = l.database)
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.relation = $1::oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.pid IS NOT NULL AND l.pid <> ALL ($2::int[])
