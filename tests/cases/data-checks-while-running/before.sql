UPDATE orders SET reference = 'R40' WHERE id IN (41, 42);
UPDATE orders SET status = NULL WHERE id = 7;
