ALTER TABLE orders ADD COLUMN depot_id int;
CREATE INDEX orders_depot_idx ON orders (depot_id);
