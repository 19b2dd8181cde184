BEGIN;
ALTER TABLE orders ADD COLUMN region text;
CREATE INDEX orders_region_idx ON orders (customer_id);
COMMIT;
ALTER TABLE orders ADD CHECK (total > 0);
