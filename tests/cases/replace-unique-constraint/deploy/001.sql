BEGIN;
ALTER TABLE orders DROP CONSTRAINT orders_reference_key;
ALTER TABLE orders ADD CONSTRAINT orders_reference_key UNIQUE (reference, customer_id);
COMMIT;
