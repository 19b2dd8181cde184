-- Waits for the transaction of an orphan, which holds the row FOR SHARE. $2: the epoch that we had; the row's may be an older one
-- where a failover lost the last take-over.
UPDATE pgbelay.run
   SET epoch = GREATEST(epoch, $2) + 1, incarnation = $3, state = 'running', finished_at = NULL, error = NULL
 WHERE id = $1
RETURNING epoch
