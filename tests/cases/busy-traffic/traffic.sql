BEGIN;
SELECT count(*) FROM orders WHERE total > 1700;
UPDATE orders SET note = note WHERE id = 5;
INSERT INTO customers (id, email) VALUES (-1, 'x');
DELETE FROM customers WHERE id = -1;
COMMIT;
