-- Who stands in the way of backend $1: those whose locks it waits for, and prepared transactions (pid 0 in pg_blocking_pids) that
-- hold what it waits for. pg_stat_progress_create_index.current_locker_pid is no help: for a prepared transaction it names
-- whoever has the place of the session that prepared it. Such a transaction is known among the locks by that on its own number.
WITH blocking AS (
    SELECT DISTINCT unnest(pg_blocking_pids($1::int)) AS pid
), prepared AS (
    SELECT x.virtualtransaction, p.gid, p.owner, p.prepared
    FROM pg_prepared_xacts AS p
    JOIN pg_locks AS x ON x.locktype = 'transactionid' AND x.pid IS NULL AND x.transactionid = p.transaction
)
SELECT blocking.pid, '',
       coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''), coalesce(a.backend_type, ''),
       coalesce(a.state, ''), left(coalesce(a.query, ''), 4000), coalesce(a.wait_event_type || ':' || a.wait_event, ''),
       (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint,
       (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint,
       coalesce(a.query = '<insufficient privilege>', false), a.backend_start, a.xact_start,
       NOT EXISTS (SELECT
                   FROM pg_locks AS waiting
                   JOIN pg_locks AS held ON held.granted AND held.pid IN (SELECT m.pid FROM pg_stat_activity AS m
                                                                          WHERE a.pid IN (m.pid, m.leader_pid))
                        AND held.locktype = waiting.locktype
                        AND held.database IS NOT DISTINCT FROM waiting.database
                        AND held.relation IS NOT DISTINCT FROM waiting.relation
                        AND held.virtualxid IS NOT DISTINCT FROM waiting.virtualxid
                        AND held.transactionid::text IS NOT DISTINCT FROM waiting.transactionid::text
                        AND held.classid IS NOT DISTINCT FROM waiting.classid
                        AND held.objid IS NOT DISTINCT FROM waiting.objid
                        AND held.objsubid IS NOT DISTINCT FROM waiting.objsubid
                   WHERE waiting.pid = $1::int AND NOT waiting.granted)
FROM blocking
JOIN pg_stat_activity AS a ON a.pid = blocking.pid
UNION ALL
SELECT DISTINCT 0, p.gid, p.owner, '', '', 'prepared transaction', '', '', '',
       (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint, NULL::bigint, false, NULL::timestamptz, NULL::timestamptz, false
FROM pg_locks AS waiting
JOIN pg_locks AS held ON held.granted AND held.pid IS NULL
     AND held.locktype = waiting.locktype
     AND held.database IS NOT DISTINCT FROM waiting.database
     AND held.relation IS NOT DISTINCT FROM waiting.relation
     AND held.transactionid::text IS NOT DISTINCT FROM waiting.transactionid::text
     AND held.classid IS NOT DISTINCT FROM waiting.classid
     AND held.objid IS NOT DISTINCT FROM waiting.objid
     AND held.objsubid IS NOT DISTINCT FROM waiting.objsubid
JOIN prepared AS p ON p.virtualtransaction = held.virtualtransaction
WHERE waiting.pid = $1::int AND NOT waiting.granted AND EXISTS (SELECT FROM blocking WHERE blocking.pid = 0)
