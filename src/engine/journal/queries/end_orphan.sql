-- Only if it is idle by now, too. In a transaction a living process is never silent for so long.
SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity
 WHERE pid = $1
   AND (state = 'idle' OR (state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '5 seconds'))
