-- What a block did counts for what follows.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT relname FROM pg_class WHERE relname IN ('empty_one', 'settings') AND relkind = 'r' ORDER BY relname LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', one.relname, one.relname || '_2');
    END LOOP;
END $$;
ALTER TABLE empty_one_2 ALTER COLUMN flag TYPE integer USING flag::integer;
ALTER TABLE settings_2 ALTER COLUMN old_mode TYPE varchar(10);
