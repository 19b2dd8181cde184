-- Of this database, older than $1 milliseconds, the oldest first.
SELECT p.gid, p.owner, (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint
FROM pg_prepared_xacts AS p
WHERE p.database = current_database() AND clock_timestamp() - p.prepared > $1::bigint * interval '1 millisecond'
ORDER BY 3 DESC
