CREATE INDEX orders_open_idx ON orders (customer_id) WHERE status = ANY (ARRAY['new', 'paid']);
