CREATE TEMPORARY TABLE picked AS SELECT id FROM orders WHERE total > 100;
UPDATE orders SET note = 'big' WHERE id IN (SELECT id FROM picked);
