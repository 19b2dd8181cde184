SELECT n, kind, name, content, at::timestamptz(0)::text FROM pgbelay.evidence WHERE run = $1 ORDER BY n, at, kind, name
