-- The tablespace that a new relation goes to ($1: as named in the statement; '': default_tablespace, else the database's), and its directory
-- on the server, as far as this role may know it.
WITH chosen AS (
    SELECT t.oid, t.spcname
    FROM pg_tablespace AS t
    WHERE t.spcname = coalesce(nullif($1::text, ''), nullif(current_setting('default_tablespace'), ''),
                               (SELECT d.spcname FROM pg_tablespace AS d JOIN pg_database AS b ON b.dattablespace = d.oid
                                WHERE b.datname = current_database()))
)
SELECT chosen.spcname, coalesce(nullif(pg_tablespace_location(chosen.oid), ''), current_setting('data_directory', true))
FROM chosen
