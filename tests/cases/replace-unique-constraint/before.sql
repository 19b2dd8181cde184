ALTER TABLE orders ADD CONSTRAINT orders_reference_key UNIQUE (reference);
COMMENT ON CONSTRAINT orders_reference_key ON orders IS 'one of a kind';
