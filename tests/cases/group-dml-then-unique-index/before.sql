UPDATE orders SET reference = 'R40' WHERE id IN (41, 42);
