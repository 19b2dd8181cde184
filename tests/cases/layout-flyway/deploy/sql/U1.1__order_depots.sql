DROP INDEX orders_depot_idx;
ALTER TABLE orders DROP COLUMN depot_id;
