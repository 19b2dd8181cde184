UPDATE orders SET total = -5 WHERE id = 17;
