DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO app_user', current_database()); END $$;
CREATE SCHEMA app AUTHORIZATION app_user;
