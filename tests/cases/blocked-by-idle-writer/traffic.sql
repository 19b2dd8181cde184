SELECT total FROM orders WHERE id = 5;
UPDATE orders SET note = note WHERE id = 5;
