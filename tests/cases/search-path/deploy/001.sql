SET search_path TO app, public;
CREATE TABLE notes (id int PRIMARY KEY, order_id bigint REFERENCES orders (id));
ALTER TABLE items ADD COLUMN note text;
RESET search_path;
ALTER TABLE countries ADD COLUMN continent text;
