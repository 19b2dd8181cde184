-- Becomes visible only with the step's own commit. For a run that somebody else has taken over there is no epoch to write, and the
-- INSERT fails (23502): nothing that follows in the same pipeline runs. The row lock lets a take-over wait for us.
INSERT INTO pgbelay.step (run, n, epoch, result, note)
VALUES ($1, $3, (SELECT epoch FROM pgbelay.run WHERE id = $1 AND epoch = $2 FOR SHARE), $4, $5)
