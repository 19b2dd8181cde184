-- The unfinished run, else the latest.
SELECT id FROM pgbelay.run
 ORDER BY state IN ('running', 'paused', 'stopped', 'interrupted') DESC, id DESC LIMIT 1
