ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total > 0);
ALTER TABLE orders ADD COLUMN region text;
CREATE INDEX orders_customer_idx ON orders (customer_id);
ALTER TABLE orders ALTER COLUMN status SET NOT NULL;
