CREATE UNIQUE INDEX orders_reference_key ON orders (reference);
