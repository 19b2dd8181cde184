WITH put AS (
    INSERT INTO pgbelay.control (run, request, by) VALUES ($1, $2, $3)
    ON CONFLICT (run) DO UPDATE SET request = EXCLUDED.request, by = EXCLUDED.by, at = clock_timestamp()
    RETURNING run, request
)
SELECT pg_notify('pgbelay_control', put.run || ' ' || put.request) FROM put
