UPDATE pgbelay.step SET result = 'rolled_back' WHERE run = $1 AND n = ANY ($2::integer[])
