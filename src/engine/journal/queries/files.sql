SELECT key, digest, text, how, deployed_at::timestamptz(0)::text FROM pgbelay.file WHERE key = ANY ($1::text[])
