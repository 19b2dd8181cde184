DO $$
DECLARE
    key_name text;
BEGIN
    SELECT conname INTO key_name FROM pg_constraint
    WHERE conrelid = 'entries'::regclass AND contype = 'f' AND confrelid = 'accounts'::regclass;
    IF key_name IS NOT NULL THEN
        EXECUTE 'ALTER TABLE entries DROP CONSTRAINT ' || quote_ident(key_name);
    END IF;
END $$;
