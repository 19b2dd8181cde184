INSERT INTO pgbelay.guard (run, epoch, samples, maxima) VALUES ($1, $2, $3, $4)
ON CONFLICT (run, epoch) DO UPDATE SET samples = EXCLUDED.samples, maxima = EXCLUDED.maxima
