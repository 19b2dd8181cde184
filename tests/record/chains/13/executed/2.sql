-- Blocks that put statements together from what stands in the system catalogs.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'entries%' ORDER BY tablename LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN note text', one.tablename);
    END LOOP;
END $$;
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
DO $$
DECLARE
    found_check record;
    command text;
BEGIN
    SELECT * INTO found_check FROM pg_constraint WHERE conrelid = 'accounts'::regclass AND contype = 'c';
    command := format('ALTER TABLE %s DROP CONSTRAINT %I', found_check.conrelid::regclass, found_check.conname);
    EXECUTE command;
END $$;
-- Another time there is none.
DO $$
DECLARE
    key_name text := (SELECT conname FROM pg_constraint WHERE conrelid = 'empty_one'::regclass AND contype = 'f');
BEGIN
    IF key_name IS NOT NULL THEN
        EXECUTE format('ALTER TABLE empty_one DROP CONSTRAINT %I', key_name);
    END IF;
END $$;
DO $$
DECLARE
    day date;
BEGIN
    FOR i IN 0..2 LOOP
        day := date '2026-01-01' + i;
        EXECUTE format('CREATE TABLE %I PARTITION OF log FOR VALUES FROM (%L) TO (%L)', 'log_' || to_char(day, 'YYYY_MM_DD'), day, day + 1);
    END LOOP;
    FOR i IN REVERSE 3..0 LOOP
        EXECUTE 'CREATE TABLE parts_' || i || ' PARTITION OF parts FOR VALUES WITH (MODULUS 4, REMAINDER ' || i || ')';
    END LOOP;
END $$;
