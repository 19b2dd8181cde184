-- Who stands in the way of backend $1: those whose locks it waits for, the session for which its concurrent build waits, and
-- prepared transactions (pid 0 in pg_blocking_pids) that hold what it waits for.
WITH blocking AS (
    SELECT unnest(pg_blocking_pids($1::int)) AS pid
    UNION
    SELECT current_locker_pid::int FROM pg_stat_progress_create_index WHERE pid = $1::int
)
SELECT blocking.pid, '',
       coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''), coalesce(a.backend_type, ''),
       coalesce(a.state, ''), left(coalesce(a.query, ''), 4000), coalesce(a.wait_event_type || ':' || a.wait_event, ''),
       (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint,
       (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint,
       coalesce(a.query = '<insufficient privilege>', false)
FROM blocking
JOIN pg_stat_activity AS a ON a.pid = blocking.pid
UNION ALL
SELECT DISTINCT 0, p.gid, p.owner, '', '', 'prepared transaction', '', '', '',
       (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint, NULL::bigint, false
FROM pg_locks AS waiting
JOIN pg_locks AS held ON held.granted AND held.pid IS NULL
     AND held.locktype = waiting.locktype
     AND held.database IS NOT DISTINCT FROM waiting.database
     AND held.relation IS NOT DISTINCT FROM waiting.relation
     AND held.transactionid::text IS NOT DISTINCT FROM waiting.transactionid::text
     AND held.classid IS NOT DISTINCT FROM waiting.classid
     AND held.objid IS NOT DISTINCT FROM waiting.objid
     AND held.objsubid IS NOT DISTINCT FROM waiting.objsubid
JOIN pg_prepared_xacts AS p ON held.virtualtransaction = '-1/' || p.transaction
WHERE waiting.pid = $1::int AND NOT waiting.granted AND EXISTS (SELECT FROM blocking WHERE blocking.pid = 0)
