SELECT 1 FROM pgbelay.run WHERE id = $1 AND epoch = $2 FOR SHARE
