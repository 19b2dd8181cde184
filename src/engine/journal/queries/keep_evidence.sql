-- By the step's own transaction. Nothing is written for a run that somebody else has taken over.
INSERT INTO pgbelay.evidence (run, epoch, n, kind, name, content)
SELECT r.id, r.epoch, $3::integer, $4, $5, $6 FROM pgbelay.run r WHERE r.id = $1 AND r.epoch = $2
ON CONFLICT (run, n, kind, name) DO UPDATE SET epoch = EXCLUDED.epoch, content = EXCLUDED.content, at = clock_timestamp()
