DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO app_user', current_database()); END $$;
CREATE SCHEMA app AUTHORIZATION app_user;
CREATE TABLE app.notes (id int PRIMARY KEY, padding text) WITH (fillfactor = 10);
INSERT INTO app.notes SELECT n, repeat('x', 900) FROM generate_series(1, 1200) n;
ALTER TABLE app.notes OWNER TO app_user;
