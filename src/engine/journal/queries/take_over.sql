-- Waits for the transaction of an orphan, which holds the row FOR SHARE.
UPDATE pgbelay.run SET epoch = epoch + 1, state = 'running', finished_at = NULL, error = NULL WHERE id = $1 RETURNING epoch
