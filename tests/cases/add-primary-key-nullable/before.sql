CREATE TABLE lines (order_id bigint, position int, note text, padding text) WITH (fillfactor = 10);
INSERT INTO lines SELECT n, 1, NULL, repeat('x', 900) FROM generate_series(1, 1200) n;
