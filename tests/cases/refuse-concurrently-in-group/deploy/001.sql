BEGIN;
ALTER TABLE orders ADD COLUMN region text;
CREATE INDEX CONCURRENTLY orders_customer_idx ON orders (customer_id);
COMMIT;
