-- pgbelay: when SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'customer_id')
CREATE INDEX orders_customer_idx ON orders (customer_id);

-- pgbelay: when SELECT to_regclass('refunds') IS NOT NULL
CREATE INDEX orders_reference_idx ON orders (reference);
