ALTER TABLE orders DROP CONSTRAINT orders_customer_fk, DROP CONSTRAINT orders_reference_key;
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_total_positive;
