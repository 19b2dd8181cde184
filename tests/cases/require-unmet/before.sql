CREATE INDEX orders_customer_idx ON orders (customer_id);
-- As a concurrent build that was killed leaves it.
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_customer_idx'::regclass;
