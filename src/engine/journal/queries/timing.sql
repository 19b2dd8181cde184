-- Evidence, not truth: the disk is not waited for.
WITH no_wait AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true))
INSERT INTO pgbelay.timing (run, n, epoch, result, note, tries, waited_ms, queued_ms, ran_ms, lock_held_ms, blocked_sessions)
SELECT $1::bigint, $2::int, $3::int, $4::text, $5::text, $6::int, $7::bigint, $8::bigint, $9::bigint, $10::bigint, $11::int FROM no_wait
