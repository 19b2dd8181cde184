INSERT INTO pgbelay.intent (run, n, epoch, before)
SELECT r.id, $3, r.epoch, $4 FROM pgbelay.run r WHERE r.id = $1 AND r.epoch = $2
