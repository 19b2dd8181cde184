-- A walsender whose details are hidden from this role counts as a standby unless a logical slot is its own.
SELECT current_setting('server_version_num'),
       current_setting('server_version'),
       pg_is_in_recovery(),
       d.oid,
       d.datname,
       current_user,
       r.rolsuper,
       r.rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
       r.rolsuper OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE'),
       has_database_privilege(d.oid, 'CREATE'),
       has_database_privilege(d.oid, 'TEMPORARY'),
       (SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'),
       (SELECT count(*)
        FROM pg_stat_replication AS sender
        WHERE coalesce(sender.state, 'streaming') IN ('streaming', 'catchup')
          AND NOT EXISTS (SELECT FROM pg_replication_slots AS slot WHERE slot.active_pid = sender.pid AND slot.slot_type = 'logical')),
       EXISTS (SELECT FROM pg_replication_slots WHERE slot_type = 'logical' AND database = d.datname),
       pg_encoding_to_char(d.encoding),
       coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'socket')
FROM pg_database AS d
JOIN pg_roles AS r ON r.rolname = current_user
WHERE d.datname = current_database()
