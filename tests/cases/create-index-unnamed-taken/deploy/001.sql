CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (customer_id, status);
CREATE INDEX ON orders (customer_id);
ALTER TABLE orders ADD UNIQUE (reference);
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
