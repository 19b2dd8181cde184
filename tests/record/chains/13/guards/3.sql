-- FOUND, and what is behind RETURN and RAISE EXCEPTION.
DO $$ BEGIN
    PERFORM 1 FROM pg_class WHERE relname = 'nowhere';
    IF NOT FOUND THEN
        LOCK TABLE payments IN SHARE MODE;
        RETURN;
    END IF;
    ALTER TABLE payments ADD COLUMN later integer;
END $$;
DO $$ BEGIN
    IF to_regclass('public.accounts') IS NULL THEN
        RAISE EXCEPTION 'there are no accounts';
    END IF;
    LOCK TABLE accounts IN SHARE MODE;
    RETURN;
    LOCK TABLE accounts;
END $$;
