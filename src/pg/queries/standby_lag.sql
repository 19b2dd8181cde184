-- How far each physical standby is behind in replay, in milliseconds; one that has had nothing to replay lately is not behind.
SELECT coalesce(nullif(sender.application_name, ''), host(sender.client_addr), sender.pid::text),
       (extract(epoch FROM coalesce(sender.replay_lag, interval '0')) * 1000)::bigint
FROM pg_stat_replication AS sender
WHERE sender.state IN ('streaming', 'catchup')
  AND NOT EXISTS (SELECT FROM pg_replication_slots AS slot WHERE slot.active_pid = sender.pid AND slot.slot_type = 'logical')
ORDER BY 2 DESC
