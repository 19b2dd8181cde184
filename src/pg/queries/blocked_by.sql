-- Sessions that wait for one of $1. pg_locks.waitstart is there from version 14; before, the statement's start stands in.
SELECT count(*),
       coalesce((extract(epoch FROM max(clock_timestamp() - coalesce(waiter.since, a.query_start))) * 1000)::bigint, 0)
FROM (SELECT l.pid, min((to_jsonb(l) ->> 'waitstart')::timestamptz) AS since
      FROM pg_locks AS l
      WHERE NOT l.granted AND l.pid <> ALL ($1::int[])
      GROUP BY l.pid) AS waiter
LEFT JOIN pg_stat_activity AS a ON a.pid = waiter.pid
WHERE pg_blocking_pids(waiter.pid) && $1::int[]
