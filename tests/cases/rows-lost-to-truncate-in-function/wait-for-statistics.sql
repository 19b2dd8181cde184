-- Up to version 14 a collector of its own gets to know of rows some time after their transaction.
DO $$
BEGIN
    FOR try IN 1..300 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN pg_stat_get_live_tuples('history'::regclass) = 200;
        PERFORM pg_sleep(0.05);
    END LOOP;
END
$$;
