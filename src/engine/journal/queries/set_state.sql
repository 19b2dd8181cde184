UPDATE pgbelay.run
   SET state = $3, error = NULLIF($4, ''), verified = $5::boolean,
       finished_at = CASE WHEN $3 IN ('running', 'paused', 'waiting') THEN NULL ELSE clock_timestamp() END
 WHERE id = $1 AND epoch = $2
