ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE);
INSERT INTO payments SELECT n, n FROM generate_series(1, 1200) n;
CREATE TABLE refunds (payment_id bigint NOT NULL REFERENCES payments ON DELETE CASCADE);
INSERT INTO refunds SELECT n FROM generate_series(1, 1200, 2) n;
