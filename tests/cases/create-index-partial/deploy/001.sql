CREATE INDEX orders_open_idx ON orders (customer_id) INCLUDE (total) WITH (fillfactor = 70) WHERE status IN ('new', 'paid');
