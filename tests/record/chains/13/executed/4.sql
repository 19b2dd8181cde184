DO $$
DECLARE
    found_check record;
    command text;
BEGIN
    SELECT * INTO found_check FROM pg_constraint WHERE conrelid = 'accounts'::regclass AND contype = 'c';
    command := format('ALTER TABLE %s DROP CONSTRAINT %I', found_check.conrelid::regclass, found_check.conname);
    EXECUTE command;
END $$;
