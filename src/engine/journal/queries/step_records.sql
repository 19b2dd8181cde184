WITH t AS (
    SELECT n, max(tries) AS tries, sum(waited_ms) AS waited, max(queued_ms) AS queued, sum(ran_ms) AS ran, max(lock_held_ms) AS held,
           max(blocked_sessions) AS blocked, min(finished_at - make_interval(secs => (waited_ms + ran_ms) / 1000.0)) AS started,
           max(finished_at) AS finished, (array_agg(result ORDER BY finished_at DESC))[1] AS result,
           (array_agg(note ORDER BY finished_at DESC))[1] AS note
      FROM pgbelay.timing WHERE run = $1 GROUP BY n
)
SELECT n, COALESCE(s.result, t.result, CASE WHEN i.n IS NOT NULL THEN 'intent' END, ''),
       COALESCE(t.started::timestamptz(3)::text, ''), COALESCE(t.finished::timestamptz(3)::text, s.at::timestamptz(3)::text, ''),
       COALESCE(t.tries, 0), COALESCE(t.waited, 0), COALESCE(t.queued, 0), COALESCE(t.ran, 0), COALESCE(t.held, 0),
       COALESCE(t.blocked, 0), COALESCE(NULLIF(s.note, ''), t.note, '')
  FROM (SELECT n, result, note, at FROM pgbelay.step WHERE run = $1) s
  FULL JOIN t USING (n)
  FULL JOIN (SELECT DISTINCT n FROM pgbelay.intent WHERE run = $1) i USING (n)
 ORDER BY n
