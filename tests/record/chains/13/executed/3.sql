-- Whatever changes anything before would leave these unasked: a file each.
DO $$
DECLARE
    name text;
    kind "char";
BEGIN
    FOREACH name IN ARRAY ARRAY['accounts', 'account_names', 'no_such_table'] LOOP
        SELECT relkind INTO kind FROM pg_class WHERE relname = name;
        CONTINUE WHEN kind IS NULL;
        IF kind = 'v' THEN
            EXECUTE 'DROP VIEW ' || name;
        ELSE
            EXECUTE 'LOCK TABLE ' || name || ' IN SHARE MODE';
        END IF;
    END LOOP;
END $$;
