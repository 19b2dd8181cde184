-- Sessions of the whole server besides our own, and how many there may be. What kind of backend it is is hidden from some roles; only
-- clients and a few workers are connected to a database.
SELECT (SELECT count(*)
        FROM pg_stat_activity AS a
        WHERE a.datid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend' AND a.pid <> pg_backend_pid()),
       current_setting('max_connections')
