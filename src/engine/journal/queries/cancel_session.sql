-- Cancels what session $4 runs, if it is the one that was seen, begun at $5, still in the transaction begun at $6; and writes it down: no
-- signal without a row, no row without a signal. Where nothing runs a cancel does nothing.
WITH seen AS MATERIALIZED (
    SELECT a.pid, a.xact_start
    FROM pg_stat_activity AS a
    WHERE a.pid = $4::int AND a.backend_start = $5::timestamptz AND a.xact_start = $6::timestamptz
      AND a.state IN ('active', 'fastpath function call')
), told AS MATERIALIZED (
    SELECT pg_cancel_backend(seen.pid) AS sent, seen.xact_start FROM seen
)
INSERT INTO pgbelay.signal (run, epoch, n, action, pid, session, transaction_started_at)
SELECT $1::bigint, $2::int, $3::int, 'cancel', $4::int, $7, told.xact_start FROM told WHERE told.sent
