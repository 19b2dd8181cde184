CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE TABLE app.items (id int PRIMARY KEY, padding text) WITH (fillfactor = 10);
INSERT INTO app.items SELECT n, repeat('x', 900) FROM generate_series(1, 1200) n;
ALTER TABLE app.items OWNER TO app_owner;
