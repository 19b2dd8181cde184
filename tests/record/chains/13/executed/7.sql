DO $$
DECLARE
    one record;
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['entries', 'settings', 'no_such_table'] LOOP
        CONTINUE WHEN name = 'no_such_table';
        IF length(name) = 8 THEN
            EXECUTE 'LOCK TABLE ' || name || ' IN SHARE MODE';
        END IF;
    END LOOP;
    FOR one IN SELECT relname, relkind FROM pg_class WHERE relname IN ('accounts', 'account_names') ORDER BY relname LOOP
        IF one.relkind = 'v' THEN
            EXECUTE 'DROP VIEW ' || one.relname;
        ELSE
            EXECUTE 'LOCK TABLE ' || one.relname || ' IN SHARE MODE';
        END IF;
    END LOOP;
END $$;
