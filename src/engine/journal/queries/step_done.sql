-- Becomes visible only with the step's own commit. No row is inserted for a run that somebody else has taken over.
INSERT INTO pgbelay.step (run, n, epoch, result, note)
SELECT r.id, $3, r.epoch, $4, $5 FROM pgbelay.run r WHERE r.id = $1 AND r.epoch = $2
