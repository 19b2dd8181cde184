SELECT pg_catalog.current_setting('search_path'), pg_catalog.pg_backend_pid(), pg_catalog.pg_postmaster_start_time()
