-- Sets the search_path $1 under which names are resolved, the role $2 if there is one, and bounds what follows: pg_get_indexdef()
-- waits behind ACCESS EXCLUSIVE. Compiling these queries costs more than running them, and the planner, which cannot know how few names
-- a range holds, would read the whole of pg_class for them.
SELECT pg_catalog.set_config('lock_timeout', '2s', true),
       pg_catalog.set_config('statement_timeout', '30s', true),
       pg_catalog.set_config('jit', 'off', true),
       pg_catalog.set_config('enable_seqscan', 'off', true),
       CASE WHEN $2::pg_catalog.text OPERATOR(pg_catalog.<>) '' THEN pg_catalog.set_config('role', $2, true) END,
       pg_catalog.set_config('search_path', $1, true)
