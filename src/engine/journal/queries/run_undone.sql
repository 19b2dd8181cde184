UPDATE pgbelay.run SET state = 'rolled_back', finished_at = clock_timestamp() WHERE id = $1
