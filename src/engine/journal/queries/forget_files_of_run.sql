DELETE FROM pgbelay.file WHERE run = $1
