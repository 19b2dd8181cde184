INSERT INTO pgbelay.timing (run, n, epoch, result, note, tries, waited_ms, queued_ms, ran_ms, lock_held_ms, blocked_sessions)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
