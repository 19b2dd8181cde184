ALTER TABLE orders ADD COLUMN region text;

ALTER TABLE orders ADD COLUMN depot txt DEFAULT;
