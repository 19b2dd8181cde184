-- Who holds, or waits for, a lock on relation $1[i] in mode $2[i]; $3: our own backends. A parallel worker is its leader; a
-- prepared transaction has no backend at all, and is known among the locks by that on its own number.
WITH wanted AS (
    SELECT * FROM unnest($1::oid[], $2::text[]) AS w (relation, mode)
), held AS (
    SELECT l.relation, l.mode, l.granted, l.pid, l.virtualtransaction
    FROM pg_locks AS l
    JOIN wanted AS w ON w.relation = l.relation AND w.mode = l.mode
    WHERE l.locktype = 'relation'
      AND l.database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
), prepared AS (
    SELECT x.virtualtransaction, p.gid, p.owner, p.prepared
    FROM pg_prepared_xacts AS p
    JOIN pg_locks AS x ON x.locktype = 'transactionid' AND x.pid IS NULL AND x.transactionid = p.transaction
)
SELECT held.relation, held.mode, held.granted, coalesce(worker.leader_pid, held.pid), '',
       coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(host(a.client_addr), ''), coalesce(a.backend_type, ''),
       coalesce(a.state, ''), left(coalesce(a.query, ''), 4000), coalesce(a.wait_event_type || ':' || a.wait_event, ''),
       (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint,
       (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint,
       coalesce(a.query = '<insufficient privilege>', false), a.backend_start, a.xact_start
FROM held
LEFT JOIN pg_stat_activity AS worker ON worker.pid = held.pid
LEFT JOIN pg_stat_activity AS a ON a.pid = coalesce(worker.leader_pid, held.pid)
WHERE held.pid IS NOT NULL AND coalesce(worker.leader_pid, held.pid) <> ALL ($3::int[])
UNION ALL
SELECT held.relation, held.mode, held.granted, 0, p.gid, p.owner, '', '', 'prepared transaction', '', '', '',
       (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint, NULL, false, NULL::timestamptz, NULL::timestamptz
FROM held
JOIN prepared AS p ON p.virtualtransaction = held.virtualtransaction
WHERE held.pid IS NULL
