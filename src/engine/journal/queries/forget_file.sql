DELETE FROM pgbelay.file WHERE key = $1
