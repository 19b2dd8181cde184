-- Blocks that look at rows, and one that asks after what the plan has changed before.
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM accounts WHERE name = 'nobody') THEN
        ALTER TABLE payments ADD COLUMN note text;
    ELSE
        LOCK TABLE payments IN SHARE MODE;
    END IF;
END $$;
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT id, name FROM accounts WHERE name IS NOT NULL LOOP
        EXECUTE format('CREATE TABLE payments_of_%s () INHERITS (payments)', one.name);
    END LOOP;
END $$;
INSERT INTO accounts (id, name) VALUES (2, 'nobody');
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM accounts WHERE name = 'nobody') THEN
        ALTER TABLE payments ADD COLUMN note text;
    END IF;
END $$;
