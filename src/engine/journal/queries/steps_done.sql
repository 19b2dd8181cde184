SELECT n, result, note FROM pgbelay.step WHERE run = $1 ORDER BY n
