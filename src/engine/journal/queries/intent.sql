-- Written again when a step finds that there is more to do than it thought.
INSERT INTO pgbelay.intent (run, n, epoch, before)
SELECT r.id, $3, r.epoch, $4 FROM pgbelay.run r WHERE r.id = $1 AND r.epoch = $2
ON CONFLICT (run, n, epoch) DO UPDATE SET before = EXCLUDED.before
