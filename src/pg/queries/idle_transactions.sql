-- Sessions of this database that have been idle in their transaction for longer than $1 milliseconds, the longest first.
SELECT a.pid, a.usename, a.application_name, (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND a.state LIKE 'idle in transaction%'
  AND clock_timestamp() - a.state_change > $1::bigint * interval '1 millisecond'
ORDER BY 4 DESC
