ALTER TABLE orders ADD COLUMN region text;
ALTER TABLE ordres ADD COLUMN depot text;
