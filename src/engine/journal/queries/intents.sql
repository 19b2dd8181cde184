SELECT n, epoch, before FROM pgbelay.intent WHERE run = $1 ORDER BY n, epoch
