CREATE INDEX orders_open_idx ON orders (customer_id) WHERE status IN ('new', 'paid');
CREATE INDEX orders_total_idx ON orders (total);
