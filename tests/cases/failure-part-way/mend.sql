UPDATE orders SET total = 2 WHERE total <= 1.5;
