ALTER TABLE orders ADD COLUMN region text;
CREATE INDEX orders_customer_idx ON orders (customer_id);
