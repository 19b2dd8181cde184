-- What this session has done to rows and not yet reported, failed tries included: what a step does is counted from there.
SELECT pg_catalog.set_config('pgbelay.rows_before', COALESCE((
    SELECT pg_catalog.json_object_agg(c.oid, pg_catalog.json_build_array(pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid),
                                                                         pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)))
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind = 'r' AND c.oid >= 16384
      AND (pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) > 0 OR pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) > 0)), '{}')::text, true)
