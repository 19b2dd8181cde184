ALTER TABLE orders ADD CONSTRAINT orders_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE RESTRICT DEFERRABLE;
ALTER TABLE orders ADD CONSTRAINT orders_reference_key UNIQUE (reference) WITH (fillfactor = 60);
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total > 0) NOT VALID;
COMMENT ON CONSTRAINT orders_customer_fk ON orders IS 'everybody is somebody';
