DO $$
DECLARE
    old_columns CURSOR FOR
        SELECT attrelid::regclass AS of_table, attname, count(*) OVER () AS n FROM pg_attribute
        WHERE attrelid = 'settings'::regclass AND attname LIKE 'old\_%' AND NOT attisdropped ORDER BY attnum;
    counted integer := 0;
BEGIN
    FOR old_column IN old_columns LOOP
        counted := counted + 1;
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', old_column.of_table, old_column.attname);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', old_column.of_table, old_column.attname, 'one of ' || old_column.n);
    END LOOP;
END $$;
