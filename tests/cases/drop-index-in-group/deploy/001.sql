BEGIN;
ALTER TABLE orders ADD COLUMN region text;
DROP INDEX orders_customer_idx;
COMMIT;
