ALTER TABLE countries ADD COLUMN region text;
UPDATE orders SET total = total + 1 WHERE id <= 3;
