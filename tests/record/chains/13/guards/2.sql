-- Blocks that look into the system catalogs before they do anything.
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'accounts' AND column_name = 'name') THEN
        ALTER TABLE accounts ADD COLUMN name text;
    END IF;
END $$;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'payments_account_fk') THEN
        RAISE NOTICE 'there';
    ELSE
        ALTER TABLE payments ADD CONSTRAINT payments_account_fk FOREIGN KEY (account_id) REFERENCES accounts;
    END IF;
END $$;
DO $$
DECLARE
    there boolean := false;
    version integer;
BEGIN
    SELECT count(*) <> 0 INTO there FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = 'payments' AND column_name = 'amount';
    IF there THEN
        ALTER TABLE payments DROP COLUMN amount;
    END IF;
END $$;
DO $$ BEGIN
    IF to_regclass('public.no_such_table') IS NULL THEN
        RETURN;
    END IF;
    ALTER TABLE accounts ALTER COLUMN name TYPE varchar(10);
END $$;
DO $$ BEGIN
    IF current_setting('server_version_num')::integer < 100000 THEN
        LOCK TABLE accounts;
    ELSIF to_regclass('pg_catalog.pg_class') IS NULL THEN
        LOCK TABLE payments;
    ELSE
        LOCK TABLE payments IN SHARE MODE;
    END IF;
END $$;
ALTER TABLE accounts ADD COLUMN mail text;
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'accounts' AND column_name = 'phone') THEN
        ALTER TABLE accounts ADD COLUMN phone text;
    END IF;
END $$;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'payments' AND column_name = 'total') THEN
        ALTER TABLE payments RENAME COLUMN id TO total;
    END IF;
END $$;
ALTER TABLE payments ADD COLUMN IF NOT EXISTS id uuid DEFAULT gen_random_uuid();
