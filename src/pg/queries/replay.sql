-- Whether the log has been replayed up to $1 here; a primary has nothing to replay.
SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= $1::pg_lsn, pg_is_in_recovery() AND pg_is_wal_replay_paused(),
       pg_last_wal_receive_lsn() >= $1::pg_lsn
