SELECT n, action, pid, session, at::timestamptz(3)::text FROM pgbelay.signal WHERE run = $1 ORDER BY at
