-- migrate:up
ALTER TABLE depots ADD COLUMN name text;
ALTER TABLE orders ADD COLUMN depot_id int;

-- migrate:down
ALTER TABLE orders DROP COLUMN depot_id;
ALTER TABLE depots DROP COLUMN name;
