DO $$
DECLARE
    key_name text := (SELECT conname FROM pg_constraint WHERE conrelid = 'empty_one'::regclass AND contype = 'f');
BEGIN
    IF key_name IS NOT NULL THEN
        EXECUTE format('ALTER TABLE empty_one DROP CONSTRAINT %I', key_name);
    END IF;
END $$;
