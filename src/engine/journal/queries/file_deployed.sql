INSERT INTO pgbelay.file (key, digest, text, how, run) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (key) DO UPDATE SET digest = EXCLUDED.digest, text = EXCLUDED.text, how = EXCLUDED.how, run = EXCLUDED.run,
                                deployed_at = clock_timestamp()
