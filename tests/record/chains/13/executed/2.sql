-- Blocks that put statements together from what stands in the system catalogs: a file each, since what one changes may be what the next looks at.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'entries%' ORDER BY tablename LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN note text', one.tablename);
    END LOOP;
END $$;
