-- Fails (22012, a division by zero) when the run is somebody else's by now, so that nothing that follows in the same pipeline runs.
-- The row lock stands in a subquery of its own, as aggregates allow none beside them.
SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM (SELECT FROM pgbelay.run WHERE id = $1 AND epoch = $2 FOR SHARE) AS ours
