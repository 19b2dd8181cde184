UPDATE pgbelay.debt SET settled_at = clock_timestamp() WHERE id = $1
