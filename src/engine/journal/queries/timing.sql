-- Evidence, not truth: the disk is not waited for.
WITH no_wait AS (SELECT pg_catalog.set_config('synchronous_commit', 'off', true))
INSERT INTO pgbelay.timing (run, n, epoch, result, note, tries, waited_ms, queued_ms, ran_ms, lock_held_ms, blocked_sessions, finished_at)
SELECT $1::bigint, t.n, $2::int, t.result, t.note, t.tries, t.waited, t.queued, t.ran, t.held, t.blocked,
       clock_timestamp() - make_interval(secs => t.ago / 1000.0)
  FROM no_wait, unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::int[],
                       $12::bigint[])
                AS t (n, result, note, tries, waited, queued, ran, held, blocked, ago)
