ALTER TABLE orders ADD COLUMN region varchar(40);
