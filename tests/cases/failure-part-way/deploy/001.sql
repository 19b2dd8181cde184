ALTER TABLE orders ADD COLUMN region text;
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total > 1.5);
CREATE INDEX orders_customer_idx ON orders (customer_id);
