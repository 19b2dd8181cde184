SELECT samples, maxima FROM pgbelay.guard WHERE run = $1
