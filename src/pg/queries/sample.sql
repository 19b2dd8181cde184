-- One look at the database for the guard; $1: our own backends. What is hidden from this role is NULL, never 0.
WITH database AS (
    SELECT oid FROM pg_database WHERE datname = current_database()
), rights AS (
    SELECT rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all FROM pg_roles WHERE rolname = current_user
), others AS (
    SELECT a.* FROM pg_stat_activity AS a, database WHERE a.datid = database.oid AND a.pid <> ALL ($1::int[])
), waiting AS (
    SELECT DISTINCT l.pid FROM pg_locks AS l JOIN others ON others.pid = l.pid WHERE NOT l.granted
), standbys AS (
    SELECT coalesce(sender.replay_lag, interval '0') AS lag,
           CASE WHEN NOT pg_is_in_recovery() THEN greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), sender.replay_lsn), 0) END AS bytes
    FROM pg_stat_replication AS sender
    WHERE sender.state IN ('streaming', 'catchup')
      AND NOT EXISTS (SELECT FROM pg_replication_slots AS slot WHERE slot.active_pid = sender.pid AND slot.slot_type = 'logical')
)
SELECT (SELECT count(*) FROM waiting),
       (SELECT count(*) FROM waiting WHERE pg_blocking_pids(waiting.pid) && $1::int[]),
       (SELECT count(*) FROM others WHERE state = 'active' AND backend_type = 'client backend'),
       (SELECT (extract(epoch FROM max(clock_timestamp() - xact_start)) * 1000)::bigint FROM others WHERE backend_type = 'client backend'),
       (SELECT (extract(epoch FROM max(lag)) * 1000)::bigint FROM standbys),
       stats.xact_rollback,
       stats.deadlocks,
       NOT rights.sees_all,
       (SELECT max(bytes)::bigint FROM standbys)
FROM pg_stat_database AS stats, database, rights
WHERE stats.datid = database.oid
